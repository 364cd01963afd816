"""Who are the parents of whom, kept in memory: for questions that go far back, and are asked again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command
from claif_git.git.kinds import Commit, Oid

_BY_HAND = 256
"""Commits that are read one by one before the git command, where there is one, is asked for all of them at once."""
_MOST, _LINES = 500_000, 16
_log = logging.getLogger(__name__)


class Ancestry:
    """The parents of the commits of one repository, as far as somebody asked. Any number of threads may ask."""

    def __init__(self, git_dir: Path, read: Callable[[Oid], Commit]) -> None:
        self._dir, self._read = git_dir, read
        self._parents: dict[Oid, tuple[Oid, ...]] = {}
        self._lines: dict[Oid, list[Oid]] = {}  # by their first, so that one from a later tip need not be walked again

    def parents(self, oid: Oid) -> tuple[Oid, ...]:
        """Give the parents of a commit. StoreError if it is missing or damaged."""
        known = self._parents.get(oid)
        if known is None:
            if len(self._parents) > _MOST:
                self._parents, self._lines = {}, {}
            known = self._parents[oid] = self._read(oid).parents
        return known

    def line(self, oid: Oid, most: int, stops: Collection[Oid] = ()) -> list[Oid]:
        """Give a commit and up to `most` in all of those before it: to a merge or a root, or to before one of `stops`.

        Every commit but the last has one parent, which is the next.
        """
        line = [oid] if stops else self._lines.get(oid, [oid])[:most]
        oid, strange = line[-1], 0
        parents = self.parents(oid)
        while len(parents) == 1 and len(line) < most and parents[0] not in stops:
            oid = parents[0]
            went_on = self._lines.get(oid)
            if went_on and not stops:
                line += went_on[: most - len(line)]
                parents = self.parents(line[-1])
                continue
            line.append(oid)
            known = self._parents.get(oid)
            if known is None:
                strange += 1
                if strange == _BY_HAND:
                    self._learn(oid)
                known = self.parents(oid)
            parents = known
        if not stops:
            self._lines[line[0]] = line
            if len(self._lines) > _LINES:
                del self._lines[next(iter(self._lines))]
        return list(line)

    def _learn(self, tip: Oid) -> None:
        """Ask git for all that `tip` reaches."""
        if not command.git_available():
            return
        try:
            told = command.run(["rev-list", "--parents", tip], git_dir=self._dir).output.decode("ascii")
        except StoreError as error:
            _log.warning("%s; reading commits one by one", error)
            return
        for row in told.splitlines():
            commit, *parents = row.split(" ")
            self._parents[commit] = tuple(parents)
