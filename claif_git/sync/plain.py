"""What of a pack is plain at a glance: commits and trees in which there is nothing that has to be looked at by itself.

Nearly all are. They are taken as they stand in the pack, one after the other; what they refer to is looked at when a
branch turns out to reach them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import NamedTuple, TypeAlias

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git import FILE_MODE, FOLDER_MODE, Oid
from claif_git.git.kinds import decode_tree
from claif_git.git.transport.packorder import PackOrder

LARGEST_COMMIT, LARGEST_TREE = 1 << 20, 32 << 20
DANGEROUS = "attributes that change content or run something"
_NAME = re.compile(r"[0-9A-Za-z._-]{1,255}", re.ASCII)
_FORBIDDEN = re.compile(r"\.{1,2}|\.git|\.gitmodules", re.IGNORECASE)
_PERSON = rb"(?!<)[^<>\n\0]* <[^<>\n\0]*> (?:0|[1-9]\d{0,11}) [+-]\d{4}\n"
_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)author "
    + _PERSON
    + rb"committer "
    + _PERSON
    # Further headers: signatures, an encoding. A second author or committer is an error to git.
    + rb"(?:(?!author |committer |tree |parent )[^\n\0]+\n)*(?:\n[^\0]*)?",
    re.DOTALL,
)
_PLAIN_TREE = re.compile(rb"(?:(?:100644|40000) [0-9A-Za-z._-]{1,255}\0.{20})*", re.DOTALL)
_PLAIN_ENTRY = re.compile(rb"(100644|40000) ([^\0]+)\0(.{20})", re.DOTALL)
_FILE, _FOLDER = b"100644", b"40000"
_ATTRIBUTES = layout.ATTRIBUTES_FILE.encode("ascii")
_MOST = 250_000
"""Entries of trees to be kept in memory, some 200 bytes each; what is beyond that is looked at by itself."""
_SPECIAL = frozenset({b".", b"..", b".git", b".gitmodules", _ATTRIBUTES})

Row: TypeAlias = tuple[bytes, bytes, bytes]
"""Mode, name and id of a tree's entry."""


class Node(NamedTuple):
    """A commit's tree and parents."""

    tree: Oid
    parents: tuple[Oid, ...]


class PlainTree(NamedTuple):
    """A tree of plain files and folders.

    folders      name and id of each
    files        how many there are
    elsewhere    name and id of the files that are no blobs of the same pack
    attributes   the file that has them; None: there is none
    """

    folders: tuple[tuple[bytes, bytes], ...]
    files: int
    elsewhere: tuple[tuple[bytes, bytes], ...]
    attributes: bytes | None


class Plain:
    """The plain commits and trees of some packs, until they are taken; and what else there is."""

    def __init__(self) -> None:
        self.commits: dict[bytes, Node] = {}
        self.trees: dict[bytes, PlainTree] = {}
        self._odd: list[Oid] = []
        self._blobs: set[bytes] = set()
        self._room = _MOST

    def add(self, order: PackOrder) -> None:
        """Look at a pack."""
        blobs = order.blobs()
        free = set(blobs)
        for is_commit, name, data in order.commits_and_trees():
            found = self._commit(name, data) if is_commit else self._tree(name, data, blobs, free)
            if not found:
                self._odd.append(name.hex())
        self._odd += order.unknown()
        self._blobs |= free

    def rest(self) -> Iterator[Oid]:
        """Give all that was not taken, but for files of the trees that are taken or given here."""
        yield from self._odd
        for names in (self.commits, self.trees, self._blobs):
            yield from (name.hex() for name in names)

    def _commit(self, name: bytes, data: bytes) -> bool:
        node = node_of(data)
        if node is not None:
            self.commits[name] = node
        return node is not None

    def _tree(self, name: bytes, data: bytes, blobs: set[bytes], free: set[bytes]) -> bool:
        rows = plain_rows(data) if self._room > 0 else None
        if rows is None:
            return False
        tree = _as_tree(rows, blobs)
        self._room -= len(tree.folders) + len(tree.elsewhere) + 1
        if self._room < 0:
            return False
        free.difference_update([oid for _, _, oid in rows])
        self.trees[name] = tree
        return True


def node_of(data: bytes) -> Node | None:
    """Read a commit that git's own checks have nothing to say about; None for any other."""
    found = _COMMIT.fullmatch(data) if len(data) <= LARGEST_COMMIT else None
    return Node(found[1].decode("ascii"), tuple(found[2].decode("ascii").split()[1::2])) if found else None


def plain_rows(data: bytes) -> list[Row] | None:
    """Give mode, name and id of each entry of a tree as nearly all are: plain files and folders, in order, none odd.

    None for any other: then they have to be looked at one by one, to say what is wrong, if anything is.
    """
    if not _PLAIN_TREE.fullmatch(data):
        return None
    rows: list[Row] = _PLAIN_ENTRY.findall(data)
    names = {name for _, name, _ in rows}
    keys = [name + b"/" if mode == _FOLDER else name for mode, name, _ in rows]
    if len(names) < len(rows) or keys != sorted(keys):
        return None
    if b" ." in data and not _SPECIAL.isdisjoint(map(bytes.lower, names)):
        odd = [(mode, name) for mode, name, _ in rows if name.lower() in _SPECIAL]
        return rows if odd == [(_FILE, _ATTRIBUTES)] else None
    return rows


def plain_tree(data: bytes) -> PlainTree | None:
    """Read a tree that is plain at a glance; None for any other."""
    rows = plain_rows(data)
    return None if rows is None else _as_tree(rows, frozenset())


def _as_tree(rows: Sequence[Row], blobs: AbstractSet[bytes]) -> PlainTree:
    folders: list[tuple[bytes, bytes]] = []
    elsewhere: list[tuple[bytes, bytes]] = []
    attributes: bytes | None = None
    for mode, name, oid in rows:
        if mode == _FOLDER:
            folders.append((name, oid))
        elif oid not in blobs:
            elsewhere.append((name, oid))
        if name == _ATTRIBUTES:
            attributes = oid
    if not (folders or elsewhere or attributes):
        return _only_files(len(rows))
    return PlainTree(tuple(folders), len(rows) - len(folders), tuple(elsewhere), attributes)


@cache
def _only_files(count: int) -> PlainTree:
    """Give what all trees have in common that hold so many files of their pack and nothing else."""
    return PlainTree((), count, (), None)


def fault_of_tree(data: bytes, path: str) -> MalformedError:
    """Say what is wrong with a tree that is not plain. StoreError if it is none at all."""
    names: set[str] = set()
    for entry in decode_tree(data):
        where = (path + entry.name)[:200]
        if not _NAME.fullmatch(entry.name) or _FORBIDDEN.fullmatch(entry.name):
            return MalformedError("a name that no store of ours gives", path=ascii(where)[1:-1])
        if entry.mode not in (FILE_MODE, FOLDER_MODE):
            return MalformedError(f"mode {entry.mode:06o} is neither a plain file nor a folder", path=where)
        if entry.name in names:
            return MalformedError("two entries of the same name", path=where)
        is_known = where == layout.ATTRIBUTES_FILE and entry.mode == FILE_MODE
        if entry.name.lower() == layout.ATTRIBUTES_FILE and not is_known:
            return MalformedError(DANGEROUS, path=where)
        names.add(entry.name)
    return MalformedError("a folder that is not written as git writes them", path=path[:200])
