"""The file `packed-refs`: many refs in one file, below the loose ones."""
# ruff: noqa: PTH116
# No Path objects here: looked at with every turn, and building them costs more than the calls.

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from claif_git.errors import StoreError
from claif_git.git.files import CLOSED, read_file
from claif_git.git.kinds import Oid, is_oid

_HINT = "mend it by hand, or from a copy; until then no ref in it is changed, and no object is removed"
_log = logging.getLogger(__name__)

_HEADER = "# pack-refs with: peeled fully-peeled sorted "
_UNSURE = 2_000_000_000  # ns: some file systems' clocks tick so slowly that a second change goes unseen for so long

_BLOCK = 8192  # bytes; less is read line by line

_Stamp = tuple[int, int, int]


class PackedRefs:
    """Reads `packed-refs`, again whenever the file is another one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._stamp: _Stamp | None = None
        self._refs: dict[str, Oid] = {}
        self._told = ""

    def read(self) -> dict[str, Oid]:
        """Give all packed refs. The result is shared: do not change it."""
        with self._guard:
            stamp = self._look()
            if stamp is None or stamp != self._stamp:
                self._refs, _, damage = parse(self._text())
                self._stamp = stamp
                if damage and damage != self._told:
                    _log.warning("%s is damaged: %s", self.path, damage)
                self._told = damage
            return self._refs

    def get(self, name: str) -> Oid | None:
        """Give where one packed ref stands, or None."""
        return self.below(name, whole=True).get(name)

    def below(self, prefix: str, *, whole: bool = False) -> dict[str, Oid]:
        """Give the packed refs whose names start with `prefix`, or the one that is `whole` of it.

        Of a sorted file only the lines on the way there are read, unless all are known already.
        """
        with self._guard:
            refs = self._refs if self._stamp is not None and self._look() == self._stamp else self._searched(prefix)
        if refs is None:
            refs = self.read()
        if whole:
            return {prefix: refs[prefix]} if prefix in refs else {}
        return {name: oid for name, oid in refs.items() if name.startswith(prefix)}

    def _searched(self, prefix: str) -> dict[str, Oid] | None:
        """Give the refs that start with `prefix`, with others perhaps; None if the file cannot be searched."""
        try:
            fd = os.open(self.path, os.O_RDONLY | CLOSED)
        except FileNotFoundError:
            return {}
        try:
            header = os.pread(fd, 256, 0).partition(b"\n")[0]
            if not header.startswith(b"# pack-refs with:") or b" sorted" not in header:
                return None
            return _lines_from(fd, len(header) + 1, prefix.encode("utf-8", "surrogateescape"))
        finally:
            os.close(fd)

    def without(self, name: str) -> bytes:
        """Give the file's new content with one ref less. For who holds `packed-refs.lock`. StoreError as `check`."""
        refs, peeled, _ = self._whole()
        refs.pop(name, None)
        return encode(refs, peeled)

    def merged(self, more: dict[str, Oid]) -> bytes:
        """Give the file's new content with more refs in it. For who holds `packed-refs.lock`. StoreError as `check`."""
        refs, peeled, _ = self._whole()
        for name, oid in more.items():
            if refs.get(name) != oid:
                peeled.pop(name, None)
        return encode(refs | more, peeled, fully_peeled=False)

    def check(self) -> None:
        """Raise StoreError if git would not read the file: what cannot be read in it must not be taken for gone."""
        self._whole()

    def is_out_of_order(self) -> bool:
        """Say whether the file calls itself sorted and is not."""
        return is_out_of_order(self._text())

    def _whole(self) -> Parsed:
        parsed = parse(self._text())
        if parsed.damage:
            raise StoreError(f"{self.path} is damaged: {parsed.damage}", hint=_HINT)
        return parsed

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


def _lines_from(fd: int, low: int, prefix: bytes) -> dict[str, Oid]:
    """Read the refs of a sorted file from the first that is not before `prefix` to the last that starts with it."""
    high = os.fstat(fd).st_size
    while high - low > _BLOCK:
        middle = (low + high) // 2
        at, name = _line_after(fd, middle)
        if name is None or at >= high or name >= prefix:
            high = middle
        else:
            low = at
    found: dict[str, Oid] = {}
    for line in _lines(fd, low):
        name, oid = line[41:], line[:40].decode("ascii", "replace")
        if name > prefix and not name.startswith(prefix) and line[:1] != b"^":
            break
        if name.startswith(prefix) and line[40:41] == b" " and is_oid(oid):
            found[name.decode("utf-8", "surrogateescape")] = oid
    return found


def _line_after(fd: int, at: int) -> tuple[int, bytes | None]:
    """Give where the first ref's line after a place starts, and its name; None if there is none."""
    skipped, start = True, at
    for line in _lines(fd, at):
        if not skipped and line[:1] != b"^":
            return start, line[41:]
        start += len(line) + 1
        skipped = False
    return start, None


def _lines(fd: int, at: int) -> Iterator[bytes]:
    """Read lines from a place on, without their ends; not one that has none, which is cut short."""
    rest = b""
    while block := os.pread(fd, _BLOCK, at):
        at += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


class Parsed(NamedTuple):
    """What the file says: refs, what the tags among them stand for, and the first thing in it that git would not read.

    damage  "" for nothing; what else can be read is there in any case
    """

    refs: dict[str, Oid]
    peeled: dict[str, Oid]
    damage: str = ""


def parse(text: str) -> Parsed:
    """Take the file apart."""
    refs: dict[str, Oid] = {}
    peeled: dict[str, Oid] = {}
    last = damage = ""
    *lines, rest = text.split("\n")
    for at, line in enumerate(lines):
        if line[40:41] == " " and is_oid(line[:40]):
            last = line[41:]
            refs[last] = line[:40]
        elif line.startswith("^") and last and is_oid(line[1:]):
            peeled[last] = line[1:]
        elif at or not line.startswith("#"):
            damage = damage or f"line {at + 1} is no ref's"
    return Parsed(refs, peeled, damage or ("its last line is cut short" if rest else ""))


def is_out_of_order(text: str) -> bool:
    """Say whether a file that calls itself sorted is not: then not every ref in it is found."""
    if " sorted" not in text.partition("\n")[0]:
        return False
    names = [line[41:].encode("utf-8", "surrogateescape") for line in text.split("\n") if line[40:41] == " "]
    return any(name > after for name, after in pairwise(names))


def encode(refs: dict[str, Oid], peeled: dict[str, Oid], *, fully_peeled: bool = True) -> bytes:
    """Write the file."""
    lines = [_HEADER if fully_peeled else "# pack-refs with: sorted "]
    for name in sorted(refs, key=lambda name: name.encode("utf-8", "surrogateescape")):
        lines.append(f"{refs[name]} {name}")
        if name in peeled:
            lines.append("^" + peeled[name])
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
