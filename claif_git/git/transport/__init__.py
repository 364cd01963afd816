"""Moving objects between repositories: by the git command where there is one, else by dulwich."""

from __future__ import annotations

from claif_git.git.command import git_version
from claif_git.git.transport.address import Address, parse_address, redact, redact_typed
from claif_git.git.transport.interface import Progress, PushResult, RefUpdate, Transport
from claif_git.git.transport.limits import Limits
from claif_git.git.transport.process import printable
from claif_git.git.transport.quarantine import Quarantine, quarantine
from claif_git.git.transport.with_dulwich import DulwichTransport
from claif_git.git.transport.with_git import NEEDS, GitTransport

__all__ = [
    "Address",
    "DulwichTransport",
    "GitTransport",
    "Limits",
    "Progress",
    "PushResult",
    "Quarantine",
    "RefUpdate",
    "Transport",
    "parse_address",
    "printable",
    "quarantine",
    "redact",
    "redact_typed",
    "transport",
]


def transport() -> Transport:
    """Give what talks to remotes on this machine."""
    return GitTransport() if git_version() >= NEEDS else DulwichTransport()
