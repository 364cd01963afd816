"""What an entry of a pack begins with, read and written, and where things stand in a pack's index (gitformat-pack).

Reading takes bytes or a map of them. IndexError for what is cut short, or too long for a number.
"""

from __future__ import annotations

import mmap
import zlib
from typing import TypeAlias

Data: TypeAlias = bytes | bytearray | mmap.mmap

KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
NUMBERS = {kind: number for number, kind in KINDS.items()}
OFFSET_DELTA, NAMED_DELTA = 6, 7
INDEX_START = b"\xfftOc\x00\x00\x00\x02"
NAMES_AT = len(INDEX_START) + 256 * 4
"""Where an index of version 2 has its ids, after how many there are up to each first byte."""

_LEVEL = 1  # higher levels cost more time than the space is worth until git packs the object anew
_SMALL, _SMALL_WINDOW, _SMALL_MEMORY = 4096, 12, 5  # making zlib's usual tables costs more than such an object itself
_WIDEST = 63  # bits of a size or an offset


def encode_entry(kind: str, data: bytes) -> bytes:
    """Write an object as it stands in a pack: type and size (four bits of it, then seven a byte), then its content."""
    return _start(NUMBERS[kind], len(data)) + _compressed(data)


def encode_delta_entry(delta: bytes, back: int) -> bytes:
    """Write a delta as it stands in a pack, `back` bytes behind its base."""
    return delta_start(len(delta), back) + _compressed(delta)


def delta_start(size: int, back: int) -> bytes:
    """Write what the entry of a delta of `size` bytes begins with, `back` bytes behind its base."""
    out = [back & 0x7F]
    while back := back >> 7:
        back -= 1
        out.append(back & 0x7F | 0x80)
    return _start(OFFSET_DELTA, size) + bytes(reversed(out))


def _start(number: int, size: int) -> bytes:
    byte, size = number << 4 | size & 15, size >> 4
    out = bytearray()
    while size:
        out.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    out.append(byte)
    return bytes(out)


def _compressed(data: bytes) -> bytes:
    if len(data) > _SMALL:
        return zlib.compress(data, _LEVEL)
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, _SMALL_WINDOW, _SMALL_MEMORY)
    return deflater.compress(data) + deflater.flush()


def entry_start(data: Data, at: int = 0) -> tuple[int, int, int]:
    """Give an entry's number (of a kind or a delta), the size of its content, and where what follows these starts."""
    byte = data[at]
    number, size, shift = byte >> 4 & 7, byte & 15, 4
    while byte & 0x80:
        at += 1
        byte = data[at]
        size |= (byte & 0x7F) << shift
        shift += 7
        if shift > _WIDEST:
            raise IndexError
    return number, size, at + 1


def way_back(data: Data, at: int) -> tuple[int, int]:
    """Give how far before an entry the base of its delta stands, and where the entry goes on."""
    byte = data[at]
    back = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = data[at]
        back = (back + 1) << 7 | byte & 0x7F
        if back >> _WIDEST:
            raise IndexError
    return back, at + 1


def delta_sizes(delta: bytes) -> tuple[int, int, int]:
    """Give the size of what a delta builds on, of what it makes, and where its orders start."""
    taken, at = _size(delta, 0)
    made, at = _size(delta, at)
    return taken, made, at


def _size(delta: bytes, at: int) -> tuple[int, int]:
    size = shift = 0
    while True:
        byte = delta[at]
        size |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return size, at
        if shift > _WIDEST:
            raise IndexError
