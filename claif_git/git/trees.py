"""Trees as values: a Folder is an immutable picture of a tree that reads its sub-folders when they are asked for.

`put` and `remove` give a new Folder that shares all that did not change, so that a turn costs the trees on its way and
no others, and a Folder that is kept (the tip's, by whoever writes again) never reads anything twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from claif_git.errors import StoreError

FOLDER_MODE, FILE_MODE = 0o040000, 0o100644
_FOLDER_TEXT = b"40000"
MAX_DEPTH = 64
"""Folders nested deeper than this are refused; ours nest by a few, and a hostile tree could nest by thousands."""
MOST_FILES = 2_000_000
"""Where more stand below a folder it is refused: a few small trees, each many times in the next, hold any number."""
_TOO_MANY = f"more than {MOST_FILES:,} files below one folder"

Add: TypeAlias = Callable[[str, bytes], str]
"""Stores an object: (kind, data) to its id. An ObjectWriter's `add`."""
ReadTree: TypeAlias = Callable[[str], bytes]


_DEPTH_OF_OURS = 4


class Room:
    """How many entries a walk may still meet: MOST_FILES as deep as ours stand; deeper ones count for more.

    A path takes memory by its depth, and nothing is known of what stands below until one has been there.
    """

    def __init__(self) -> None:
        self._left = MOST_FILES * _DEPTH_OF_OURS

    def take(self, entries: int, depth: int) -> None:
        """Note that so many are met. StoreError if there are too many."""
        self._left -= entries * (depth + 1)
        if self._left < 0:
            raise StoreError(_TOO_MANY)


class Leaf(NamedTuple):
    """What is not a folder: a file, and in a stranger's tree perhaps a symlink or a submodule."""

    mode: int
    oid: str


Item: TypeAlias = "Leaf | Folder"


class Folder:
    """A tree. `oid` is None while it holds something that has not been written."""

    __slots__ = ("_before_last", "_items", "_lines", "_read", "oid")

    def __init__(self, read: ReadTree, oid: str | None = None, items: dict[str, Item] | None = None) -> None:
        self._read, self.oid = read, oid
        self._items = items if items is not None or oid is not None else {}
        self._lines = b""  # what `write` stored, and the entries are in that order
        self._before_last: bytes | None = None  # the lines before the last one, where `put` knew them

    @property
    def items(self) -> dict[str, Item]:
        """The entries by name; to be read only."""
        if self._items is None:
            if self.oid is None:  # pragma: no cover - a folder has its entries or an id, by construction
                raise AssertionError("a folder without entries or id")
            self._items = parse_tree(self._read(self.oid), self._read, self.oid)
        return self._items

    def get(self, path: str) -> Item | None:
        """Give what stands at `path`, or None."""
        item: Item | None = self
        for name in path.split("/"):
            if not isinstance(item, Folder):
                return None
            item = item.items.get(name)
        return item

    def file(self, path: str) -> str | None:
        """Give the blob of the file at `path`, or None if there is no plain file."""
        item = self.get(path)
        return item.oid if isinstance(item, Leaf) and item.mode == FILE_MODE else None

    def folder(self, path: str) -> Folder:
        """Give the folder at `path`; an empty one if there is none."""
        item = self.get(path)
        return item if isinstance(item, Folder) else Folder(self._read)

    def put(self, path: str, item: Item | str) -> Folder:
        """Give this folder with `item` at `path`; a text is a file's blob. What stood there, or in the way, is gone."""
        name, _, rest = path.partition("/")
        if rest:
            below = self.items.get(name)
            item = (below if isinstance(below, Folder) else Folder(self._read)).put(rest, item)
        elif isinstance(item, str):
            item = Leaf(FILE_MODE, item)
        if self.items.get(name) == item:
            return self
        items = dict(self.items)
        items[name] = item
        made = Folder(self._read, None, items)
        made._before_last = self._lines_before(name, item)
        return made

    def _lines_before(self, name: str, item: Item) -> bytes | None:
        """Give the lines that would stand before the one of `name`, if that would be the last, and they are known."""
        if not self._lines or not self._items:
            return None
        last = next(reversed(self._items))
        old = self._items[last]
        if name == last:
            same_kind = isinstance(old, Folder) == isinstance(item, Folder)
            return self._lines[: -len(_line(last, old))] if same_kind else None
        follows = name not in self._items and _git_order((last, old)) < _git_order((name, item))
        return self._lines if follows else None

    def remove(self, path: str) -> Folder:
        """Give this folder without what stands at `path`; folders that this empties go too."""
        name, _, rest = path.partition("/")
        below = self.items.get(name)
        if below is None or (rest and not isinstance(below, Folder)):
            return self
        items = dict(self.items)
        if rest and isinstance(below, Folder):
            kept = below.remove(rest)
            if kept is below:
                return self
            if kept.items:
                items[name] = kept
                return Folder(self._read, None, items)
        del items[name]
        return Folder(self._read, None, items)

    def check_size(self, enters: Callable[[str], object] = bool) -> None:
        """Make sure that a walk below here comes to an end: StoreError if it would meet more than MOST_FILES entries.

        `enters` says of a name whether the walk goes into folders of that name. Each tree is read once, however often
        it stands there.
        """
        _count(self, enters, 0, {})

    def walk(self, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Leaf]]:
        """Give every path and leaf below, in path order. StoreError past MAX_DEPTH or MOST_FILES."""
        if not depth:
            self.check_size()
        if depth > MAX_DEPTH:
            raise StoreError(f"folders nest deeper than {MAX_DEPTH}: {prefix[:80]}…")
        for name, item in self.ordered():
            if isinstance(item, Folder):
                yield from item.walk(f"{prefix}{name}/", depth + 1)
            else:
                yield prefix + name, item

    def ordered(self) -> list[tuple[str, Item]]:
        """Give the entries in git's order: by the bytes of the name, a folder's with a `/` at its end."""
        if self._lines or self._before_last is not None:
            return list(self.items.items())
        return sorted(self.items.items(), key=_git_order)

    def write(self, add: Add) -> str:
        """Store this tree and every unwritten one below it; give its id."""
        if self.oid is None:
            if self._before_last is None:
                self._items = dict(self.ordered())
                lines, entries = b"", list(self._items.items())
            else:  # all but the last entry stood in a tree that is written
                lines, entries = self._before_last, [next(reversed(self.items.items()))]
            for _, item in entries:
                if isinstance(item, Folder):
                    item.write(add)
            self._lines = lines + b"".join([_line(name, item) for name, item in entries])
            self.oid = add("tree", self._lines)
        return self.oid

    def __len__(self) -> int:
        return len(self.items)

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Folder) and self.oid is not None and self.oid == other.oid)

    __hash__ = None  # type: ignore[assignment]  # unwritten folders compare by identity


