"""Moving a session's ref: build on the tip, write the objects, swap the ref; after a lost race, on the new tip."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from claif_git.errors import ConcurrentUpdateError
from claif_git.git import Repository
from claif_git.git.trees import Add

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
                if turn.publish(ref, tip, new):
                    break
        else:
            raise ConcurrentUpdateError(f"{ref} kept moving under us")
    turn.settle()  # whoever is next in the queue need not wait for it: what it syncs holds this as well
    return new, True
