"""The three-way union of two session trees. Only what differs is read, and nothing that either side added is lost.

Below `messages/`, `drops/`, `attachments/` and `sessions/` nothing is ever deleted: what one side removed with plain
git comes back, and is reported so that it can be dropped. Anywhere else (a stranger's files) git's own rule holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from claif_git.errors import StoreError
from claif_git.format import layout
from claif_git.format.merging import Merged, merge_message, merge_setting
from claif_git.git.trees import MAX_DEPTH, Add, Folder, Item, Leaf
from claif_git.history.placing import Entry
from claif_git.model.blocks import Json

_GROWING = frozenset({layout.MESSAGES, layout.DROPS, layout.ATTACHMENTS, layout.SESSIONS})


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same thing; `ours` stands. `path` is a file, `key` what in it ("file" for all of it)."""

    path: str
    key: str
    ours: Json
    theirs: Json


@dataclass
class United:
    """A merged tree, what both sides had changed, and the message files that one side had removed."""

    root: Folder
    conflicts: list[Conflict] = field(default_factory=list)
    removed: list[Entry] = field(default_factory=list)


def unite(base: Folder | None, ours: Folder, theirs: Folder, read_blob: Callable[[str], bytes], add: Add) -> United:
    """Merge two trees over their common ancestor's (None if unrelated); ours stands where both changed a thing."""
    return _Union(read_blob, add).run(base, ours, theirs)


class _Union:
    def __init__(self, read_blob: Callable[[str], bytes], add: Add) -> None:
        self._read_blob, self._add = read_blob, add
        self._conflicts: list[Conflict] = []
        self._removed: list[Entry] = []

    def run(self, base: Folder | None, ours: Folder, theirs: Folder) -> United:
        root = self._folder(base, ours, theirs, "")
        return United(root, self._conflicts, sorted(self._removed))

    def _folder(self, base: Folder | None, ours: Folder, theirs: Folder, prefix: str, depth: int = 0) -> Folder:
        if depth > MAX_DEPTH:
            raise StoreError(f"folders nest deeper than {MAX_DEPTH}: {prefix[:80]}…")
        if ours == theirs:
            return ours
        merged = ours
        for name in {**ours.items, **theirs.items}:
            mine, yours = ours.items.get(name), theirs.items.get(name)
            if mine == yours:
                continue
            was = base.items.get(name) if base is not None else None
            item = self._item(was, mine, yours, prefix + name, depth)
            if item is None:
                merged = merged.remove(name)
            elif item != mine:
                merged = merged.put(name, item)
        return merged

    def _item(self, was: Item | None, mine: Item | None, yours: Item | None, path: str, depth: int) -> Item | None:
        if isinstance(mine, Folder) and isinstance(yours, Folder):
            return self._folder(was if isinstance(was, Folder) else None, mine, yours, path + "/", depth + 1)
        if mine is None or yours is None:
            return self._one_sided(was, mine, yours, path)
        if isinstance(mine, Folder) or isinstance(yours, Folder):
            self._conflicts.append(Conflict(path, "file", _kind(mine), _kind(yours)))
            return mine if isinstance(mine, Folder) else yours
        if was == mine:
            return yours
        return mine if was == yours else self._file(was, mine, yours, path)

    def _one_sided(self, was: Item | None, mine: Item | None, yours: Item | None, path: str) -> Item | None:
        present = mine if mine is not None else yours
        if was is None:
            return present
        if path.split("/", 1)[0] in _GROWING:
            self._note_removed(was, present, path)
            return present
        if was == present:
            return None
        self._conflicts.append(Conflict(path, "file", _kind(mine), _kind(yours)))
        return present

    def _note_removed(self, was: Item, present: Item | None, path: str) -> None:
        """Report the message files that the base had, one side still has, and the other has removed."""
        root, _, below = path.partition("/")
        if root != layout.MESSAGES:
            return
        if isinstance(was, Folder) and isinstance(present, Folder):
            for name, item in was.items.items():
                self._note_removed(item, present.items.get(name), f"{path}/{name}")
        elif isinstance(present, Leaf) and layout.parse_message_name(path.rpartition("/")[2]):
            self._removed.append(Entry(below, present.oid))

    def _file(self, was: Item | None, mine: Leaf, yours: Leaf, path: str) -> Leaf:
        root = path.split("/", 1)[0]
        if root not in (layout.MESSAGES, layout.SESSIONS) or mine.mode != yours.mode:
            self._conflicts.append(Conflict(path, "file", mine.oid, yours.oid))
            return mine
        base = self._read_blob(was.oid) if isinstance(was, Leaf) else None
        merge = merge_message if root == layout.MESSAGES else merge_setting
        merged: Merged = merge(base, self._read_blob(mine.oid), self._read_blob(yours.oid))
        self._conflicts += [Conflict(path, key, ours, theirs) for key, ours, theirs in merged.conflicts]
        return Leaf(mine.mode, self._add("blob", merged.data))


def _kind(item: Item | None) -> str | None:
    return None if item is None else "folder" if isinstance(item, Folder) else item.oid
