"""Looking at a pack without unpacking it: which objects it names, of what kind, and how large they would be.

A few bytes of a pack can stand for gigabytes, so sizes are read from the entries' own headers before anything is
inflated. The pack and its index have been checked by whoever made the index.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from claif_git.errors import StoreError
from claif_git.git.kinds import Oid
from claif_git.git.packentry import KINDS, NAMED_DELTA, OFFSET_DELTA, delta_sizes, entry_start, way_back
from claif_git.git.packfile import PackFile

_DEEPEST = 10_000
"""Deltas that build on deltas. Git makes chains of 50, and never more than 4,095."""


class PackedInfo(NamedTuple):
    """An object's kind and size, and the largest of what has to be in memory to build it from its deltas."""

    kind: str
    size: int
    largest: int


class PackInfo:
    """One pack with an index of version 2. Close it after use."""

    def __init__(self, pack: Path) -> None:
        self.pack = pack
        self.data = _mapped(pack)
        try:
            self.file = PackFile(str(pack.with_suffix("")))
        except (OSError, StoreError) as error:
            self.data.close()
            raise error if isinstance(error, StoreError) else StoreError(f"cannot read {pack.name}: {error}") from error
        self.count = self.file.count

    def close(self) -> None:
        """Let go of the files."""
        self.data.close()

    def oids(self) -> Iterator[Oid]:
        """Give all objects."""
        return (name.hex() for name in self.file.names())

    def find(self, oid: Oid) -> int | None:
        """Give where an object stands in the pack; None if the pack does not name it."""
        return self.file.find(bytes.fromhex(oid))

    def has(self, oid: Oid) -> bool:
        """Whether the pack names the object."""
        return self.find(oid) is not None

    def info(self, oid: Oid) -> PackedInfo | None:
        """Give an object's kind and sizes in bytes; None if it is not in this pack. StoreError for damage."""
        place = self.find(oid)
        return None if place is None else self.info_at(place, oid)

    def info_at(self, place: int, oid: Oid) -> PackedInfo:
        """Give the same of the object that stands at a place."""
        try:
            return self._info(place)
        except (IndexError, struct.error, zlib.error) as error:
            raise StoreError(f"object {oid} is damaged in its pack") from error

    def read(self, place: int) -> tuple[str, bytes]:
        """Give the kind and bytes of the object at a place. StoreError for damage."""
        number, data = self.file.read(place)
        return KINDS[number], data

    def longest(self) -> int:
        """Give the largest size, in bytes, that an entry is inflated to. StoreError for damage."""
        try:
            places = (self.file.find(name) or 0 for name in self.file.names())
            return max((entry_start(self.data, place)[1] for place in places), default=0)
        except (IndexError, struct.error) as error:
            raise StoreError(f"{self.pack.name} is damaged") from error

    def _info(self, offset: int) -> PackedInfo:
        size = largest = -1
        for _ in range(_DEEPEST):
            number, stored, at = entry_start(self.data, offset)
            largest = max(largest, stored)
            if number in KINDS:
                return PackedInfo(KINDS[number], stored if size < 0 else size, largest)
            if number == OFFSET_DELTA:
                back, at = way_back(self.data, at)
                base = offset - back
            elif number == NAMED_DELTA:
                base, at = self.file.find(self.data[at : at + 20]) or -1, at + 20
            else:
                break
            if not 0 < base < len(self.data) or base == offset:
                break
            result = self.result_size(at)
            size, largest, offset = result if size < 0 else size, max(largest, result), base
        raise IndexError

    def result_size(self, at: int) -> int:
        """Give the size of what the delta makes that starts at a place. IndexError or zlib.error for damage."""
        return delta_sizes(zlib.decompressobj().decompress(self.data[at : at + 64], 32))[1]


def _mapped(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {path.name}: {error}") from error
