"""What a power cut can leave of a folder: its file operations are written down, and replayed up to any of them.

The model is the strictest that file systems are allowed: of a file, what was synced is there, and of the rest nothing,
a part or all; of a folder, the names as they stood when it was synced, and any number, from the first on, of the
changes made to it since. Folders lose their changes independently of each other.
"""
# ruff: noqa: PTH116
# What is recorded are the calls of `os`, which Path makes as well.

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Step(NamedTuple):
    """One operation. `what`: write, sync, enter (a name for an inode) or leave (a name goes)."""

    what: str
    inode: int
    folder: str = ""
    name: str = ""
    data: bytes = b""


class Recorder:
    """Writes down what this process does to the files below `root`."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root, self.steps = str(root), list[Step]()
        self._real = {name: getattr(os, name) for name in ("open", "write", "fsync", "rename", "link", "unlink")}
        for name in self._real:
            patch.setattr(os, name, getattr(self, f"_{name}"))

    def _note(self, what: str, inode: int, path: str = "", data: bytes = b"") -> None:
        folder, _, name = path.rpartition("/")
        if not path or path.startswith(self.root):
            self.steps.append(Step(what, inode, folder, name, data))

    def _open(self, path: Any, flags: int, *rest: Any, **named: Any) -> int:
        is_new = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        fd: int = self._real["open"](path, flags, *rest, **named)
        if is_new:
            self._note("enter", os.fstat(fd).st_ino, str(path))
        return fd

    def _write(self, fd: int, data: bytes) -> int:
        written: int = self._real["write"](fd, data)
        self._note("write", os.fstat(fd).st_ino, data=bytes(data[:written]))
        return written

    def _fsync(self, fd: int) -> None:
        self._real["fsync"](fd)
        self._note("sync", os.fstat(fd).st_ino)

    def _rename(self, source: str, target: str) -> None:
        inode = os.stat(source).st_ino
        self._real["rename"](source, target)
        self._note("enter", inode, target)
        self._note("leave", inode, source)

    def _link(self, source: str, target: str) -> None:
        self._real["link"](source, target)
        self._note("enter", os.stat(target).st_ino, target)

    def _unlink(self, path: str) -> None:
        inode = os.lstat(path).st_ino if os.path.lexists(path) else 0
        self._real["unlink"](path)
        self._note("leave", inode, str(path))


def after_cuts(before: Path, root: Path, steps: list[Step], into: Path) -> Iterator[tuple[int, Path]]:
    """Give what may be left of `root` (which was `before`) when the power goes: (steps done at least, folder)."""
    inodes = {os.stat(folder).st_ino: str(folder) for folder, _, _ in os.walk(root)}
    seen: dict[frozenset[tuple[str, bytes | None]], int] = {}
    for done in range(len(steps) + 1):
        for left in _Cut(steps[:done], inodes).outcomes():
            seen[left] = done  # the same may be left later, when more was promised
    for number, (left, done) in enumerate(seen.items()):
        place = into / str(number)
        shutil.copytree(before, place)
        for path, data in left:
            file = place / Path(path).relative_to(root)
            file.unlink(missing_ok=True)
            if data is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
        yield done, place
        shutil.rmtree(place)


_DATA: tuple[Callable[[bytes], bytes], ...] = (lambda _: b"", lambda data: data[: len(data) // 2], lambda data: data)


class _Cut:
    """What was synced by the time of a cut, and what was not."""

    def __init__(self, steps: list[Step], folders: dict[int, str]) -> None:
        self._synced: dict[int, bytes] = {}
        self._tails: dict[int, bytes] = {}
        self._names: list[Step] = []
        self._loose: dict[str, list[Step]] = {}
        for step in steps:
            if step.what == "write":
                self._tails[step.inode] = self._tails.get(step.inode, b"") + step.data
            elif step.what != "sync":
                self._loose.setdefault(step.folder, []).append(step)
            elif step.inode in folders:
                self._names += self._loose.pop(folders[step.inode], [])
            else:
                self._synced[step.inode] = self._synced.get(step.inode, b"") + self._tails.pop(step.inode, b"")

    def outcomes(self) -> Iterator[frozenset[tuple[str, bytes | None]]]:
        """Give every difference that may be left: paths with what they hold, or None where there is nothing."""
        counts = [range(len(steps) + 1) for steps in self._loose.values()]
        for kept in itertools.product(*counts):
            lost = [step for steps, count in zip(self._loose.values(), kept, strict=True) for step in steps[:count]]
            for cut in _DATA if self._tails else _DATA[:1]:
                yield frozenset(self._left([*self._names, *lost], cut).items())

    def _left(self, names: list[Step], cut: Callable[[bytes], bytes]) -> dict[str, bytes | None]:
        left: dict[str, bytes | None] = {}
        for step in names:
            path = f"{step.folder}/{step.name}"
            whole = self._synced.get(step.inode, b"") + cut(self._tails.get(step.inode, b""))
            left[path] = None if step.what == "leave" else whole
        return left
