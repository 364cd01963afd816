"""Reading one pack by hand: an object's place from the index, its bytes from the pack, deltas and all.

With plain reads and no memory maps: a file that somebody cuts short is then an error and no bus error, and memory does
not grow with what was read. The formats are those of git's documentation (gitformat-pack).
"""

from __future__ import annotations

import os
import struct
import weakref
import zlib
from collections.abc import Iterator

from claif_git.errors import StoreError
from claif_git.git.files import CLOSED
from claif_git.git.loose import LARGEST
from claif_git.git.packentry import (
    INDEX_START,
    KINDS,
    NAMED_DELTA,
    NAMES_AT,
    OFFSET_DELTA,
    delta_sizes,
    entry_start,
    way_back,
)

_NAME = 20
_TRAILERS = 40
_LARGE = 1 << 31
_AT_ONCE = 1 << 14  # ids that are read in one go
_FIRST_READ = 4096  # bytes: holds nearly every entry
_START = 16  # bytes: the kind and size of any entry, and how what follows begins
_LONGEST_CHAIN = 4096  # git writes 50, and 250 where it is asked for its best
_CACHED = 8 << 20  # bytes of bases and of index, each
_HELD = 32 << 10  # bytes: a file of a turn's pack is read once, and not kept open
_FEW = 256  # objects: where they stand is read at once too


class _File:
    """A file to be read at any place. A small one is held; a large one stays open until nobody refers to it."""

    def __init__(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | CLOSED)
        closer = weakref.finalize(self, os.close, fd)
        self._fd, self.size, self._data = fd, os.fstat(fd).st_size, b""
        if self.size <= _HELD:
            self._data = os.pread(fd, self.size, 0)
            closer()

    def read(self, size: int, at: int) -> bytes:
        """Give `size` bytes from a place on, or those that there are."""
        return self._data[at : at + size] if self.size <= _HELD else os.pread(self._fd, size, at)


