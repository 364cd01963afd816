"""Letting what passed out of quarantine: the whole pack if nothing else is in it, else a copy of what passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from claif_git.git import Commit, Oid, Repository
from claif_git.git.kinds import decode_tree
from claif_git.git.transport import Quarantine


def let_in(
    repo: Repository, quarantine: Quarantine, tips: Sequence[Oid], others: Iterable[Oid], kept: ExitStack
) -> None:
    """Put what `tips` reach into the store. `others` came as well, but did not pass, or nothing that did reaches them.

    The caller holds the store's lock until refs point there, and then closes `kept`, as `Quarantine.admit` has it.
    """
    if not tips:
        return
    is_clean = all(repo.has(oid) for oid in others)
    quarantine.admit(None if is_clean else lambda: _reached(quarantine, tips), kept)


def _reached(quarantine: Quarantine, tips: Sequence[Oid]) -> Iterator[Oid]:
    """Give the new objects that `tips` reach, what others need before those."""
    done: set[Oid] = set()
    todo = list(tips)
    while todo:
        oid = todo.pop()
        if oid in done or not quarantine.is_new(oid):
            continue
        done.add(oid)
        kind, data = quarantine.read(oid)
        yield oid
        if kind == "commit":
            commit = Commit.decode(data)
            todo += [commit.tree, *commit.parents]
        elif kind == "tree":
            todo += [entry.oid for entry in decode_tree(data)]
