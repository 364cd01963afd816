"""Draws history beside a list of commits, newest first: a lane for each line of talk, joined where they part."""

from __future__ import annotations

from collections.abc import Sequence


class Graph:
    """Lanes from left to right, each on its way to the commit that it leads to next.

    Commits come children first. Each gets one row; where lanes come together or part there are rows between.
    """

    def __init__(self) -> None:
        self._lanes: list[str] = []
        self._ended = -1  # the lane that the last commit's row ended, where nothing is drawn below it yet

    def rows(self, commit: str, parents: Sequence[str]) -> tuple[list[str], str, list[str]]:
        """Give the rows before a commit's own, its own, and those after it."""
        before = self._joined(commit)
        if commit not in self._lanes:
            if self._ended == len(self._lanes):  # below a beginning: it must not look like its parent
                before.append(" ".join("|" for _ in self._lanes))
            self._lanes.append(commit)
        self._ended = -1
        at = self._lanes.index(commit)
        own = " ".join("*" if lane == at else "|" for lane in range(len(self._lanes)))
        return before, own, self._parted(at, parents)

    def _joined(self, commit: str) -> list[str]:
        """Bring all lanes that lead to a commit, its children's, into the leftmost of them."""
        rows: list[str] = []
        while self._lanes.count(commit) > 1:
            first = self._lanes.index(commit)
            last = len(self._lanes) - 1 - self._lanes[::-1].index(commit)
            rows.append(self._leaning_left(last, first))
            del self._lanes[last]
        return rows

    def _leaning_left(self, lane: int, into: int) -> str:
        """Draw a lane going over to another on its left; those on its right move up."""
        row = [" "] * (2 * len(self._lanes))
        for other in range(len(self._lanes)):
            if other < lane:
                row[2 * other] = "|"
            elif other > lane or into >= 0:
                row[2 * other - 1] = "/"
        for gap in range(2 * into + 1, 2 * lane - 1, 2) if into >= 0 else ():
            row[gap] = "_"
        return "".join(row).rstrip()

    def _parted(self, at: int, parents: Sequence[str]) -> list[str]:
        """Send the lane of a commit on to its parents: a new lane for each but the first; with none it ends."""
        if not parents:
            is_last = at == len(self._lanes) - 1
            rows = [] if is_last else [self._leaning_left(at, -1)]
            self._ended = at if is_last else -1
            del self._lanes[at]
            return rows
        self._lanes[at] = parents[0]
        rows = []
        for extra in reversed(parents[1:]):
            row = [" "] * (2 * len(self._lanes) + 1)
            for other in range(len(self._lanes)):
                row[2 * other + (other > at)] = "\\" if other > at else "|"
            row[2 * at + 1] = "\\"
            rows.append("".join(row).rstrip())
            self._lanes.insert(at + 1, extra)
        return rows
