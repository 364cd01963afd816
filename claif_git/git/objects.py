"""Reading objects: loose ones by hand, packed ones through dulwich. Every object is checked against its id."""
# ruff: noqa: PTH110, PTH208
# No Path objects here: runs with every object read, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from claif_git.errors import StoreError
from claif_git.git.kinds import Commit, Oid, TreeEntry, decode_tree, header, is_oid
from claif_git.git.loose import loose_path, read_loose

if TYPE_CHECKING:
    from dulwich.object_store import DiskObjectStore
    from dulwich.objects import ObjectID, RawObjectID

_NAMES = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_log = logging.getLogger(__name__)


class ObjectWriter(Protocol):
    """What `Repository.writer()` and `Repository.pack_writer()` give. Each is for one thread."""

    def add(self, kind: str, data: bytes) -> Oid:
        """Take an object and give its id. Others see it when the block ends."""

    def read(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object that was added and is not visible yet."""


class Objects:
    """The objects of one repository. Any number of threads may read."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._pending: tuple[ObjectWriter, ...] = ()
        self._guard = threading.RLock()
        self._packs: DiskObjectStore | None = None
        self._closer: Callable[[], object] | None = None
        self._closed = False

    def attach(self, writer: ObjectWriter) -> None:
        """Let readers see what a writer has taken and not published yet."""
        with self._guard:
            self._pending = (*self._pending, writer)

    def detach(self, writer: ObjectWriter) -> None:
        """End that."""
        with self._guard:
            self._pending = tuple(other for other in self._pending if other is not writer)

    def read(self, oid: Oid) -> tuple[str, bytes]:
        """Give the kind and bytes of an object. StoreError that names it if it is missing or damaged."""
        for writer in self._pending:
            if found := writer.read(oid):
                return found
        damage: StoreError | None = None
        try:
            if found := read_loose(self.folder, oid):
                return found
        except StoreError as error:
            damage = error  # a pack may hold it whole
        found = self.read_packed(oid)
        if found is None:
            raise damage or StoreError(f"object {oid} is missing")
        if damage:
            _log.warning("%s; a pack has it whole", damage)
        return found

    def read_as(self, kind: str, oid: Oid) -> bytes:
        """Give the bytes of an object that has to be of one kind. StoreError if it is of another."""
        found, data = self.read(oid)
        if found != kind:
            raise StoreError(f"object {oid} is a {found} where a {kind} should be")
        return data

    def read_tree(self, oid: Oid) -> tuple[TreeEntry, ...]:
        """Give a tree's entries, in git's order."""
        try:
            return decode_tree(self.read_as("tree", oid))
        except StoreError as error:
            raise _naming(oid, error) from error

    def read_commit(self, oid: Oid) -> Commit:
        """Give a commit."""
        try:
            return Commit.decode(self.read_as("commit", oid))
        except StoreError as error:
            raise _naming(oid, error) from error

    def read_packed(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object from a pack (or an alternate), or None. StoreError if every copy is damaged there."""
        if not is_oid(oid):
            return None
        with self._guard:
            packs = self._open_packs()
            if packs is None:
                return None
            try:
                return _verified(oid, packs.get_raw(cast("ObjectID", oid.encode("ascii"))))
            except KeyError:
                return None
            except Exception as error:  # a damaged pack makes dulwich raise nearly anything
                found = _search(packs, oid)
                if found is None:
                    raise StoreError(f"object {oid} is damaged in its pack, or its pack is: {error}") from error
                return found

    def has(self, oid: Oid) -> bool:
        """Say whether there is such an object; whether it is whole, only reading it tells."""
        return (
            any(writer.read(oid) for writer in self._pending)
            or (is_oid(oid) and os.path.exists(loose_path(self.folder, oid)))
            or self.is_packed(oid)
        )

    def is_packed(self, oid: Oid) -> bool:
        """Say whether a pack names the object."""
        if not is_oid(oid):
            return False
        with self._guard:
            packs = self._open_packs()
            try:
                return packs is not None and bool(packs.contains_packed(cast("ObjectID", oid.encode("ascii"))))
            except Exception:  # noqa: BLE001 - as above, of any damaged pack; it is logged
                _log.warning("a pack in %s is damaged", self.folder, exc_info=True)
                return packs is not None and _search(packs, oid) is not None

    def _open_packs(self) -> DiskObjectStore | None:
        """Give dulwich's store once there is a pack: loading dulwich costs more than opening a small store."""
        if self._closed:
            raise StoreError("the repository is closed")
        if self._packs is None and self._has_packs():
            from dulwich.object_store import DiskObjectStore

            self._packs = DiskObjectStore(self.folder)
            # Who forgets to close a repository hears nothing of it: dulwich would complain, at exit in many words.
            self._closer = weakref.finalize(self, _close, self._packs)
        return self._packs

    def _has_packs(self) -> bool:
        try:
            names = os.listdir(self.folder + "/pack")
        except FileNotFoundError:
            names = []
        return any(name.endswith(".idx") for name in names) or os.path.exists(self.folder + "/info/alternates")

    def forget_packs(self) -> None:
        """Close the packs that are open, for who replaced them; they are opened again when they are needed."""
        with self._guard:
            self._packs = None
            if self._closer is not None:
                self._closer()

    def close(self) -> None:
        """Close all files. May be called twice."""
        with self._guard:
            self._closed = True
            self.forget_packs()


def _verified(oid: Oid, raw: tuple[int, bytes]) -> tuple[str, bytes]:
    kind, data = _NAMES.get(raw[0], ""), raw[1]
    if not kind or _hash(kind, data) != oid:
        raise StoreError("its content is not what its id says")
    return kind, data


def _close(packs: DiskObjectStore) -> None:
    packs.close()
    for alternate in packs.alternates:
        alternate.close()


def _search(packs: DiskObjectStore, oid: Oid) -> tuple[str, bytes] | None:
    """Find a whole copy in any pack, going round the damaged ones."""
    for pack in packs.packs:
        with contextlib.suppress(Exception):
            return _verified(oid, pack.get_raw(cast("RawObjectID", bytes.fromhex(oid))))
    return None


def _hash(kind: str, data: bytes) -> Oid:
    digest = hashlib.sha1(header(kind, data), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


def _naming(oid: Oid, error: StoreError) -> StoreError:
    """Give the error with the object's name in it."""
    return error if oid in error.message else StoreError(f"object {oid} is {error.message}")
