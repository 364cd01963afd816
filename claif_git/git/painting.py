"""Colouring the graph of commits from its tips down, reading as little of it as the question needs."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

from claif_git.git.kinds import Commit, Oid

_FAIR = 4  # one step in so many goes to who has waited longest, so that a nonsense date cannot starve a side


class Painting:
    """Colours (bits) flow from commits to their parents.

    A commit is *open* once it is known and not yet expanded: its parents have no colours from it. A colour that
    reaches an expanded commit flows on at once, so the colours above the open commits are always complete. Dates only
    decide who is expanded next: answers are right whatever they say.
    """

    def __init__(
        self, read: Callable[[Oid], Commit], passes: Callable[[int], int], matters: Callable[[int], bool]
    ) -> None:
        self._read, self._passes, self._matters = read, passes, matters
        self.colours: dict[Oid, int] = {}
        self.commits: dict[Oid, Commit] = {}
        self.open: set[Oid] = set()
        self.reached_root = False
        """Whether a commit without parents has been expanded."""
        self.live: set[Oid] = set()
        """The open commits whose colours matter: while there are any, the question is open."""
        self._newest: list[tuple[float, int, Oid]] = []
        self._waiting: deque[Oid] = deque()
        self._steps = 0

    def add(self, oid: Oid, colours: int) -> None:
        """Give a commit more colours, and all that is known below it."""
        todo = [(oid, colours)]
        while todo:
            name, more = todo.pop()
            before = self.colours.get(name)
            if before is None:
                self._discover(name)
            after = (before or 0) | more
            if after == before:
                continue
            self.colours[name] = after
            if name in self.open:
                self._judge(name)
            else:
                passed = self._passes(after)
                todo.extend((parent, passed) for parent in self.commits[name].parents)

    def _discover(self, oid: Oid) -> None:
        commit = self.commits[oid] = self._read(oid)
        self.open.add(oid)
        heapq.heappush(self._newest, (-commit.commit_time, len(self.colours), oid))
        self._waiting.append(oid)

    def _judge(self, oid: Oid) -> None:
        if self._matters(self.colours[oid]):
            self.live.add(oid)
        else:
            self.live.discard(oid)

    def ask(self, matters: Callable[[int], bool]) -> None:
        """Go on with another question: other colours matter now."""
        self._matters = matters
        for oid in self.open:
            self._judge(oid)

    def step(self) -> None:
        """Expand one open commit: mostly the newest, by times the one that has waited longest."""
        self._steps += 1
        oid = self._take()
        self.open.discard(oid)
        self.live.discard(oid)
        passed = self._passes(self.colours[oid])
        parents = self.commits[oid].parents
        self.reached_root |= not parents
        for parent in parents:
            self.add(parent, passed)

    def _take(self) -> Oid:
        while True:
            oid = self._waiting.popleft() if self._steps % _FAIR == 0 else heapq.heappop(self._newest)[2]
            if oid in self.open:
                return oid
