"""The shortest edit script between two sequences (Myers), given up for a plain replacement where it would be long.

The time is at most the length of both times MOST_EDITS and the memory MOST_EDITS squared, whatever a hostile message
holds; difflib, whose worst case is cubic, promises no such thing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

MOST_EDITS = 400
"""Insertions and deletions past which two sequences are taken to have nothing in common."""


class Step(NamedTuple):
    """One stretch: `before[a0:a1]` became `after[b0:b1]`; `same` says that they are equal."""

    a0: int
    a1: int
    b0: int
    b1: int
    same: bool = False


def edit_script(before: Sequence[Hashable], after: Sequence[Hashable], most: int = MOST_EDITS) -> list[Step]:
    """Give the steps from `before` to `after`, equal and changed ones in turn. Both sequences are covered whole."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    matches = [(at, at) for at in range(start)]
    inner = _matches(before[start : len(before) - end], after[start : len(after) - end], most)
    matches += [(start + a, start + b) for a, b in inner]
    matches += [(len(before) - at, len(after) - at) for at in range(end, 0, -1)]
    return _steps(matches, len(before), len(after))


def _common(one: Sequence[Hashable], other: Sequence[Hashable]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _matches(a: Sequence[Hashable], b: Sequence[Hashable], most: int) -> list[tuple[int, int]]:
    """Give the positions that stay, in order; none where it takes more than `most` edits to get from a to b."""
    if not a or not b or abs(len(a) - len(b)) > most:
        return []
    reach = {1: 0}  # how far into `a` each diagonal got
    history: list[dict[int, int]] = []
    for edits in range(min(most, len(a) + len(b)) + 1):
        history.append(dict(reach))
        for diagonal in range(-edits, edits + 1, 2):
            x = _start_of(reach, diagonal, edits)
            y = x - diagonal
            while x < len(a) and y < len(b) and a[x] == b[y]:
                x, y = x + 1, y + 1
            reach[diagonal] = x
            if x >= len(a) and y >= len(b):
                return _walked_back(history, len(a), len(b))
    return []


def _start_of(reach: dict[int, int], diagonal: int, edits: int) -> int:
    down = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
    return reach[diagonal + 1] if down else reach[diagonal - 1] + 1


def _walked_back(history: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for edits in range(len(history) - 1, -1, -1):
        reach, diagonal = history[edits], x - y
        start = _start_of(reach, diagonal, edits)
        while x > start:
            x, y = x - 1, y - 1
            found.append((x, y))
        if edits:
            down = diagonal == -edits or (diagonal != edits and reach[diagonal - 1] < reach[diagonal + 1])
            x, y = (x, y - 1) if down else (x - 1, y)
    return found[::-1]


def _steps(matches: Sequence[tuple[int, int]], a_end: int, b_end: int) -> list[Step]:
    steps: list[Step] = []
    a = b = at = 0
    while at < len(matches):
        first, (x, y) = at, matches[at]
        if (a, b) != (x, y):
            steps.append(Step(a, x, b, y))
        while at < len(matches) and matches[at] == (x + at - first, y + at - first):
            at += 1
        a, b = x + at - first, y + at - first
        steps.append(Step(x, a, y, b, same=True))
    if (a, b) != (a_end, b_end):
        steps.append(Step(a, a_end, b, b_end))
    return steps
