"""Joining the small packs that turns leave: by size, a few at a time, so that readers always meet few.

Packs are of classes, each eight times the size of the one before. A class that is full becomes one pack, of the next,
so an object is written again once a class and no more. Entries are copied as they stand, a delta with the new way to
its base. Packs beyond the last class are left to git, and those with deltas on objects that they name. What is joined
is on the disk, under its name, before what it replaces goes; who still has that open keeps it.
"""
# ruff: noqa: PTH104, PTH116, PTH208
# No Path objects here: looked at every few turns, and building them costs more than the calls.

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from claif_git.errors import StoreError
from claif_git.git.files import TO_PACK, create, read_file, remove, sync_folder, temporary
from claif_git.git.packentry import INDEX_START, KINDS, NAMES_AT, OFFSET_DELTA, delta_start, entry_start, way_back
from claif_git.git.packs import OFFSET_BITS, OTHERS_BUSINESS, drop_packs, encode_index

_CLASSES = ((32 << 10, 24), (256 << 10, 5), (2 << 20, 5))
"""Bytes that a class's packs have at most, and how many of them are joined."""
_START = struct.Struct(">4sLL")
_CHECKSUM = 20


def due(objects: str) -> list[str]:
    """Give the packs to be joined, by path without ending; none if no class is full. Lists a folder."""
    folder = objects + "/pack"
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    if "multi-pack-index" in names:  # git's, which names packs: its own command knows how to change it
        return []
    bases: dict[str, set[str]] = {}
    for base, _, ending in (name.partition(".") for name in names):
        bases.setdefault(base, set()).add(ending)
    sizes = [
        (size, f"{folder}/{base}")
        for base, endings in bases.items()
        if {"idx", "pack"} <= endings and not endings & OTHERS_BUSINESS
        for size in _size(f"{folder}/{base}.pack")
    ]
    return _full(sizes)


def _size(path: str) -> list[int]:
    try:
        return [os.stat(path).st_size]
    except FileNotFoundError:
        return []


def _full(sizes: list[tuple[int, str]]) -> list[str]:
    """Give all packs up to the size of the largest class that is full."""
    below, found = 0, list[str]()
    for largest, most in _CLASSES:
        if sum(below <= size < largest for size, _ in sizes) >= most:
            found = [base for size, base in sizes if size < largest]
        below = largest
    return sorted(found)


def kept(objects: str) -> list[str]:
    """Give the files that keep packs from being joined or dropped, whoever made them."""
    try:
        names = os.listdir(objects + "/pack")
    except FileNotFoundError:
        return []
    return [f"{objects}/pack/{name}" for name in names if name.endswith(".keep")]


def gather(objects: str) -> int:
    """Join the packs that are due; give how many. For one at a time."""
    joined, entries, parts = list[str](), dict[bytes, int](), [b""]
    at = _START.size
    for base in due(objects):
        try:
            copied = list(_entries(base))
        except (StoreError, OSError, struct.error):
            continue  # damaged, gone, or as we write none: maintenance sees to those
        for entry in copied:
            if entry.name not in entries:
                data = entry.at(at, entries)
                entries[entry.name] = zlib.crc32(data) << OFFSET_BITS | at
                parts.append(data)
                at += len(data)
        joined.append(base)
    if len(joined) < 2:
        return 0
    parts[0] = _START.pack(b"PACK", 2, len(entries))
    made = _publish(objects + "/pack", b"".join(parts), entries)
    drop_packs(objects + "/pack", {base.rpartition("/")[2] for base in joined if base != made})
    return len(joined)


class _Entry(NamedTuple):
    """One entry of a pack: its id and bytes; of a delta, what follows its beginning, its size, and its base's id."""

    name: bytes
    data: bytes
    size: int = 0
    base: bytes = b""

    def at(self, place: int, entries: dict[bytes, int]) -> bytes:
        """Give the bytes for another place, behind the entries that are there: base before delta, as they were."""
        if not self.base:
            return self.data
        return delta_start(self.size, place - (entries[self.base] & (1 << OFFSET_BITS) - 1)) + self.data


def _entries(base: str) -> Iterator[_Entry]:
    """Give the entries of a pack, as they stand. StoreError if one is not as the index says, or as we write none."""
    index, pack = read_file(base + ".idx"), read_file(base + ".pack")
    (count,) = struct.unpack_from(">L", index, NAMES_AT - 4)
    if not index.startswith(INDEX_START) or pack[:12] != _START.pack(b"PACK", 2, count):
        raise StoreError(f"{base} is no pack that we know")
    checksums = struct.unpack_from(f">{count}L", index, NAMES_AT + 20 * count)
    places = struct.unpack_from(f">{count}L", index, NAMES_AT + 24 * count)
    order = sorted(range(count), key=places.__getitem__)
    ends = [*(places[number] for number in order), len(pack) - _CHECKSUM]
    names: dict[int, bytes] = {}
    for number, (start, end) in zip(order, pairwise(ends), strict=True):
        entry = pack[start:end]
        if zlib.crc32(entry) != checksums[number]:
            raise StoreError(f"{base} is damaged")
        name = names[start] = index[NAMES_AT + 20 * number : NAMES_AT + 20 * number + 20]
        yield _parted(base, name, entry, start, names)


def _parted(pack: str, name: bytes, entry: bytes, place: int, names: dict[int, bytes]) -> _Entry:
    try:
        number, size, start = entry_start(entry)
        if number in KINDS:
            return _Entry(name, entry)
        back, start = way_back(entry, start)
        if number != OFFSET_DELTA:
            raise StoreError(f"{pack} has deltas as we write none")
        return _Entry(name, entry[start:], size, names[place - back])
    except (IndexError, KeyError):
        raise StoreError(f"{pack} is damaged") from None


def _publish(folder: str, body: bytes, entries: dict[bytes, int]) -> str:
    """Write a pack and its index, each in one step, and see them on the disk; give its path without ending."""
    checksum = hashlib.sha1(body, usedforsecurity=False).digest()
    base = f"{folder}/pack-{checksum.hex()}"
    contents = {".pack": body + checksum, ".idx": encode_index(entries.items(), checksum)}
    made = {ending: temporary(folder, TO_PACK) for ending in contents}
    try:
        for ending, data in contents.items():
            create(made[ending], data, durable=True, mode=0o444)
        for ending, path in made.items():  # the index last: readers take what has one for a pack
            os.rename(path, base + ending)
    except BaseException:
        for path in made.values():
            remove(path)
        raise
    sync_folder(folder)
    return base
