"""What a session's history has beyond a commit that the index has seen, where that is nothing but messages."""

from __future__ import annotations

from claif_git.errors import StoreError
from claif_git.git import Repository
from claif_git.history.growth import grown
from claif_git.history.snapshot import Snapshot, folder_at

LONGEST_CHAIN = 64
"""Commits that are looked at one by one to say which added what."""


def opened(repo: Repository, session_id: str, commit: str) -> Snapshot:
    """Give a session as it stands at a commit. StoreError."""
    read = repo.read_commit(commit)
    return Snapshot(repo, session_id, commit, folder_at(repo, read.tree), read.commit_time)


def earlier(repo: Repository, session_id: str, commit: str, tip: str) -> Snapshot | None:
    """Give a session at a commit that the index has seen, if that is still there and `tip` came after it."""
    try:
        return opened(repo, session_id, commit) if repo.is_ancestor(commit, tip) else None
    except StoreError:
        return None


def added_by(repo: Repository, before: str, after: str) -> dict[str, str]:
    """Say which commit added which message (by path), from one commit to a later one.

    Empty where history between the two is no line of at most LONGEST_CHAIN commits that only added messages.
    """
    found: dict[str, str] = {}
    oid = after
    try:
        for _ in range(LONGEST_CHAIN):
            commit = repo.read_commit(oid)
            if len(commit.parents) != 1:
                return {}
            parent = repo.read_commit(commit.parents[0])
            new = grown(folder_at(repo, parent.tree), folder_at(repo, commit.tree))
            if new is None:
                return {}
            found.update((entry.path, oid) for entry in new)
            oid = commit.parents[0]
            if oid == before:
                return found
    except StoreError:  # a shallow clone, or damage above: nothing that a reader of the tip has to know
        return {}
    return {}