def _count(
    folder: Folder, enters: Callable[[str], object], depth: int, known: dict[tuple[str | None, int], int]
) -> int:
    """Give how many entries stand below a folder. What is `known` (of a tree, at a depth) is not read again."""
    found = known.get((folder.oid, depth))
    if found is not None:
        return found
    found = len(folder)
    if depth <= MAX_DEPTH:
        for name, item in folder.items.items():
            if isinstance(item, Folder) and enters(name):
                found += _count(item, enters, depth + 1, known)
    if found > MOST_FILES:
        raise StoreError(_TOO_MANY)
    if folder.oid is not None:
        known[folder.oid, depth] = found
    return found


def _line(name: str, item: Item) -> bytes:
    """Give the bytes of an entry, which is written."""
    mode = _FOLDER_TEXT if isinstance(item, Folder) else b"%o" % item.mode
    return b"%s %s\0%s" % (mode, name.encode("utf-8", "surrogateescape"), bytes.fromhex(item.oid or ""))


def _git_order(entry: tuple[str, Item]) -> bytes:
    name, item = entry
    raw = name.encode("utf-8", "surrogateescape")
    return raw + b"/" if isinstance(item, Folder) else raw


def parse_tree(data: bytes, read: ReadTree, oid: str) -> dict[str, Item]:
    """Take a tree object's bytes apart. StoreError if they are not a tree's."""
    items: dict[str, Item] = {}
    at, end = 0, len(data)
    try:
        while at < end:
            space = data.index(b" ", at)
            null = data.index(b"\0", space)
            mode, name = int(data[at:space], 8), data[space + 1 : null].decode("utf-8", "surrogateescape")
            at = null + 21
            if at > end:
                raise ValueError("cut short")
            entry = data[null + 1 : at].hex()
            items[name] = Folder(read, entry) if mode == FOLDER_MODE else Leaf(mode, entry)
    except ValueError as error:
        raise StoreError(f"tree {oid} is damaged: {error}") from error
    return items
