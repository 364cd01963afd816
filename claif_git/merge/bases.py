"""The common ancestor of two commits as a tree: one, several merged into one, or none."""

from __future__ import annotations

import hashlib

from claif_git.git import Repository
from claif_git.git.trees import Add, Folder
from claif_git.history.snapshot import folder_at
from claif_git.merge.trees import unite


class Scratch:
    """Objects in memory, in front of a repository's: for trees and blobs that are read but need never be written."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._held: dict[str, tuple[str, bytes]] = {}

    def read(self, oid: str) -> tuple[str, bytes]:
        """Give an object's kind and bytes."""
        held = self._held.get(oid)
        return held if held is not None else self._repo.read(oid)

    def read_blob(self, oid: str) -> bytes:
        """Give a blob's bytes."""
        return self.read(oid)[1]

    def add(self, kind: str, data: bytes) -> str:
        """Hold an object; give its id."""
        oid = hashlib.sha1(b"%s %d\0%s" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()
        self._held[oid] = (kind, data)
        return oid

    def passing_on(self, add: Add) -> Add:
        """Give an `add` that stores for good, and holds what it stored so that it can be read at once."""

        def both(kind: str, data: bytes) -> str:
            self.add(kind, data)
            return add(kind, data)

        return both


def base_tree(repo: Repository, ours: str, theirs: str, scratch: Scratch) -> Folder | None:
    """Give the tree that two commits both started from, readable through `scratch`; None if they share nothing.

    Several best common ancestors are merged, over their own common ancestor, in an order that both sides agree on.
    """
    bases = sorted(repo.merge_bases(ours, theirs))
    if not bases:
        return None
    root, sofar = folder_at(scratch, repo.read_commit(bases[0]).tree), bases[0]
    for other in bases[1:]:
        below = base_tree(repo, sofar, other, scratch)
        theirs_root = folder_at(scratch, repo.read_commit(other).tree)
        root = unite(below, root, theirs_root, scratch.read_blob, scratch.add).root
        root = folder_at(scratch, root.write(scratch.add))
    return root
