"""Writing many objects as one pack, with memory that does not grow with their size."""
# ruff: noqa: PTH103, PTH104, PTH110, PTH208
# No Path objects here: runs once an object, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import threading
import zlib
from collections.abc import Callable, Collection, Iterable
from itertools import accumulate
from typing import TypeAlias

from claif_git.git.files import CLOSED, TO_PACK, remove, replace, sync_folder, temporary, write_all
from claif_git.git.kinds import Oid, header, is_oid
from claif_git.git.packdeltas import TreeDeltas
from claif_git.git.packentry import INDEX_START, KINDS, OFFSET_DELTA, encode_entry, entry_start, way_back
from claif_git.git.packfile import apply_delta

_BUFFER = 1 << 20
OFFSET_BITS = 40
"""An entry of an index to be: its checksum, shifted by these, and its position in the pack."""
_LARGE = 1 << 31
Keep: TypeAlias = Callable[[str], object]
OTHERS_BUSINESS = frozenset({"keep", "promisor", "mtimes", "bitmap"})
"""Endings of files beside a pack that somebody keeps on purpose, or that has ages or an index of its own."""


class PackWriter:
    """Writes one pack with its index. For one thread; leave the block normally, and the pack is there.

    Objects stand whole, but for trees that grow; git makes deltas of the others when it repacks. What is kept in memory
    is an id and a position for each, and the last few trees.

    keep    is given the path of a file beside the pack before that is there, to hold it until refs point into it: who
            packs all anew leaves such a pack alone
    """

    def __init__(self, pack_folder: str, *, durable: bool, keep: Keep | None = None) -> None:
        self._folder, self._durable, self._keep = pack_folder, durable, keep
        self._at: dict[bytes, int] = {}  # id -> checksum << 40 | position: one int is a third of a tuple
        self._made = ""
        self._fd = -1
        self._buffer = bytearray()
        self._size = 0
        self._trees = TreeDeltas()
        self._guard = threading.Lock()  # other threads may read what one adds
        self.name = ""
        """The pack's, without its ending, once it is written."""

    def add(self, kind: str, data: bytes) -> Oid:
        """Take an object and give its id. Others see it when the block ends."""
        digest = hashlib.sha1(header(kind, data), usedforsecurity=False)
        digest.update(data)
        name = digest.digest()
        if name not in self._at:
            with self._guard:
                self._append(name, kind, data)
        return name.hex()

    def _append(self, name: bytes, kind: str, data: bytes) -> None:
        if self._fd < 0:
            self._open()
        at = self._size + len(self._buffer)
        delta = self._trees.entry(data, at) if kind == "tree" else None
        record = encode_entry(kind, data) if delta is None else delta
        self._buffer += record
        self._at[name] = zlib.crc32(record) << OFFSET_BITS | at
        if len(self._buffer) >= _BUFFER:
            self._spill()

    def _open(self) -> None:
        os.makedirs(self._folder, exist_ok=True)
        self._made = temporary(self._folder, TO_PACK)
        self._fd = os.open(self._made, os.O_RDWR | os.O_CREAT | os.O_EXCL | CLOSED, 0o444)
        self._buffer += struct.pack(">4sLL", b"PACK", 2, 0)

    def _spill(self) -> None:
        write_all(self._fd, bytes(self._buffer))
        self._size += len(self._buffer)
        self._buffer.clear()

    def read(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object that was added and is not visible yet."""
        packed = self._at.get(bytes.fromhex(oid)) if is_oid(oid) else None
        if packed is None:
            return None
        at = packed & (1 << OFFSET_BITS) - 1
        with self._guard:
            if self._fd < 0:
                return None  # it is published: found among the packs
            return self._entry(at)

    def _entry(self, at: int) -> tuple[str, bytes]:
        spilled = at < self._size
        record = os.pread(self._fd, _BUFFER, at) if spilled else bytes(self._buffer[at - self._size :])
        number, _, start = entry_start(record)
        if number != OFFSET_DELTA:
            return KINDS[number], self._inflate(record, start, at)
        back, start = way_back(record, start)
        kind, base = self._entry(at - back)  # as deep as TreeDeltas lets a chain grow
        return kind, apply_delta(base, self._inflate(record, start, at))

    def _inflate(self, record: bytes, start: int, at: int) -> bytes:
        inflater = zlib.decompressobj()
        data = inflater.decompress(record[start:])
        at += len(record)
        while not inflater.eof:  # an object of more than a buffer
            more = os.pread(self._fd, _BUFFER, at)
            data += inflater.decompress(more)
            at += len(more)
        return data

    def flush(self) -> None:
        """Finish the pack: readers take it for one once its index is there, so that comes last."""
        with self._guard:
            if self._fd < 0:
                return
            self._spill()
            os.pwrite(self._fd, struct.pack(">4sLL", b"PACK", 2, len(self._at)), 0)
            checksum = self._checksum()
            write_all(self._fd, checksum)
            if self._durable:
                os.fsync(self._fd)
            self._publish(checksum)
            os.close(self._fd)
            self._fd = -1

    def _publish(self, checksum: bytes) -> None:
        self.name = f"pack-{checksum.hex()}"
        base = f"{self._folder}/{self.name}"
        if self._keep is not None:
            self._keep(base + ".keep")
        if os.path.exists(base + ".idx") and not self._durable:
            remove(self._made)  # the same pack, which may be on the disk already as ours is not
            return
        os.rename(self._made, base + ".pack")
        replace(base + ".idx", encode_index(self._at.items(), checksum), durable=self._durable, prefix=TO_PACK)
        if self._durable:
            sync_folder(self._folder)

    def _checksum(self) -> bytes:
        digest = hashlib.sha1(usedforsecurity=False)
        at = 0
        while chunk := os.pread(self._fd, _BUFFER, at):
            digest.update(chunk)
            at += len(chunk)
        return digest.digest()

    def abandon(self) -> None:
        """Drop the pack."""
        with self._guard:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
                remove(self._made)


def drop_packs(folder: str, names: Collection[str]) -> None:
    """Remove packs with all that belongs to them, their indexes first: without one there is no pack."""
    for name in names:
        remove(f"{folder}/{name}.idx")
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(folder):
            if name.partition(".")[0] in names:
                remove(f"{folder}/{name}")


def encode_index(entries: Iterable[tuple[bytes, int]], pack_checksum: bytes) -> bytes:
    """Write an index of version 2. Each entry is an id, and its checksum << 40 | its position in the pack."""
    rows = sorted(entries)
    counts = [0] * 256
    for name, _ in rows:
        counts[name[0]] += 1
    offsets = [row[1] & (1 << OFFSET_BITS) - 1 for row in rows]
    large = [offset for offset in offsets if offset >= _LARGE]
    ranks = {offset: _LARGE + at for at, offset in enumerate(large)}
    parts = [INDEX_START, struct.pack(">256L", *accumulate(counts)), b"".join(name for name, _ in rows)]
    parts.append(struct.pack(f">{len(rows)}L", *(row[1] >> OFFSET_BITS for row in rows)))
    parts.append(struct.pack(f">{len(rows)}L", *(ranks.get(offset, offset) for offset in offsets)))
    parts += [struct.pack(f">{len(large)}Q", *large), pack_checksum]
    body = b"".join(parts)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
