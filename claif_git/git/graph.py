"""Questions about the graph of commits: who is whose ancestor, and where two histories last met."""

from __future__ import annotations

from collections.abc import Callable

from claif_git.git.kinds import Commit, Oid
from claif_git.git.painting import Painting

_FIRST, _SECOND, _BOTH, _STALE = 1, 2, 3, 4
_CANDIDATES = 8  # the first of as many bits as there are candidates

Reader = Callable[[Oid], Commit]


def is_ancestor(read: Reader, above: Oid, below: Oid) -> bool:
    """Say whether `above` is reached from `below`, or is the same commit."""
    if above == below:
        return True
    painting = _paint(read, above, below)
    while painting.live:
        painting.step()
        if painting.colours[above] & _SECOND:
            return True
    return False


def merge_bases(read: Reader, first: Oid, second: Oid) -> list[Oid]:
    """Give all common ancestors that are no ancestor of another one, newest first; empty for unrelated histories."""
    if first == second:
        return [first]
    painting = _paint(read, first, second)
    while painting.live:
        painting.step()
    found = _candidates(painting)
    if len(found) > 1:
        found = _best(painting, found)
    return sorted(found, key=lambda oid: (-painting.commits[oid].commit_time, oid))


def _paint(read: Reader, first: Oid, second: Oid) -> Painting:
    painting = Painting(read, _passes, lambda colours: colours in {_FIRST, _SECOND})
    painting.add(first, _FIRST)
    painting.add(second, _SECOND)
    return painting


def _passes(colours: int) -> int:
    """What lies below a common ancestor is stale: no best one."""
    return colours | _STALE if colours & _BOTH == _BOTH else colours


def _candidates(painting: Painting) -> list[Oid]:
    return [oid for oid, colours in painting.colours.items() if colours & (_BOTH | _STALE) == _BOTH]


def _best(painting: Painting, candidates: list[Oid]) -> list[Oid]:
    """Leave out candidates that another reaches by ways not looked at yet.

    An open commit that every candidate is known to reach can reach none itself, so the rest is expanded until only
    such are left.
    """
    for at, oid in enumerate(candidates):
        painting.add(oid, _CANDIDATES << at)
    everyone = (1 << len(candidates)) - 1 << _CANDIDATES.bit_length() - 1
    painting.ask(lambda colours: colours & everyone != everyone)
    while painting.live:
        painting.step()
    return _candidates(painting)
