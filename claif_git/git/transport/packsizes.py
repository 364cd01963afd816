"""How large what stands in a pack would be, before anything of it is in memory: for a pack that has no index yet."""

from __future__ import annotations

import mmap
import zlib

from claif_git.errors import StoreError
from claif_git.git.packentry import NAMED_DELTA, OFFSET_DELTA, delta_sizes, entry_start, way_back

_HEAD, _TAIL = 12, 20
_PIECE = 1 << 16
_DELTA_HEAD = 32


def check_sizes(descriptor: int, most: int) -> None:
    """Read through a pack, piece by piece. StoreError for an object larger than `most` bytes, and for damage."""
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        at, end = _HEAD, len(data) - _TAIL
        try:
            for _ in range(int.from_bytes(data[8:_HEAD], "big")):
                at = _checked(data, at, end, most)
        except (IndexError, zlib.error):
            raise StoreError("what came is no pack, or damaged") from None
        if at != end:
            raise StoreError("what came is no pack, or damaged")


def _checked(data: mmap.mmap, at: int, end: int, most: int) -> int:
    """Look at one entry; give where the next one stands."""
    number, size, at = entry_start(data, at)
    if number == OFFSET_DELTA:
        _, at = way_back(data, at)
    elif number == NAMED_DELTA:
        at += 20
    _check(size, most)
    head, at = _passed(data, at, end, size)
    if number in (OFFSET_DELTA, NAMED_DELTA):
        _check(delta_sizes(head)[1], most)
    return at


def _check(size: int, most: int) -> None:
    if size > most:
        raise StoreError(f"an object is larger than {most} bytes")


def _passed(data: mmap.mmap, at: int, end: int, size: int) -> tuple[bytes, int]:
    """Inflate an entry without keeping it; give how it begins, and where it ends. IndexError if it is not `size`."""
    inflater = zlib.decompressobj()
    head, seen = b"", 0
    while not inflater.eof:
        piece = inflater.unconsumed_tail
        if not piece:
            piece = data[at : min(at + _PIECE, end)]
            at += len(piece)
            if not piece:
                raise IndexError
        out = inflater.decompress(piece, _PIECE)
        head = head or out[:_DELTA_HEAD]
        seen += len(out)
        if seen > size:
            raise IndexError
    if seen != size:
        raise IndexError
    return head, at - len(inflater.unused_data)
