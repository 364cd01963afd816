"""In which order this store was changed: a file to which every change adds a line, and which may be lost.

A commit's date has seconds, and a message's own time may be anybody's; `undo` asks what this store did last, however
fast. So each change adds a line to `claif/order` in the git folder: when, the commit before and after, a hash of the
session's id; or an operation's id. It is written without a sync and never waited for. What is missing in it (a power
cut, a change by plain git, lines that were cut off for length) is placed by its commit's time.
"""
# ruff: noqa: PTH105, PTH116
# No Path objects here: a line is written with every turn, and building them costs more than the calls.

from __future__ import annotations

import hashlib
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

from claif_git.git.files import CLOSED, read_file, write_all

LARGEST = 1 << 20
"""Bytes, some 9,000 changes, after which a new file is begun; the one before is kept."""

_LINE = re.compile(rb"(\d{16,20}) ([0-9a-f]{40}|-) ([0-9a-f]{16,40}) ([0-9a-f]{8}|-)\n")
_NONE = "-"


class Place(NamedTuple):
    """Where a change stands in the order: the time (nanoseconds, never going back), and the line.

    old   the commit that it was made on; None: it made the session, or it is an operation
    mark  says in which session a commit was made
    """

    at: int
    line: int
    old: str | None
    mark: str


def mark_of(session_id: str) -> str:
    """Give what stands for a session's id, whose words are none of this file's business."""
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]


class Order:
    """The file of one store. A manager's lock is held around `note` and `flush`."""

    def __init__(self, git_dir: Path) -> None:
        self._path = f"{git_dir}/claif/order"
        self._held: list[str] = []
        self._marks: dict[str, str] = {}

    def note(self, session_id: str, old: str | None, new: str) -> None:
        """Note a change that is about to be made, to be written by `flush`. One that then fails does no harm."""
        mark = self._marks.get(session_id)
        if mark is None:
            mark = self._marks[session_id] = mark_of(session_id)
        self._held.append(f"{time.time_ns()} {old or _NONE} {new} {mark}\n")

    def note_operation(self, operation: str) -> None:
        """Note an operation by its id, and write."""
        self._held.append(f"{time.time_ns()} {_NONE} {operation} {_NONE}\n")
        self.flush()

    def flush(self) -> None:
        """Write what was noted: in one piece, so that several processes do not mix their lines."""
        if not self._held:
            return
        data = "".join(self._held).encode("ascii")
        self._held.clear()
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | CLOSED, 0o666)
        except OSError:
            return  # it is a hint: the change itself is safe
        try:
            write_all(fd, data)
            if os.lseek(fd, 0, os.SEEK_CUR) > LARGEST:
                self._begin_anew(fd)
        except OSError:
            return
        finally:
            os.close(fd)

    def _begin_anew(self, fd: int) -> None:
        """Put the file aside, unless another process just did."""
        if os.path.samestat(os.fstat(fd), os.stat(self._path)):
            os.replace(self._path, self._path + ".before")

    def read(self) -> dict[str, Place]:
        """Give the places of commits and operations by id. What was written in part is passed over."""
        found: dict[str, Place] = {}
        latest = line = 0
        for path in (self._path + ".before", self._path):
            for match in _LINE.finditer(_content(path)):
                moment, old, new, mark = (part.decode("ascii") for part in match.groups())
                latest, line = max(latest, int(moment)), line + 1
                found.setdefault(new, Place(latest, line, None if old == _NONE else old, mark))
        return found


def _content(path: str) -> bytes:
    try:
        return read_file(path)
    except OSError:
        return b""
