"""What moving objects between two repositories means, whoever does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from claif_git.git.kinds import Oid
from claif_git.git.transport.address import Address
from claif_git.git.transport.limits import Limits

if TYPE_CHECKING:
    from claif_git.git.repository import Repository
    from claif_git.git.transport.quarantine import Quarantine

Progress: TypeAlias = Callable[[str], None]
"""Told, now and then, in a line what a long transfer is at."""


class RefUpdate(NamedTuple):
    """One ref to move at a remote. `old` is where it was seen (None: nowhere); `new` None deletes it."""

    name: str
    old: Oid | None
    new: Oid | None


class PushResult(NamedTuple):
    """What became of one update. `moved`: somebody else moved the ref meanwhile, so it was left alone."""

    done: bool
    moved: bool = False
    reason: str = ""


def with_reasons(result: PushResult, said: str) -> PushResult:
    """Add what a host itself said to what it refused; what others moved first needs no reason."""
    if result.done or result.moved or not said:
        return result
    return result._replace(reason=f"{result.reason}: {said}")


class Transport(Protocol):
    """Talks to remotes.

    Each method raises RemoteError, one line without credentials, if the remote is out of reach, refuses, or sends
    rubbish.
    """

    name: str

    def refs(self, repo: Repository, address: Address, limits: Limits) -> dict[str, Oid]:
        """Give the refs that the remote shows, by full name; HEAD and what tags peel to are left out."""

    def fetch(
        self,
        quarantine: Quarantine,
        address: Address,
        names: Sequence[str],
        limits: Limits,
        progress: Progress | None = None,
        shown: Mapping[str, Oid] | None = None,
    ) -> dict[str, Oid]:
        """Bring these refs' objects into quarantine, and give where each ref stood when that was done.

        `shown` says where refs were seen, for a transport to which many are less by that than by name: then they
        are taken to stand there still.
        """

    def push(
        self, repo: Repository, address: Address, updates: Iterable[RefUpdate], progress: Progress | None = None
    ) -> dict[str, PushResult]:
        """Send what the updates need, and move the refs, each by compare-and-swap and never but forward."""
