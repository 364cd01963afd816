"""A pack from its first entry to its last: so each costs a fraction of what it does by its id.

Whoever made the pack's index has checked all objects against their ids.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator

from claif_git.errors import StoreError
from claif_git.git.kinds import Oid
from claif_git.git.packentry import KINDS, NAMED_DELTA, NUMBERS, OFFSET_DELTA, entry_start, way_back
from claif_git.git.transport.packinfo import PackInfo

_COMMIT, _TREE, _BLOB = (NUMBERS[kind] for kind in ("commit", "tree", "blob"))
_UNKNOWN = 0
_TRAILER = 20


class PackOrder:
    """The entries of a pack in the order in which they stand.

    An object is of a kind here only if no part of it takes more than `most` bytes in memory, and `readable` if it is a
    commit or a tree. Others, and those whose base stands behind them, have to be asked for by their ids.
    """

    def __init__(self, pack: PackInfo, most: int, readable: int) -> None:
        self._pack, self._data = pack, pack.data
        self._most, self._readable = most, min(most, readable)
        self._names, places = pack.file.all_names(), pack.file.places()
        self._ranks = sorted(range(len(places)), key=places.__getitem__)
        self._places = [places[rank] for rank in self._ranks]
        self._kinds = bytearray(len(places))
        for at, place in enumerate(self._places):
            self._kinds[at] = self._kind(place)

    def blobs(self) -> set[bytes]:
        """Give the ids of blobs, as 20 bytes each."""
        return {self._name(at) for at, kind in enumerate(self._kinds) if kind == _BLOB}

    def commits_and_trees(self) -> Iterator[tuple[bool, bytes, bytes]]:
        """Give whether it is a commit, its id as 20 bytes, and its content, of each that can be read."""
        ends = [*self._places[1:], len(self._data) - _TRAILER]
        for at, kind in enumerate(self._kinds):
            if kind in (_COMMIT, _TREE):
                data = self._content(self._places[at], ends[at])
                if data is None:
                    self._kinds[at] = _UNKNOWN
                else:
                    yield kind == _COMMIT, self._name(at), data

    def unknown(self) -> Iterator[Oid]:
        """Give the other objects, once commits and trees were gone through: tags, and what could not be read."""
        return (self._name(at).hex() for at, kind in enumerate(self._kinds) if kind not in (_COMMIT, _TREE, _BLOB))

    def _name(self, at: int) -> bytes:
        rank = self._ranks[at]
        return self._names[rank * 20 : rank * 20 + 20]

    def _kind(self, place: int) -> int:
        try:
            number, size, at = entry_start(self._data, place)
            if number not in KINDS:
                base, at = self._base(number, place, at)
                number, size = base, max(size, self._pack.result_size(at))
        except (IndexError, struct.error, zlib.error, StoreError):
            return _UNKNOWN
        return number if size <= (self._most if number == _BLOB else self._readable) else _UNKNOWN

    def _base(self, number: int, place: int, at: int) -> tuple[int, int]:
        """Give the kind of what a delta builds on, and where the delta starts."""
        if number == OFFSET_DELTA:
            back, at = way_back(self._data, at)
            base = place - back
        elif number == NAMED_DELTA:
            base, at = self._pack.find(self._data[at : at + 20].hex()) or 0, at + 20
        else:
            return _UNKNOWN, at
        rank = bisect_left(self._places, base)
        return self._kinds[rank] if base < place and self._places[rank] == base else _UNKNOWN, at

    def _content(self, place: int, end: int) -> bytes | None:
        raw = self._data[place:end]
        try:
            number, size, at = entry_start(raw)
            if number not in KINDS:
                return self._pack.read(place)[1]
            inflater = zlib.decompressobj()
            content = inflater.decompress(raw[at:], size + 1)
        except (IndexError, zlib.error, StoreError):
            return None
        return content if len(content) == size else None
