"""Loose objects: one file each, written so that neither kill -9 nor a power cut can leave half of one behind."""
# ruff: noqa: PTH103, PTH104, PTH208
# No Path objects here: runs five times a turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import hashlib
import os
import zlib
from dataclasses import dataclass

from claif_git.errors import StoreError
from claif_git.git.files import CLOSED, read_file, remove, temporary, write_all
from claif_git.git.kinds import KINDS, Oid, header, is_oid
from claif_git.git.syncing import Syncer

LARGEST = 512 * 1024 * 1024
"""Bytes. Git's own core.bigFileThreshold: what claims to be larger is taken for a bomb."""

_LEVEL = 1  # higher levels cost more time than the disk space is worth until git packs the object anyway
_BUNCH = 64  # how many files are written before they are synced and named: bounds open files and memory
_TRIES = 50


def loose_path(objects: str, oid: Oid) -> str:
    """Give where a loose object stands."""
    return f"{objects}/{oid[:2]}/{oid[2:]}"


def loose_starting(objects: str, prefix: str) -> set[Oid]:
    """Give the loose objects whose ids begin with `prefix`, of two hex digits or more."""
    first, rest = prefix[:2], prefix[2:]
    try:
        names = os.listdir(f"{objects}/{first}")
    except (FileNotFoundError, NotADirectoryError):
        return set()
    return {first + name for name in names if name.startswith(rest) and is_oid(first + name)}


def read_loose(objects: str, oid: Oid) -> tuple[str, bytes] | None:
    """Read and verify a loose object: its kind and bytes, or None. StoreError if it is damaged."""
    try:
        packed = read_file(loose_path(objects, oid))
    except (FileNotFoundError, NotADirectoryError):
        return None
    return unpack(oid, packed)


def unpack(oid: Oid, packed: bytes) -> tuple[str, bytes]:
    """Give the kind and bytes of a loose object's file. StoreError that names it if they are not what its id says."""
    try:
        inflater = zlib.decompressobj()
        whole = inflater.decompress(packed, LARGEST)
    except zlib.error as error:
        raise StoreError(f"object {oid} is damaged: {error}") from error
    if not inflater.eof or hashlib.sha1(whole, usedforsecurity=False).hexdigest() != oid:
        raise StoreError(f"object {oid} is damaged: its content is not what its id says")
    kind, _, data = whole.partition(b"\x00")
    name = kind.partition(b" ")[0].decode("ascii", "replace")
    if name not in KINDS:
        raise StoreError(f"object {oid} is of no kind that git knows")
    return name, data


def _touched(path: str) -> bool:
    """Make a file a new one, so that nobody prunes it as long forgotten; False if somebody just packed it."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


@dataclass(slots=True)
class _Staged:
    fd: int
    made: str
    kind: str
    data: bytes


class LooseWriter:
    """Writes loose objects. For one thread; leave the block normally, and they are there, and durable if asked."""

    def __init__(self, objects: str, syncer: Syncer, *, durable: bool) -> None:
        self._objects, self._syncer, self._durable = objects, syncer, durable
        self._staged: dict[Oid, _Staged] = {}
        self._written: set[Oid] = set()

    def add(self, kind: str, data: bytes) -> Oid:
        """Take an object and give its id. Others see it when the block ends.

        Where it must be durable, one that is there already is written again: that heals a damaged file, keeps an old
        one from being pruned, and makes durable what somebody wrote without syncing.
        """
        whole = header(kind, data) + data
        oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        if oid not in self._staged and oid not in self._written:
            self._staged[oid] = self._stage(oid, kind, data, zlib.compress(whole, _LEVEL))
            if len(self._staged) >= _BUNCH:
                self.flush()
        return oid

    def read(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object that was added and is not visible yet."""
        staged = self._staged.get(oid)
        return (staged.kind, staged.data) if staged else None

    def _stage(self, oid: Oid, kind: str, data: bytes, packed: bytes) -> _Staged:
        """Write the object beside where it will stand."""
        folder = f"{self._objects}/{oid[:2]}"
        made = temporary(folder, "tmp_obj_")
        for _ in range(_TRIES):
            try:
                fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | CLOSED, 0o444)
                break
            except FileNotFoundError:  # no such folder yet, or somebody's gc removed it while it was empty
                with contextlib.suppress(FileNotFoundError, FileExistsError):
                    os.makedirs(folder, exist_ok=True)
        else:
            raise StoreError(f"cannot write to {folder}: it keeps vanishing")
        staged = _Staged(fd, made, kind, data)
        try:
            write_all(fd, packed)
        except BaseException:
            self._discard(staged)
            raise
        return staged

    def flush(self) -> None:
        """Sync what was added, give it its names, and sync the folders that name it, each once."""
        if self._durable:
            self._syncer.files([staged.fd for staged in self._staged.values()])
        folders = set()
        for oid, staged in self._staged.items():
            self._publish(oid, staged.made)
            folders.add(f"{self._objects}/{oid[:2]}")
        if self._durable:
            self._syncer.folders(folders, self._objects)
        for staged in self._staged.values():
            os.close(staged.fd)
        self._written.update(self._staged)
        self._staged = {}

    def _publish(self, oid: Oid, made: str) -> None:
        """Give a written object its name."""
        path = loose_path(self._objects, oid)
        if self._durable:
            os.rename(made, path)
            return
        try:  # what stands there may be on the disk, which ours is not
            os.link(made, path)
        except FileExistsError:
            if not self._is_whole(oid) or not _touched(path):
                os.rename(made, path)
                return
        remove(made)

    def _is_whole(self, oid: Oid) -> bool:
        try:
            return read_loose(self._objects, oid) is not None
        except StoreError:
            return False

    def abandon(self) -> None:
        """Drop what is not named yet."""
        for staged in self._staged.values():
            self._discard(staged)
        self._staged = {}

    @staticmethod
    def _discard(staged: _Staged) -> None:
        os.close(staged.fd)
        remove(staged.made)
