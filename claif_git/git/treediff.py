"""What one tree has and another lacks, for walks over thousands of commits: neighbours share nearly everything."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import TypeAlias

from claif_git.errors import StoreError
from claif_git.git.kinds import Oid
from claif_git.git.repository import Repository
from claif_git.git.trees import MAX_DEPTH, Room

_LINE = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)
_TREE = re.compile(rb"(?:[0-7]+ [^\0]+\0.{20})*", re.DOTALL)
_FOLDERS = {b"40000", b"040000"}  # the second as some old tools wrote it
_KEPT = 50_000
"""Entries of trees that are kept, some 10 MB; the latest few trees in any case."""
_LATEST = 8

_Line: TypeAlias = tuple[bytes, bytes, bytes]


class TreeDiff:
    """Compares trees of one repository, and keeps those that were read last. For one thread.

    `skips_deep`: what stands deeper than any file of ours counts as nothing, instead of being an error.
    """

    def __init__(self, repo: Repository, *, skips_deep: bool = False) -> None:
        self._repo, self._skips_deep = repo, skips_deep
        self._read: OrderedDict[Oid, frozenset[_Line]] = OrderedDict()
        self._count = 0

    def folder(self, tree: Oid, name: str) -> Oid | None:
        """Give the folder of a tree that has that name, or None."""
        wanted = name.encode("utf-8", "surrogateescape")
        return next((oid.hex() for mode, held, oid in self._lines(tree) if held == wanted and mode in _FOLDERS), None)

    def added(self, before: Oid | None, after: Oid | None) -> Iterator[tuple[str, Oid]]:
        """Give the path and blob of each file below `after` where `before` has no file, in no order.

        None is an empty tree. StoreError for folders nested too deep, too many files, and a damaged tree.
        """
        return ((path, oid) for path, oid, is_new in self._differing(before, after, "", 0, Room()) if is_new)

    def changed(self, before: Oid | None, after: Oid | None) -> Iterator[tuple[str, Oid]]:
        """Give those files, and the ones that `before` has with another content or mode."""
        return ((path, oid) for path, oid, _ in self._differing(before, after, "", 0, Room()))

    def _differing(
        self, before: Oid | None, after: Oid | None, prefix: str, depth: int, room: Room
    ) -> Iterator[tuple[str, Oid, bool]]:
        if after is None or after == before:
            return
        if depth > MAX_DEPTH and self._skips_deep:
            return
        if depth > MAX_DEPTH:
            raise StoreError(f"folders nest deeper than {MAX_DEPTH}: {prefix[:80]}…")
        old, new = self._lines(before) if before else frozenset(), self._lines(after)
        was = {name: (mode, oid) for mode, name, oid in old - new}
        differing = new - old
        room.take(len(differing), depth)
        for mode, name, oid in differing:
            old_mode, old_oid = was.get(name, (b"", b""))
            path = prefix + name.decode("utf-8", "surrogateescape")
            if mode in _FOLDERS:
                below = old_oid.hex() if old_mode in _FOLDERS else None
                yield from self._differing(below, oid.hex(), f"{path}/", depth + 1, room)
            else:
                yield path, oid.hex(), not old_mode or old_mode in _FOLDERS

    def _lines(self, tree: Oid) -> frozenset[_Line]:
        known = self._read.pop(tree, None)
        if known is None:
            kind, data = self._repo.read(tree)
            if kind != "tree" or not _TREE.fullmatch(data):
                raise StoreError(f"object {tree} is not a tree")
            known = frozenset(_LINE.findall(data))
            self._count += len(known)
        self._read[tree] = known
        while self._count > _KEPT and len(self._read) > _LATEST:
            self._count -= len(self._read.popitem(last=False)[1])
        return known