class PackFile:
    """One pack and its index. Any number of threads may read."""

    def __init__(self, base: str) -> None:
        """Open `base`.idx and `base`.pack. FileNotFoundError; StoreError if it is no pack that we can read."""
        self.base = base
        self._buckets: dict[int, tuple[bytes, bytes]] = {}
        self._bases: dict[int, tuple[int, bytes]] = {}
        self._bucket_bytes = self._base_bytes = 0
        self._index = _File(base + ".idx")
        self._pack = _File(base + ".pack")
        self._fanout = self._read_fanout()
        self.count = self._fanout[-1]
        self._few = self._read_few() if self.count <= _FEW else None

    def _read_fanout(self) -> tuple[int, ...]:
        start = self._index.read(NAMES_AT, 0)
        if len(start) < NAMES_AT or not start.startswith(INDEX_START):
            raise StoreError(f"{self.base}.idx is damaged, or no index of version 2")
        fanout = struct.unpack_from(">256L", start, len(INDEX_START))
        whole = NAMES_AT + fanout[-1] * (_NAME + 8) + _TRAILERS
        if list(fanout) != sorted(fanout) or self._index.size < whole:
            raise StoreError(f"{self.base}.idx is damaged")
        return fanout

    def _read_few(self) -> dict[bytes, int]:
        names, places = list(self.names()), self._whole(self._places_at, 4)
        return dict(zip(names, struct.unpack(f">{self.count}L", places), strict=True))

    @property
    def _places_at(self) -> int:
        """Where the index has the objects' places."""
        return NAMES_AT + self.count * (_NAME + 4)

    def find(self, name: bytes) -> int | None:
        """Give where an object (its id as 20 bytes) stands in the pack; None if it is not in it. StoreError."""
        place = self._searched(name) if self._few is None else self._few.get(name)
        return self._large(place - _LARGE) if place is not None and place >= _LARGE else place

    def _searched(self, name: bytes) -> int | None:
        names, places = self._buckets.get(name[0]) or self._bucket(name[0])
        at = names.find(name)
        while at > 0 and at % _NAME:  # across two ids
            at = names.find(name, at + 1)
        if at < 0:
            return None
        return int.from_bytes(places[at // _NAME * 4 : at // _NAME * 4 + 4], "big")

    def _bucket(self, first: int) -> tuple[bytes, bytes]:
        """Read the ids that start with one byte, and their places."""
        start, end = self._fanout[first - 1] if first else 0, self._fanout[first]
        names = self._index.read((end - start) * _NAME, NAMES_AT + start * _NAME)
        places = self._index.read((end - start) * 4, self._places_at + start * 4)
        if len(names) != (end - start) * _NAME or len(places) != (end - start) * 4:
            raise StoreError(f"{self.base}.idx is cut short")
        self._bucket_bytes += len(names) + len(places)
        if self._bucket_bytes > _CACHED:
            self._buckets, self._bucket_bytes = {}, len(names) + len(places)
        self._buckets[first] = names, places
        return names, places

    def _large(self, rank: int) -> int:
        found = self._index.read(8, NAMES_AT + self.count * (_NAME + 8) + rank * 8)
        if len(found) < 8 or found[0] >= 0x80:
            raise StoreError(f"{self.base}.idx is damaged")
        return int.from_bytes(found, "big")

    def ids(self) -> list[str]:
        """Give the ids of all objects in the pack, in order. StoreError."""
        return [name.hex() for name in self.names()]

    def names(self) -> Iterator[bytes]:
        """Give the ids of all objects, in order, as 20 bytes each, with memory that does not grow. StoreError."""
        for at in range(0, self.count, _AT_ONCE):
            size = min(_AT_ONCE, self.count - at) * _NAME
            names = self._index.read(size, NAMES_AT + at * _NAME)
            if len(names) != size:
                raise StoreError(f"{self.base}.idx is cut short")
            yield from (names[at : at + _NAME] for at in range(0, size, _NAME))

    def all_names(self) -> bytes:
        """Give the ids of all objects, in order, one after the other. StoreError."""
        return self._whole(NAMES_AT, _NAME)

    def places(self) -> list[int]:
        """Give where the objects stand in the pack, in the order of their ids. StoreError."""
        found = struct.unpack(f">{self.count}L", self._whole(self._places_at, 4))
        return [self._large(place - _LARGE) if place >= _LARGE else place for place in found]

    def _whole(self, start: int, each: int) -> bytes:
        """Read a table of the index that has so many bytes for each object."""
        found = self._index.read(self.count * each, start)
        if len(found) != self.count * each:
            raise StoreError(f"{self.base}.idx is cut short")
        return found

    def sample(self, most: int) -> list[bytes]:
        """Give the first bytes, as they stand in the pack, of that many entries, spread over all. StoreError."""
        found: list[bytes] = []
        for at in range(0, self.count, max(self.count // most, 1)):
            place = self._index.read(4, self._places_at + at * 4)
            if len(place) == 4 and place[0] < 0x80:
                found.append(self._pack.read(_START, int.from_bytes(place, "big")))
        return found

    def starting(self, prefix: str) -> list[str]:
        """Give the ids that begin with `prefix`, of two hex digits or more. StoreError."""
        names, _ = self._bucket(int(prefix[:2], 16))
        whole = (names[at : at + _NAME].hex() for at in range(0, len(names), _NAME))
        return [oid for oid in whole if oid.startswith(prefix)]

    def read(self, at: int) -> tuple[int, bytes]:
        """Give the kind (by git's number, 1 to 4) and the bytes of the object at a place. Nobody checked them.

        StoreError if there is none, or it is larger than any that we write.
        """
        deltas: list[tuple[int, bytes]] = []
        while True:
            found = self._bases.get(at)
            if found is not None:
                break
            number, data, base = self._entry(at)
            if base is None:
                found = number, data
                break
            deltas.append((at, data))
            if len(deltas) > _LONGEST_CHAIN:
                raise StoreError(f"{self.base}.pack is damaged: a chain of deltas without end")
            at = base
        if not deltas:
            return found
        number, data = found
        self._keep(at, number, data)
        for at, delta in reversed(deltas):
            data = apply_delta(data, delta)
            self._keep(at, number, data)
        return number, data

    def _keep(self, at: int, number: int, data: bytes) -> None:
        """Keep what other deltas may build on."""
        if at in self._bases or len(data) > _CACHED // 4:
            return
        self._base_bytes += len(data)
        if self._base_bytes > _CACHED:
            self._bases, self._base_bytes = {}, len(data)
        self._bases[at] = number, data

    def _entry(self, at: int) -> tuple[int, bytes, int | None]:
        """Give an entry's number, its inflated bytes, and for a delta the place of its base."""
        raw = self._pack.read(_FIRST_READ, at)
        try:
            number, size, start = entry_start(raw)
            base: int | None = None
            if number == OFFSET_DELTA:
                back, start = way_back(raw, start)
                base = at - back
                if not 0 < base < at:
                    raise StoreError(f"{self.base}.pack is damaged: a delta on nothing")
            elif number == NAMED_DELTA:
                base, start = self.find(raw[start : start + _NAME]), start + _NAME
                if base is None:
                    raise StoreError(f"{self.base}.pack is damaged: a delta on what it does not hold")
            elif number not in KINDS:
                raise StoreError(f"{self.base}.pack is damaged: an entry of no kind that git knows")
        except IndexError:
            raise StoreError(f"{self.base}.pack is cut short") from None
        return number, self._inflated(raw, start, size, at), base

    def _inflated(self, raw: bytes, start: int, size: int, at: int) -> bytes:
        if size > LARGEST:
            raise StoreError(f"{self.base}.pack has an object of {size:,} bytes, more than any that we write")
        short = size + (size >> 2) + 64 - (len(raw) - start)  # what zlib may need at most
        packed = memoryview(raw)[start:]
        if short > 0 and len(raw) == _FIRST_READ:
            packed = memoryview(raw[start:] + self._pack.read(short, at + len(raw)))
        inflater = zlib.decompressobj()
        try:
            data = inflater.decompress(packed, size + 1)
        except zlib.error as error:
            raise StoreError(f"{self.base}.pack is damaged: {error}") from error
        if len(data) != size or not inflater.eof:
            raise StoreError(f"{self.base}.pack is damaged: an entry is not as long as it says")
        return data


def apply_delta(base: bytes, delta: bytes) -> bytes:
    """Give what a delta makes of its base. StoreError if it does not fit it."""
    try:
        taken, size, at = delta_sizes(delta)
        if taken != len(base) or size > LARGEST:
            raise StoreError("a delta is damaged: it is for another base")
        made = b"".join(_pieces(base, delta, at, size))
    except IndexError:
        raise StoreError("a delta is damaged: it is cut short") from None
    if len(made) != size:
        raise StoreError("a delta is damaged: it makes less than it says")
    return made


def _pieces(base: bytes, delta: bytes, at: int, size: int) -> list[bytes]:
    pieces: list[bytes] = []
    end = len(delta)
    while at < end:
        order = delta[at]
        at += 1
        if order & 0x80:
            start = length = 0
            for bit in range(4):
                if order >> bit & 1:
                    start |= delta[at] << 8 * bit
                    at += 1
            for bit in range(3):
                if order >> (4 + bit) & 1:
                    length |= delta[at] << 8 * bit
                    at += 1
            piece = base[start : start + (length or 0x10000)]
        elif order:
            piece = delta[at : at + order]
            at += order
        else:
            raise StoreError("a delta is damaged: an order that git does not know")
        size -= len(piece)
        if size < 0:
            raise StoreError("a delta is damaged: it makes more than it says")
        pieces.append(piece)
    return pieces
