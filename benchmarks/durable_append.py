"""Ways to put a turn on the disk, side by side: five objects and a ref, with nothing of ours above them.

    python -m benchmarks.durable_append [FOLDER] [TURNS]

All but the last one leave git a whole repository after a power cut. They take turns, so that a slow moment of the
machine hits all. Packs are joined every 16 turns, which a manager does in the background; that is in the means. What it
costs git to pack loose objects later is not.
"""
# ruff: noqa: PTH104
# No Path objects here: what is measured are the calls of `os`.

from __future__ import annotations

import hashlib
import os
import random
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from claif_git.git import Repository

_BURST, _JOIN_EVERY = 10, 16
Object = tuple[str, bytes]


def turn(number: int) -> list[Object]:
    """Give five objects of the sizes that a turn in a session of 1,000 has; half of each can be compressed."""
    pick = random.Random(number)
    sizes = (("blob", 900), ("tree", 5_000), ("tree", 500), ("tree", 130), ("commit", 260))
    return [(kind, pick.randbytes(size // 2) + b" " * (size // 2)) for kind, size in sizes]


class Loose:
    """A file an object, each synced, as any git does with core.fsync=all; then the ref."""

    def __init__(self, folder: Path, *, threads: bool, along: bool) -> None:
        self._folder, self._along = folder, along
        self._pool = ThreadPoolExecutor(4) if threads else None
        for at in range(256):
            (folder / f"objects/{at:02x}").mkdir(parents=True)
        (folder / "refs").mkdir()

    def write(self, objects: list[Object]) -> None:
        """Write one turn."""
        made = []
        for kind, data in objects:
            whole = b"%s %d\0" % (kind.encode(), len(data)) + data
            oid = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
            beside = f"{self._folder}/objects/{oid[:2]}/new-{oid}"
            made.append((_created(beside, zlib.compress(whole, 1)), beside, f"{beside[:-44]}{oid[2:]}"))
        ref = _created(f"{self._folder}/ref", b"0" * 41)
        self._each(os.fsync, [fd for fd, _, _ in made] + [ref] * self._along)
        for fd, beside, path in made:
            os.close(fd)
            os.rename(beside, path)
        self._each(_synced, sorted({os.path.split(path)[0] for _, _, path in made}))
        if not self._along:
            os.fsync(ref)
        os.close(ref)
        os.rename(f"{self._folder}/ref", f"{self._folder}/refs/x")
        _synced(f"{self._folder}/refs")

    def _each(self, sync: Callable[[Any], object], items: Sequence[object]) -> None:
        if self._pool is None:
            for item in items:
                sync(item)
            return
        waiting = [self._pool.submit(sync, item) for item in items[1:]]
        sync(items[0])
        wait(waiting)


def _created(path: str, data: bytes) -> int:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    os.write(fd, data)
    return fd


def _synced(folder: object) -> None:
    fd = os.open(str(folder), os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)


class Ours:
    """What claif-git does: `Repository.turn`, or the loose objects and the ref that it did before."""

    def __init__(self, folder: Path, *, packs: bool, durable: bool = True, joins: bool = True) -> None:
        self._store, self._packs, self._durable, self._joins = Repository.init(folder), packs, durable, joins
        self._tip: str | None = None
        self._count = 0

    def write(self, objects: list[Object]) -> None:
        """Write one turn."""
        with self._store.shared():
            if self._packs:
                with self._store.turn(self._durable) as made:
                    new = [made.add(*one) for one in objects][-1]
                    made.publish("refs/heads/x", self._tip, new)
                made.settle()
            else:
                with self._store.writer(self._durable) as writer:
                    new = [writer.add(*one) for one in objects][-1]
                self._store.move_ref("refs/heads/x", self._tip, new, durable=self._durable)
        self._tip = new
        self._count += 1
        if self._packs and self._joins and self._count % _JOIN_EVERY == 0:
            self._store.gather()


class Sqlite:
    """A row in a table, for a yardstick: one sync."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._database = sqlite3.connect(folder / "x.db", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE said(id INTEGER PRIMARY KEY, data BLOB)")

    def write(self, objects: list[Object]) -> None:
        """Write one turn's message."""
        self._database.execute("INSERT INTO said(data) VALUES(?)", (objects[0][1],))


SCHEMES: dict[str, Callable[[Path], Loose | Ours | Sqlite]] = {
    "loose objects, one after another": lambda folder: Loose(folder, threads=False, along=False),
    "loose objects, synced at once": lambda folder: Loose(folder, threads=True, along=False),
    "loose objects and the ref, synced at once": lambda folder: Loose(folder, threads=True, along=True),
    "Repository.writer, then move_ref": lambda folder: Ours(folder, packs=False),
    "Repository.turn: one pack and the ref": lambda folder: Ours(folder, packs=True),
    "the same, packs never joined": lambda folder: Ours(folder, packs=True, joins=False),
    "SQLite, WAL, synchronous=FULL": Sqlite,
    "Repository.turn, nothing synced": lambda folder: Ours(folder, packs=True, durable=False),
}


def main() -> None:
    """Measure all schemes, and print a table."""
    where = sys.argv[1] if len(sys.argv) > 1 else None
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    folder = Path(tempfile.mkdtemp(prefix="durable-append-", dir=where))
    made = {name: make(folder / str(at)) for at, (name, make) in enumerate(SCHEMES.items())}
    taken: dict[str, list[float]] = {name: [] for name in made}
    for start in range(0, count, _BURST):
        for name, scheme in made.items():
            for at in range(start, start + _BURST):
                objects = turn(at)
                begun = time.perf_counter()
                scheme.write(objects)
                taken[name].append((time.perf_counter() - begun) * 1e3)
    _print(taken)
    print(f"\nThe stores are in {folder}.")


def _print(taken: dict[str, list[float]]) -> None:
    least = sorted(taken["Repository.turn: one pack and the ref"])
    print("| scheme | ms: median / mean / p99 | median over ours |\n| --- | --- | --- |")
    for name, samples in taken.items():
        ordered = sorted(samples)
        middle = ordered[len(ordered) // 2]
        mean = sum(ordered) / len(ordered)
        ratio = middle / least[len(least) // 2]
        print(f"| {name} | {middle:.2f} / {mean:.2f} / {ordered[int(len(ordered) * 0.99)]:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
