"""Many turns as one pack: objects go into it as they come, refs move once it is in place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeAlias

from claif_git.errors import ClaifGitError, ConcurrentUpdateError
from claif_git.git import ObjectWriter, Repository
from claif_git.git.trees import Add
from claif_git.history.transact import Act, transact

Unite: TypeAlias = Callable[[str, str, str, Add], str]
"""Merges two tips of a session: (session id, ours, theirs, add) to the merge commit."""


class Batch:
    """What is written but not yet in place. After `finish` it can be written to again, as a new pack."""

    def __init__(self, repo: Repository, unite: Unite, *, durable: bool) -> None:
        self._repo, self._unite, self._durable = repo, unite, durable
        self._writer: ObjectWriter | None = None
        self._open = ExitStack()
        self._moves: dict[str, tuple[str, str | None, str]] = {}

    @property
    def is_dirty(self) -> bool:
        """Whether anything waits to be put in place."""
        return self._writer is not None

    def holds(self, ref: str) -> bool:
        """Whether this batch has moved `ref`, and not put that in place yet."""
        return ref in self._moves

    def transact(self, session_id: str, ref: str, act: Act) -> None:
        """Build the next commit of `ref` on what this batch made of it so far."""
        if self._writer is None:
            self._writer = self._open.enter_context(self._repo.pack_writer(durable=self._durable))
        known = self._moves.get(ref)
        start = known[1] if known else self._repo.ref(ref)
        tip = known[2] if known else start
        new = act(tip, self._writer.add)
        if new is not None and new != tip:
            self._moves[ref] = (session_id, start, new)

    def finish(self) -> None:
        """Put the pack in place, then move the refs; where another writer moved one meanwhile, both are merged.

        Whatever cannot be moved stops no other; the first error is raised in the end.
        """
        writer, self._writer = self._writer, None
        moves, self._moves = self._moves, {}
        if writer is None:
            return
        with self._repo.shared():
            self._open.close()
            lost = {
                ref: (session_id, new)
                for ref, (session_id, start, new) in moves.items()
                if not self._moved(ref, start, new)
            }
        # Only now: whoever waits for a session's queue while holding the store's lock could wait for a maintainer
        # who waits for that lock.
        errors: list[ClaifGitError] = []
        for ref, (session_id, new) in lost.items():
            try:
                self._join(session_id, ref, new)
            except ClaifGitError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _moved(self, ref: str, start: str | None, new: str) -> bool:
        try:
            return self._repo.move_ref(ref, start, new, durable=self._durable)
        except ConcurrentUpdateError:
            return False  # somebody holds its lock: tried once more, in the queue

    def _join(self, session_id: str, ref: str, new: str) -> None:
        def act(tip: str | None, add: Add) -> str | None:
            if tip is None or self._repo.is_ancestor(tip, new):
                return new
            return self._unite(session_id, tip, new, add)

        transact(self._repo, ref, act, durable=self._durable)
