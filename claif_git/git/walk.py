"""Walking history: newest first, and children before parents whatever the dates say."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator

from claif_git.git.graph import Reader
from claif_git.git.kinds import Commit, Oid
from claif_git.git.painting import Painting

_SHOWN, _HIDDEN = 1, 2
_BOTTOMS = 4  # the first of as many bits as there are bottoms


def walk(read: Reader, tips: Iterable[Oid], hidden: Iterable[Oid]) -> Iterator[tuple[Oid, Commit]]:
    """Give what `tips` reach and `hidden` do not.

    Without `hidden` it is read as it is asked for: wherever all ways lead through one commit, what lies above is
    given. (Not where histories of different roots were merged: to order these takes reading them.)
    With `hidden` all is found first; that costs about what lies between the two, where they have a history in common.
    """
    hidden = list(hidden)
    return _walk_between(read, tips, hidden) if hidden else _walk_all(read, tips)


def _walk_all(read: Reader, tips: Iterable[Oid]) -> Iterator[tuple[Oid, Commit]]:
    painting = Painting(read, lambda colours: colours, lambda _: True)
    for tip in tips:
        painting.add(tip, _SHOWN)
    while painting.live:
        painting.step()
        # Where one commit is open, all else that is known lies above it, and is complete; unless some ways have ended
        # at a root already: these may lie below as well as beside it, and only reading on tells.
        while len(painting.open) > 1 or (painting.open and painting.reached_root):
            painting.step()
        done = {oid: commit for oid, commit in painting.commits.items() if oid not in painting.open}
        yield from _in_order(done)
        for oid in done:
            del painting.commits[oid]


def _walk_between(read: Reader, tips: Iterable[Oid], hidden: list[Oid]) -> Iterator[tuple[Oid, Commit]]:
    painting = Painting(read, lambda colours: colours, lambda colours: colours == _SHOWN)
    for oid in hidden:
        painting.add(oid, _HIDDEN)
    for tip in tips:
        painting.add(tip, _SHOWN)
    while painting.live:
        painting.step()
    _settle(painting)
    yield from _in_order({oid: commit for oid, commit in painting.commits.items() if _is_shown(painting, oid)})


def _is_shown(painting: Painting, oid: Oid) -> bool:
    return not painting.colours[oid] & _HIDDEN


def _settle(painting: Painting) -> None:
    """Hide what the hidden side reaches by ways not looked at yet.

    Whoever reaches a shown commit reaches one of the bottoms, the lowest shown ones. An open commit that every bottom
    is known to reach cannot; the rest is expanded until only such are left.
    """
    bottoms = [oid for oid in painting.commits if _is_bottom(painting, oid)]
    for at, oid in enumerate(bottoms):
        painting.add(oid, _BOTTOMS << at)
    everyone = (1 << len(bottoms)) - 1 << _BOTTOMS.bit_length() - 1
    painting.ask(lambda colours: colours & everyone != everyone)
    while painting.live:
        painting.step()


def _is_bottom(painting: Painting, oid: Oid) -> bool:
    return _is_shown(painting, oid) and not any(_is_shown(painting, up) for up in painting.commits[oid].parents)


def _in_order(commits: dict[Oid, Commit]) -> Iterator[tuple[Oid, Commit]]:
    """Give commits newest first, each after all its children among them."""
    children = Counter(parent for commit in commits.values() for parent in set(commit.parents))
    ranks = {oid: (-commit.commit_time, at, oid) for at, (oid, commit) in enumerate(commits.items())}
    ready = [rank for oid, rank in ranks.items() if not children[oid]]
    heapq.heapify(ready)
    while ready:
        oid = heapq.heappop(ready)[2]
        yield oid, commits[oid]
        for parent in set(commits[oid].parents):
            children[parent] -= 1
            if not children[parent] and parent in ranks:
                heapq.heappush(ready, ranks[parent])
