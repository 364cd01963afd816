"""Moving a session's ref: build on the tip, write the objects, swap the ref; after a lost race, on the new tip."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from claif_git.errors import ConcurrentUpdateError, StoreError
from claif_git.git import Oid, Repository
from claif_git.git.kinds import parents_in
from claif_git.git.trees import Add
from claif_git.git.turns import Turn

Act: TypeAlias = Callable[[str | None, Add], str | None]
"""Builds the next commit on a tip (None: no such ref) and gives its id; None or the tip for «nothing to do»."""

TRIES = 20
"""Writers of ours queue, so a swap is lost only to a foreign one (git, an older version): never many times in a row."""


def transact(
    repo: Repository, ref: str, act: Act, *, durable: bool = True, wait: float = 10.0
) -> tuple[str | None, bool]:
    """Move `ref` to what `act` builds; give the tip in the end, and whether this moved it.

    `durable`: when this returns, the objects and the ref survive a power cut. ConcurrentUpdateError if others held the
    session for `wait` seconds, or moved it TRIES times; nothing is half done then.
    """
    with repo.queue(ref, timeout=wait), repo.shared():
        for _ in range(TRIES):
            tip = repo.ref(ref)
            with repo.turn(durable=durable) as turn:
                new = act(tip, turn.add)
                if new is None or new == tip:
                    return tip, False
                _check_there(repo, turn, tip, new)
                if turn.publish(ref, tip, new):
                    break
        else:
            raise ConcurrentUpdateError(f"{ref} kept moving under us")
    turn.settle()  # whoever is next in the queue need not wait for it: what it syncs holds this as well
    return new, True


def _check_there(repo: Repository, turn: Turn, tip: Oid | None, new: Oid) -> None:
    """Make sure that what a commit builds on is there still: it may have been read before the store's lock was taken.

    StoreError if a purge elsewhere has removed it since.
    """
    taken = turn.read(new)
    for oid in (new,) if taken is None else parents_in(taken[1]):
        if oid != tip and turn.read(oid) is None and not repo.has_still(oid):
            raise StoreError(
                f"commit {oid} was removed from the store meanwhile", hint="nothing was written: try again"
            )
