"""Looking at what came from a remote, object by object, before any ref of ours points to it.

Only a shape that our own stores have gets through: flat plain names, plain files and folders, commits that git's own
checks have nothing to say about. What a message says is another matter: a malformed one is readable as an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.format.header import decode_header
from claif_git.git import FILE_MODE, FOLDER_MODE, Commit, Oid, TreeEntry, encode_tree, graph, oid_of
from claif_git.git.kinds import decode_tree
from claif_git.git.transport import Limits, Quarantine
from claif_git.git.trees import MAX_DEPTH
from claif_git.history.store_branch import STORE_FILE_NAME, format_of, start
from claif_git.sync.attributes import is_harmless

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
_MODES = {b"100644": FILE_MODE, b"40000": FOLDER_MODE}
_ATTRIBUTES = layout.ATTRIBUTES_FILE.encode("ascii")
_SPECIAL = frozenset({b".", b"..", b".git", b".gitmodules", _ATTRIBUTES})
_LARGEST_COMMIT, _LARGEST_TREE, _LARGEST_SETTING = 1 << 20, 32 << 20, 1 << 20
_MOST_PARENTS = 1000


class _Node(NamedTuple):
    """A commit's tree and parents."""

    tree: Oid
    parents: list[Oid]


class _Measure(NamedTuple):
    """A tree that passed: how many folders deep it goes, how many files it shows, whether it can only be a root."""

    height: int
    files: int
    root_only: bool = False


