"""Deltas of trees that grow, for the packs that we write: all but a line of such a tree stood in the one before it.

A tree of a hundred names is some five kilobytes that hardly compress, and an import writes one a message. As a delta it
takes a tenth of the time and a fiftieth of the bytes. Everything else stands whole until git packs it anew.
"""

from __future__ import annotations

from typing import NamedTuple

from claif_git.git.packentry import encode_delta_entry

_SHORTEST, _LONGEST = 512, 0xFFFF  # bytes of a tree; up to the latter, one order copies all of it
_KEY = 40  # bytes by which a tree is known again: most of its first line, without what that points to
_HELD = 32  # trees
_CHAIN = 16  # deltas that a reader has to apply at most
_INSERT = 127  # bytes at most that one order puts in


class _Base(NamedTuple):
    """A tree that stands in the pack: its bytes, where, and how many deltas make it."""

    data: bytes
    at: int
    depth: int


class TreeDeltas:
    """The trees that a pack got last. For one thread."""

    def __init__(self) -> None:
        self._held: dict[bytes, _Base] = {}

    def entry(self, data: bytes, at: int) -> bytes | None:
        """Give a tree's entry for the place `at` as a delta, or None if it has to stand whole there."""
        if not _SHORTEST <= len(data) <= _LONGEST:
            return None
        key = data[:_KEY]
        base = self._held.pop(key, None)
        delta = delta_of(base.data, data) if base is not None and base.depth < _CHAIN else None
        if delta is None or base is None or len(delta) * 4 > len(data):
            self._held[key] = _Base(data, at, 0)
            if len(self._held) > _HELD:
                del self._held[next(iter(self._held))]
            return None
        self._held[key] = _Base(data, at, base.depth + 1)
        return encode_delta_entry(delta, at - base.at)


def delta_of(base: bytes, data: bytes) -> bytes:
    """Give a delta (gitformat-pack): the beginning that both have, what is new in `data`, and the end that both have.

    Neither may be longer than 65,535 bytes.
    """
    start = _alike(base, data)
    end = _alike(base[: start - len(base) - 1 : -1], data[: start - len(data) - 1 : -1])
    new = data[start : len(data) - end]
    parts = [_size(len(base)), _size(len(data)), _copy(0, start)]
    for at in range(0, len(new), _INSERT):
        piece = new[at : at + _INSERT]
        parts += [bytes([len(piece)]), piece]
    return b"".join([*parts, _copy(len(base) - end, end)])


def _alike(one: bytes, other: bytes) -> int:
    """Give how many bytes two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _size(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _copy(start: int, length: int) -> bytes:
    """Give the order to copy some bytes of the base; none of these is no order."""
    if not length:
        return b""
    order, numbers = 0x80, bytearray()
    for bit, byte in enumerate([*start.to_bytes(4, "little"), *length.to_bytes(3, "little")]):
        if byte:
            order |= 1 << bit
            numbers.append(byte)
    return bytes([order]) + bytes(numbers)
