"""Reading objects, loose and packed. Every object is checked against its id."""
# ruff: noqa: PTH110
# No Path objects here: runs with every object read, and building them costs more than the calls.

from __future__ import annotations

import logging
import os
import threading
from typing import Protocol

from claif_git.errors import StoreError
from claif_git.git.kinds import Commit, Oid, TreeEntry, decode_tree, is_oid
from claif_git.git.loose import loose_path, loose_starting, read_loose
from claif_git.git.packed import Packed

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
        self._packed = Packed(folder)
        self._closed = False
        self._was_packed = False  # what is read one after another stands together

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
        if self._was_packed and (found := self._packs().peek(oid)):
            return found
        damage: StoreError | None = None
        try:
            if found := read_loose(self.folder, oid):
                self._was_packed = False
                return found
        except StoreError as error:
            damage = error  # a pack may hold it whole
        found = self.read_packed(oid)
        if found is None:
            raise damage or StoreError(f"object {oid} is missing")
        if damage:
            _log.warning("%s; a pack has it whole", damage)
        self._was_packed = True
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
        return self._packs().read(oid) if is_oid(oid) else None

    def has(self, oid: Oid) -> bool:
        """Say whether there is such an object; whether it is whole, only reading it tells."""
        return (
            any(writer.read(oid) for writer in self._pending)
            or (is_oid(oid) and os.path.exists(loose_path(self.folder, oid)))
            or self.is_packed(oid)
        )

    def has_still(self, oid: Oid) -> bool:
        """Say whether the object is there now. A pack that was removed meanwhile is readable as long as it is open."""
        return is_oid(oid) and (os.path.exists(loose_path(self.folder, oid)) or self._packs().has_still(oid))

    def is_packed(self, oid: Oid) -> bool:
        """Say whether a pack names the object."""
        return is_oid(oid) and self._packs().has(oid)

    def starting(self, prefix: str) -> list[Oid]:
        """Give the objects whose ids begin with `prefix`, of two hex digits or more, in order."""
        return sorted(loose_starting(self.folder, prefix) | self._packs().starting(prefix))

    def _packs(self) -> Packed:
        if self._closed:
            raise StoreError("the repository is closed")
        return self._packed

    def forget_packs(self) -> None:
        """Let go of the packs that are open, for who replaced them; they are opened again when they are needed."""
        self._packed = Packed(self.folder)

    def close(self) -> None:
        """Close all files, once nobody reads them any more. May be called twice."""
        self._closed = True
        self.forget_packs()


def _naming(oid: Oid, error: StoreError) -> StoreError:
    """Give the error with the object's name in it."""
    return error if oid in error.message else StoreError(f"object {oid} is {error.message}")