class Inspector:
    """Looks at branches in a quarantine. `trusted` are commits of ours: what they reach has been looked at.

    Every method raises MalformedError or StoreError, with the reason, for what must not get in.
    """

    def __init__(self, quarantine: Quarantine, limits: Limits, trusted: Iterable[Oid]) -> None:
        self._objects, self._limits = quarantine, limits
        self._trusted = set(trusted)
        self._trees: dict[Oid, _Measure] = {}
        self._blobs: set[Oid] = set()
        self._commits: set[Oid] = set()
        self._harmless: set[Oid] = set()
        self.passed: set[Oid] = set()
        """Every object that was looked at and found sound."""

    def session(self, tip: Oid, near: Sequence[Oid]) -> int | None:
        """Look at a session; give how many commits are new, or None for a branch that is no session.

        `near` are commits of ours with which it probably shares history.
        """
        sessions = self._sessions(tip)
        if sessions is None:
            return None
        count = self._history(tip, near)
        for entry in self._entries(sessions.oid).values():
            self._header(entry)
        return count

    def is_session(self, tip: Oid) -> bool:
        """Say whether a branch means to be a session, without looking any further."""
        return self._sessions(tip) is not None

    def _sessions(self, tip: Oid) -> TreeEntry | None:
        found = self._entries(self._peek(tip).tree).get(layout.SESSIONS)
        return found if found is not None and found.mode == FOLDER_MODE else None

    def store_branch(self, tip: Oid, near: Sequence[Oid]) -> None:
        """Look at a store's own branch."""
        self._history(tip, near, root_commit())
        entry = self._entries(self._peek(tip).tree).get(STORE_FILE_NAME)
        version = format_of(self._small(entry)) if entry else 1
        if version is None or version > layout.FORMAT:
            raise StoreError(f"a store of format {version or '?'}; this version reads {layout.FORMAT}")

    # commits

    def _history(self, tip: Oid, near: Sequence[Oid], only_root: Oid | None = None) -> int:
        """Look at every commit that we do not have; give how many there are."""
        shared = self._shared(tip, near)
        new: dict[Oid, _Node] = {}
        borders: list[Oid] = []
        todo = [tip]
        while todo:
            oid = todo.pop()
            if oid in new:
                continue
            if oid in self._trusted or oid in self._commits or oid in shared:
                borders.append(oid)
                continue
            commit = new[oid] = self._commit(oid)
            if only_root and not commit.parents and oid != only_root:
                raise MalformedError("it does not begin as every store's own branch does")
            todo.extend(commit.parents)
        for oid in borders:
            if oid not in self._commits:
                self._trust(self._peek(oid).tree)
        for commit in new.values():
            self._tree(commit.tree, "", 0)
        self._commits.update(new)
        self.passed.update(new)
        return len(new)

    def _shared(self, tip: Oid, near: Sequence[Oid]) -> set[Oid]:
        found: set[Oid] = set()
        for ours in near:
            if ours not in self._trusted or tip not in self._trusted:
                found.update(graph.merge_bases(self._peek, tip, ours))
        return found

    def _peek(self, oid: Oid) -> Commit:
        """Read a commit that may well be ours, without judging it."""
        return Commit.decode(self._read(oid, "commit", _LARGEST_COMMIT))

    def _commit(self, oid: Oid) -> _Node:
        found = _COMMIT.fullmatch(self._read(oid, "commit", _LARGEST_COMMIT))
        if not found:
            raise MalformedError(f"commit {oid} is malformed")
        commit = _Node(found[1].decode("ascii"), found[2].decode("ascii").split()[1::2])
        if len(commit.parents) > _MOST_PARENTS:
            raise MalformedError(f"commit {oid} has {len(commit.parents)} parents")
        return commit

    # trees

    def _tree(self, oid: Oid, path: str, depth: int) -> _Measure:
        known = self._trees.get(oid)
        if depth + (known.height if known else 0) >= self._limits.max_tree_depth:
            raise MalformedError(f"folders nest deeper than {self._limits.max_tree_depth}", path=path[:80])
        if known is not None and not (known.root_only and depth):
            return known
        height = files = 0
        root_only = False
        for entry in self._checked(oid, path, depth):
            root_only = root_only or entry.name == layout.ATTRIBUTES_FILE
            if entry.mode == FOLDER_MODE:
                below = self._tree(entry.oid, f"{path}{entry.name}/", depth + 1)
                height, files = max(height, below.height + 1), files + below.files
            else:
                self._blob(entry, path)
                files += 1
        if files > self._limits.max_files:
            raise MalformedError(f"more than {self._limits.max_files} files", path=path[:80])
        self.passed.add(oid)
        measure = self._trees[oid] = _Measure(height, files, root_only)
        return measure

    def _checked(self, oid: Oid, path: str, depth: int) -> Iterable[TreeEntry]:
        """Give a tree's entries, none of which means anything to git or a file system but a plain file or folder."""
        data = self._read(oid, "tree", _LARGEST_TREE)
        entries = plain_tree(data)
        attributes = [entry for entry in entries if entry.name == layout.ATTRIBUTES_FILE]
        if entries and (not attributes or (depth == 0 and self._is_harmless(attributes[0]))):
            return entries
        return self._checked_one_by_one(data, path, depth)

    def _checked_one_by_one(self, data: bytes, path: str, depth: int) -> Iterable[TreeEntry]:
        entries = decode_tree(data)
        names: set[str] = set()
        for entry in entries:
            where = (path + entry.name)[:200]
            if not _NAME.fullmatch(entry.name) or _FORBIDDEN.fullmatch(entry.name):
                raise MalformedError("a name that no store of ours gives", path=ascii(where)[1:-1])
            if entry.mode not in (FILE_MODE, FOLDER_MODE):
                raise MalformedError(f"mode {entry.mode:06o} is neither a plain file nor a folder", path=where)
            if entry.name in names:
                raise MalformedError("two entries of the same name", path=where)
            names.add(entry.name)
            if entry.name.lower() == layout.ATTRIBUTES_FILE and (depth or not self._is_harmless(entry)):
                raise MalformedError("attributes that change content or run something", path=where)
        if encode_tree(entries) != data:
            raise MalformedError("a folder that is not written as git writes them", path=path[:200])
        return entries

    def _is_harmless(self, entry: TreeEntry) -> bool:
        if entry.oid not in self._harmless and entry.mode == FILE_MODE and is_harmless(self._small(entry)):
            self._harmless.add(entry.oid)
        return entry.mode == FILE_MODE and entry.oid in self._harmless

    def _blob(self, entry: TreeEntry, path: str) -> None:
        if entry.oid in self._blobs:
            return
        kind = self._objects.info(entry.oid)[0]
        if kind != "blob":
            raise MalformedError(f"a {kind} where a file should be", path=(path + entry.name)[:200])
        self._blobs.add(entry.oid)
        self.passed.add(entry.oid)

    def _trust(self, oid: Oid, depth: int = 0) -> _Measure:
        """Take a tree of ours for sound, and measure it."""
        known = self._trees.get(oid)
        if known is not None:
            return known
        if depth > MAX_DEPTH:
            raise StoreError(f"folders of our own nest deeper than {MAX_DEPTH}")
        height = files = 0
        for entry in decode_tree(self._objects.read(oid)[1]):
            if entry.mode == FOLDER_MODE:
                below = self._trust(entry.oid, depth + 1)
                height, files = max(height, below.height + 1), files + below.files
            else:
                self._blobs.add(entry.oid)
                files += 1
        measure = self._trees[oid] = _Measure(height, files)
        return measure

    # what a session is

    def _header(self, entry: TreeEntry) -> None:
        """Refuse a session of a later format; any other fault of its header is one that a reader can live with."""
        if entry.mode != FOLDER_MODE:
            return
        header = self._entries(entry.oid).get(layout.HEADER_FILE)
        if header is None or header.mode != FILE_MODE:
            return
        try:
            decode_header(self._small(header))
        except MalformedError:
            return

    def _entries(self, tree: Oid) -> dict[str, TreeEntry]:
        return {entry.name: entry for entry in decode_tree(self._read(tree, "tree", _LARGEST_TREE))}

    def _small(self, entry: TreeEntry) -> bytes:
        return self._read(entry.oid, "blob", _LARGEST_SETTING)

    def _read(self, oid: Oid, kind: str, most: int) -> bytes:
        found, data = self._objects.read(oid, most)
        if found != kind:
            raise StoreError(f"object {oid} is a {found} where a {kind} should be")
        return data


def plain_tree(data: bytes) -> list[TreeEntry]:
    """Give the entries of a tree as nearly all are: at a glance plain files and folders, in order, none of them odd.

    Empty for any other: then they have to be looked at one by one, to say what is wrong, if anything is.
    """
    if not _PLAIN_TREE.fullmatch(data):
        return []
    rows = _PLAIN_ENTRY.findall(data)
    names = {name for _, name, _ in rows}
    keys = [name + b"/" if mode == b"40000" else name for mode, name, _ in rows]
    if len(names) < len(rows) or keys != sorted(keys):
        return []
    if not _SPECIAL.isdisjoint(map(bytes.lower, names)) and [n for n in names if n.lower() in _SPECIAL] != [
        _ATTRIBUTES
    ]:
        return []
    return [TreeEntry(_MODES[mode], name.decode("ascii"), oid.hex()) for mode, name, oid in rows]


def root_commit() -> Oid:
    """Give the commit that every store's own branch begins with."""
    stored: list[Oid] = []

    def add(kind: str, data: bytes) -> Oid:
        oid = oid_of(kind, data)
        if kind == "commit":
            stored.append(oid)
        return oid

    start(add)
    return stored[0]
