"""Many turns as one pack: objects go into it as they come, refs move once it is in place."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple, TypeAlias

from claif_git.errors import ClaifGitError, ConcurrentUpdateError, SessionNotFoundError
from claif_git.git import ObjectWriter, Repository
from claif_git.git.trees import Add
from claif_git.history.transact import Act, transact

Unite: TypeAlias = Callable[[str, str, str, Add], str]
"""Merges two tips of a session: (session id, ours, theirs, add) to the merge commit."""


class _Move(NamedTuple):
    """What a batch does with one session: where its ref stood (None: nowhere) and where it is to stand."""

    session_id: str
    start: str | None
    new: str


class Batch:
    """What is written but not yet in place. After `finish` it can be written to again, as a new pack."""

    def __init__(self, repo: Repository, unite: Unite, *, durable: bool) -> None:
        self._repo, self._unite, self._durable = repo, unite, durable
        self._writer: ObjectWriter | None = None
        self._open, self._kept = ExitStack(), ExitStack()
        self._moves: dict[str, _Move] = {}

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
            self._writer = self._open.enter_context(self._repo.pack_writer(durable=self._durable, kept=self._kept))
        known = self._moves.get(ref)
        start = known.start if known else self._repo.ref(ref)
        tip = known.new if known else start
        new = act(tip, self._writer.add)
        if new is not None and new != tip:
            self._moves[ref] = _Move(session_id, start, new)

    def finish(self) -> None:
        """Put the pack in place, then move the refs; where another writer moved one meanwhile, both are merged.

        Whatever cannot be moved stops no other; the first error is raised in the end.
        """
        writer, self._writer = self._writer, None
        moves, self._moves = self._moves, dict[str, _Move]()
        if writer is None:
            return
        with self._kept:
            with self._repo.shared():
                self._open.close()
                lost = {ref: move for ref, move in moves.items() if not self._moved(ref, move)}
            # Only now: whoever waits for a session's queue while holding the store's lock could wait for a maintainer
            # who waits for that lock.
            errors: list[ClaifGitError] = []
            for ref, move in lost.items():
                try:
                    self._join(ref, move)
                except ClaifGitError as error:
                    errors.append(error)
        if errors:
            raise errors[0]

    def _moved(self, ref: str, move: _Move) -> bool:
        try:
            return self._repo.move_ref(ref, move.start, move.new, durable=self._durable)
        except ConcurrentUpdateError:
            return False  # somebody holds its lock: tried once more, in the queue

    def _join(self, ref: str, move: _Move) -> None:
        session_id, start, new = move

        def act(tip: str | None, add: Add) -> str | None:
            if tip is None and start is not None and not self._repo.has_still(start):
                raise SessionNotFoundError(session_id)  # purged: there is nothing left that this could stand on
            if tip is None or self._repo.is_ancestor(tip, new):
                return new
            return self._unite(session_id, tip, new, add)

        transact(self._repo, ref, act, durable=self._durable)
