"""A turn on the disk: its objects as one small pack, and the ref that moves to them, in as few waits as can be.

The pack, its index and what the ref is to say are synced together; then the pack gets its name, then the ref. So
whatever a power cut leaves, git finds either the turn or none of it, and nothing that is cut. While the ref has not
moved, a file `.keep` beside the pack tells a `git repack -a -d` to leave it alone, as git's own fetch does. It is a
link to the file that this process holds locked, so that a dead writer's is known for one. `gathering` joins the packs.
"""
# ruff: noqa: PTH103, PTH104, PTH110, PTH120
# No Path objects here: runs with every turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from claif_git.git.files import CLOSED, TO_PACK, remove, temporary, write_all
from claif_git.git.kinds import Oid, header
from claif_git.git.lockfiles import LockFiles
from claif_git.git.packentry import encode_entry
from claif_git.git.packs import OFFSET_BITS, encode_index
from claif_git.git.refs import Refs
from claif_git.git.syncing import Syncer

KEEP_WAIT = 10.0
"""Seconds for which another process that writes the very same pack is waited for."""


class Disk(NamedTuple):
    """What a turn is written with."""

    objects: str
    refs: Refs
    locks: LockFiles
    syncer: Syncer


class Turn:
    """Objects, and one ref that moves to them. For one thread.

    Every object is written, whether the repository has it or not: that heals a damaged one, keeps an old one from being
    pruned, and makes durable what somebody wrote without syncing.
    """

    def __init__(self, disk: Disk, *, durable: bool) -> None:
        self._disk, self._durable = disk, durable
        self._folder = disk.objects + "/pack"
        self._taken: dict[Oid, tuple[str, bytes]] = {}
        self._moved = ""

    def add(self, kind: str, data: bytes) -> Oid:
        """Take an object and give its id. Others see it once the turn is published."""
        digest = hashlib.sha1(header(kind, data), usedforsecurity=False)
        digest.update(data)
        oid = digest.hexdigest()
        self._taken[oid] = (kind, data)
        return oid

    def read(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object that was added."""
        return self._taken.get(oid)

    def publish(self, ref: str, old: Oid | None, new: Oid) -> bool:
        """Put the objects in place, and move `ref` from `old` (None: it does not exist) to `new`.

        False if it stood elsewhere. Others see it now; it survives a power cut once `settle` has returned. What the
        moving of a ref raises.
        """
        made: list[str] = []
        try:
            base = self._write(made, new)
            with self._named(base, made[1:]) if base else contextlib.nullcontext():
                moved = self._disk.refs.move(ref, old, new, durable=False, made=made[0])
        except BaseException:
            _remove_all(made)
            raise
        if moved:
            self._moved = ref
        else:
            _remove_all(made)
        return moved

    def settle(self) -> None:
        """Return once what was published survives a power cut. It need not be done while others wait for the ref."""
        if self._durable and self._moved:
            self._disk.refs.settle(self._moved)

    def _write(self, made: list[str], new: Oid) -> str:
        """Write what the ref is to say, the pack and its index, beside where they will stand; give the pack's name."""
        path, text = self._disk.refs.prepared(new)
        files, base = [(path, text)], ""
        if self._taken:
            pack, index, name = self._packed()
            base = f"{self._folder}/pack-{name}"
            files += [(temporary(self._folder, TO_PACK), pack), (temporary(self._folder, TO_PACK), index)]
        descriptors: list[int] = []
        try:
            for path, data in files:
                descriptors.append(self._create(path))
                made.append(path)
                write_all(descriptors[-1], data)
            if self._durable:
                self._disk.syncer.files(descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return base

    def _create(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | CLOSED
        mode = 0o444 if path.startswith(self._folder) else 0o666
        try:
            return os.open(path, flags, mode)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return os.open(path, flags, mode)

    def _packed(self) -> tuple[bytes, bytes, str]:
        """Give a pack, its index, and its name."""
        parts = [struct.pack(">4sLL", b"PACK", 2, len(self._taken))]
        at, places = len(parts[0]), list[tuple[bytes, int]]()
        for oid, (kind, data) in self._taken.items():
            entry = encode_entry(kind, data)
            places.append((bytes.fromhex(oid), zlib.crc32(entry) << OFFSET_BITS | at))
            parts.append(entry)
            at += len(entry)
        body = b"".join(parts)
        checksum = hashlib.sha1(body, usedforsecurity=False).digest()
        return body + checksum, encode_index(places, checksum), checksum.hex()

    @contextlib.contextmanager
    def _named(self, base: str, made: list[str]) -> Iterator[None]:
        """Give the pack its name, and keep it, for the block, from who packs anew."""
        with self._disk.locks.hold(base + ".keep", KEEP_WAIT):
            if self._durable or not os.path.exists(base + ".idx"):
                for path, suffix in zip(made, (".pack", ".idx"), strict=True):  # readers look for the index
                    os.rename(path, base + suffix)
            else:
                _remove_all(made)  # the same pack, which may be on the disk already as ours is not
            if self._durable:
                self._disk.syncer.folders([self._folder], self._disk.objects)
            yield


def _remove_all(paths: list[str]) -> None:
    for path in paths:
        remove(path)
