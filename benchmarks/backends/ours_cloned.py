"""Two clones of one session that are written to in turn. They share their objects, so that only writing is timed."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.backends.ours import message
from benchmarks.workload import Conversation
from claif_git import SessionManager

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
        """Write `length` messages in turn, then time `more`; give the samples, and the bytes that each added."""
        talk = Conversation(70, 0)
        stores = self._stores(clones)
        with SessionManager(stores[0], author=_WRITERS[0]) as first:
            ref = f"refs/heads/{first.create_session('In turn')}"
        for store in stores[1:]:
            _set(store / ref, _tip(stores[0] / ref))
        said = 0
        for durability, count in (("relaxed", length), ("full", more)):
            weight = _weight(stores[0])
            opened = [
                SessionManager(store, author=who, durability=durability)  # type: ignore[arg-type]
                for store, who in zip(stores, _WRITERS, strict=False)
            ]
            samples = []
            for at in range(count):
                writer, store = opened[at % clones], stores[at % clones]
                one = message(talk.said(said + at))
                start = time.perf_counter()
                writer.add_message(ref[11:], one)
                samples.append((time.perf_counter() - start) * 1000)
                for other in stores:
                    if other != store:
                        _set(other / ref, _tip(store / ref))
            said += count
            for manager in opened:
                manager.close()
        return {"ms": samples[10:], "bytes": [(_weight(stores[0]) - weight) / more]}

    def _stores(self, clones: int) -> list[Path]:
        """Make stores with ids of their own and one folder of objects."""
        stores = [self._folder / f"clone-{at}" for at in range(clones)]
        for store in stores:
            SessionManager(store, author=_WRITERS[0]).close()
        for store in stores[1:]:
            shutil.rmtree(store / "objects")
            (store / "objects").symlink_to(stores[0] / "objects")
        return stores


def _tip(path: Path) -> str:
    return path.read_text(encoding="ascii")


def _set(path: Path, tip: str) -> None:
    made = path.with_name("moving.lock")
    made.write_text(tip, encoding="ascii")
    made.replace(path)


def _weight(store: Path) -> int:
    return sum(path.stat().st_size for path in (store / "objects").rglob("*") if path.is_file())
