"""Two clones of one session that are written to in turn. They share their objects, so that only writing is timed."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from benchmarks.backends.ours import message
from benchmarks.workload import Conversation
from claif_git import SessionManager

_WARM, _WEIGHED = 10, 9
_WRITERS = ("Ada Example <ada@example.org>", "Bo Example <bo@example.org>")


class Adapter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)

    def close(self) -> None:
        pass

    def alternate(self, clones: int, length: int, more: int) -> dict[str, Any]:
        """Write `length` messages in turn, then time `more`; then give the bytes that each of a few more added."""
        stores = self._stores(clones)
        with SessionManager(stores[0], author=_WRITERS[0]) as first:
            pair = _Pair(stores, f"refs/heads/{first.create_session('In turn')}")
        pair.share(stores[0])
        pair.write(length, "relaxed")
        return {"ms": pair.write(more + _WARM, "full")[_WARM:], "bytes": [pair.weighed() for _ in range(_WEIGHED)]}

    def _stores(self, clones: int) -> list[Path]:
        """Make stores with ids of their own and one folder of objects."""
        stores = [self._folder / f"clone-{at}" for at in range(clones)]
        for store in stores:
            SessionManager(store, author=_WRITERS[0]).close()
        for store in stores[1:]:
            shutil.rmtree(store / "objects")
            (store / "objects").symlink_to(stores[0] / "objects")
        return stores


class _Pair:
    """The stores, in turn, of one session."""

    def __init__(self, stores: list[Path], ref: str) -> None:
        self._stores, self._ref, self._said = stores, ref, 0

    def write(self, count: int, durability: Literal["full", "relaxed"]) -> list[float]:
        """Write messages; give the milliseconds that each took."""
        with ExitStack() as stack:
            opened = [
                stack.enter_context(SessionManager(store, author=who, durability=durability))
                for store, who in zip(self._stores, _WRITERS, strict=False)
            ]
            return [self._one(opened) for _ in range(count)]

    def _one(self, opened: list[SessionManager]) -> float:
        at = self._said % len(opened)
        said = message(Conversation(70, 0).said(self._said))
        start = time.perf_counter()
        opened[at].add_message(self._ref[len("refs/heads/") :], said)
        taken = (time.perf_counter() - start) * 1000
        self._said += 1
        self.share(self._stores[at])
        return taken

    def share(self, source: Path) -> None:
        """Move the ref of the other stores to where it stands in one: that is all that a fetch has to do here."""
        tip = (source / self._ref).read_bytes()
        for store in self._stores:
            if store != source:
                made = (store / self._ref).with_name("moving.lock")
                made.write_bytes(tip)
                made.replace(store / self._ref)

    def weighed(self) -> int:
        """Write a message; give the bytes of its objects."""
        before = _weight(self._stores[0])
        self.write(1, "full")
        return _weight(self._stores[0]) - before


def _weight(store: Path) -> int:
    return sum(path.stat().st_size for path in (store / "objects").rglob("*") if path.is_file())
