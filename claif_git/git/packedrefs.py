"""The file `packed-refs`: many refs in one file, below the loose ones."""
# ruff: noqa: PTH116
# No Path objects here: looked at with every turn, and building them costs more than the calls.

from __future__ import annotations

import os
import threading
import time

from claif_git.git.files import read_file
from claif_git.git.kinds import Oid, is_oid

_HEADER = "# pack-refs with: peeled fully-peeled sorted "
_UNSURE = 2_000_000_000  # ns: some file systems' clocks tick so slowly that a second change goes unseen for so long

_Stamp = tuple[int, int, int]


class PackedRefs:
    """Reads `packed-refs`, again whenever the file is another one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._stamp: _Stamp | None = None
        self._refs: dict[str, Oid] = {}
        self._peeled: dict[str, Oid] = {}

    def read(self) -> dict[str, Oid]:
        """Give all packed refs. The result is shared: do not change it."""
        with self._guard:
            stamp = self._look()
            if stamp is None or stamp != self._stamp:
                self._refs, self._peeled = parse(self._text())
                self._stamp = stamp
            return self._refs

    def without(self, name: str) -> bytes:
        """Give the file's new content with one ref less. For who holds `packed-refs.lock`."""
        with self._guard:
            refs, peeled = parse(self._text())
        refs.pop(name, None)
        return encode(refs, peeled)

    def merged(self, more: dict[str, Oid]) -> bytes:
        """Give the file's new content with `more` refs in it. For who holds `packed-refs.lock`."""
        with self._guard:
            refs, peeled = parse(self._text())
        for name, oid in more.items():
            if refs.get(name) != oid:
                peeled.pop(name, None)
        return encode(refs | more, peeled, fully_peeled=False)

    def _look(self) -> _Stamp | None:
        """Give what tells this file from the next, or None while its time is too fresh to tell."""
        try:
            seen = os.stat(self.path)
        except FileNotFoundError:
            return (0, 0, 0)
        if time.time_ns() - seen.st_mtime_ns < _UNSURE:
            return None
        return (seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _text(self) -> str:
        try:
            return read_file(self.path).decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return ""


def parse(text: str) -> tuple[dict[str, Oid], dict[str, Oid]]:
    """Give refs, and what the tags among them stand for. Lines that are neither are left out."""
    refs: dict[str, Oid] = {}
    peeled: dict[str, Oid] = {}
    last = ""
    for line in text.split("\n"):
        if line.startswith("^"):
            peeled[last] = line[1:]
        elif line[40:41] == " " and is_oid(line[:40]):
            last = line[41:]
            refs[last] = line[:40]
    return refs, peeled


def encode(refs: dict[str, Oid], peeled: dict[str, Oid], *, fully_peeled: bool = True) -> bytes:
    """Write the file."""
    lines = [_HEADER if fully_peeled else "# pack-refs with: sorted "]
    for name in sorted(refs, key=lambda name: name.encode("utf-8", "surrogateescape")):
        lines.append(f"{refs[name]} {name}")
        if name in peeled:
            lines.append("^" + peeled[name])
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
