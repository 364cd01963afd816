"""Exchanging sessions with other repositories: fetch, pull, push."""

from __future__ import annotations

from claif_git.sync.local import Local
from claif_git.sync.pulling import fetch, pull
from claif_git.sync.pushing import push
from claif_git.sync.remotes import add_remote, remote_address, remotes, remove_remote
from claif_git.sync.report import Outcome, SessionReport, SyncReport
from claif_git.sync.seen import last_seen
from claif_git.sync.standing import Standing, State, standings

__all__ = [
    "Local",
    "Outcome",
    "SessionReport",
    "Standing",
    "State",
    "SyncReport",
    "add_remote",
    "fetch",
    "last_seen",
    "pull",
    "push",
    "remote_address",
    "remotes",
    "remove_remote",
    "standings",
]
