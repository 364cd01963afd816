"""Looking at what came from a remote, object by object, before any ref of ours points to it.

Only a shape that our own stores have gets through: flat plain names, plain files and folders, commits that git's own
checks have nothing to say about. What a message says is another matter: a malformed one is readable as an error.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import NamedTuple

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.format.header import decode_header
from claif_git.git import FILE_MODE, FOLDER_MODE, Commit, Oid, TreeEntry, graph, oid_of
from claif_git.git.kinds import decode_tree
from claif_git.git.transport import Limits, Quarantine
from claif_git.git.trees import MAX_DEPTH
from claif_git.history.store_branch import STORE_FILE_NAME, format_of, start
from claif_git.sync.attributes import is_harmless
from claif_git.sync.plain import (
    DANGEROUS,
    LARGEST_COMMIT,
    LARGEST_TREE,
    Node,
    Plain,
    PlainTree,
    fault_of_tree,
    node_of,
    plain_tree,
)

_LARGEST_SETTING = 1 << 20
_MOST_PARENTS = 1000


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
        self._plain = Plain()
        for order in quarantine.in_order(LARGEST_TREE):
            self._plain.add(order)

    def rest(self) -> Iterator[Oid]:
        """Give what came and was not found sound, or not looked at since nothing that passed reaches it."""
        known: tuple[Container[Oid], ...] = (self._trees, self._commits, self._blobs)
        return (oid for oid in self._plain.rest() if not any(oid in some for some in known))

    def session(self, tip: Oid, near: Sequence[Oid]) -> int | None:
        """Look at a session; give how many commits are new, or None for a branch that is no session.

        `near` are commits of ours with which it probably shares history.
        """
        sessions = self._sessions(tip)
        if sessions is None:
            return None
        folders = self._folders(sessions).values()
        count = self._history(tip, near)
        for folder in folders:
            self._header(folder)
        return count

    def is_session(self, tip: Oid) -> bool:
        """Say whether a branch means to be a session, without looking any further."""
        return self._sessions(tip) is not None

    def _sessions(self, tip: Oid) -> Oid | None:
        plain = self._plain.commits.get(bytes.fromhex(tip))
        return self._folders((plain or self._peek(tip)).tree).get(layout.SESSIONS)

    def _folders(self, tree: Oid) -> dict[str, Oid]:
        plain = self._plain.trees.get(bytes.fromhex(tree))
        if plain is not None:
            return {name.decode(): folder.hex() for name, folder in plain.folders}
        return {name: entry.oid for name, entry in self._entries(tree).items() if entry.mode == FOLDER_MODE}

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
        new: dict[Oid, Node] = {}
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
        for oid in new:
            self._plain.commits.pop(bytes.fromhex(oid), None)
        return len(new)

    def _shared(self, tip: Oid, near: Sequence[Oid]) -> set[Oid]:
        found: set[Oid] = set()
        for ours in near:
            if ours not in self._trusted or tip not in self._trusted:
                found.update(graph.merge_bases(self._peek, tip, ours))
        return found

    def _peek(self, oid: Oid) -> Commit:
        """Read a commit that may well be ours, without judging it."""
        return Commit.decode(self._read(oid, "commit", LARGEST_COMMIT))

    def _commit(self, oid: Oid) -> Node:
        commit = self._plain.commits.get(bytes.fromhex(oid)) or node_of(self._read(oid, "commit", LARGEST_COMMIT))
        if commit is None:
            raise MalformedError(f"commit {oid} is malformed")
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
        tree = self._looked_at(oid, path, depth)
        height, files = 0, tree.files
        for name, folder in tree.folders:
            below = self._tree(folder.hex(), f"{path}{name.decode()}/", depth + 1)
            height, files = max(height, below.height + 1), files + below.files
        for name, blob in tree.elsewhere:
            self._blob(blob.hex(), path + name.decode())
        if files > self._limits.max_files:
            raise MalformedError(f"more than {self._limits.max_files} files", path=path[:80])
        self._plain.trees.pop(bytes.fromhex(oid), None)
        measure = self._trees[oid] = _Measure(height, files, tree.attributes is not None)
        return measure

    def _looked_at(self, oid: Oid, path: str, depth: int) -> PlainTree:
        """Give a tree of which no entry means anything to git or a file system but a plain file or folder."""
        tree = self._plain.trees.get(bytes.fromhex(oid))
        if tree is None:
            data = self._read(oid, "tree", LARGEST_TREE)
            tree = plain_tree(data)
            if tree is None:
                raise fault_of_tree(data, path)
        if tree.attributes is not None and (depth or not self._is_harmless(tree.attributes.hex())):
            raise MalformedError(DANGEROUS, path=path + layout.ATTRIBUTES_FILE)
        return tree

    def _is_harmless(self, oid: Oid) -> bool:
        if oid not in self._harmless and is_harmless(self._read(oid, "blob", _LARGEST_SETTING)):
            self._harmless.add(oid)
        return oid in self._harmless

    def _blob(self, oid: Oid, path: str) -> None:
        if oid in self._blobs:
            return
        kind = self._objects.info(oid)[0]
        if kind != "blob":
            raise MalformedError(f"a {kind} where a file should be", path=path[:200])
        self._blobs.add(oid)

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

    def _header(self, folder: Oid) -> None:
        """Refuse a session of a later format; any other fault of its header is one that a reader can live with."""
        header = self._entries(folder).get(layout.HEADER_FILE)
        if header is None or header.mode != FILE_MODE:
            return
        try:
            decode_header(self._small(header))
        except MalformedError:
            return

    def _entries(self, tree: Oid) -> dict[str, TreeEntry]:
        return {entry.name: entry for entry in decode_tree(self._read(tree, "tree", LARGEST_TREE))}

    def _small(self, entry: TreeEntry) -> bytes:
        return self._read(entry.oid, "blob", _LARGEST_SETTING)

    def _read(self, oid: Oid, kind: str, most: int) -> bytes:
        found, data = self._objects.read(oid, most)
        if found != kind:
            raise StoreError(f"object {oid} is a {found} where a {kind} should be")
        return data


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
