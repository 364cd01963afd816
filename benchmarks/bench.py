"""One run: the sizes, the stores that were made for it, and what was measured."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.backends import OURS
from benchmarks.driving import AbsentError, FailedError, Parent, Worker, plain
from benchmarks.machine import described
from benchmarks.stats import median, quantile
from benchmarks.workload import Conversation


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything. Messages in a session, sessions in a store, samples."""

    name: str
    small: int = 100
    middle: int = 1_000
    large: int = 10_000
    sessions: int = 10_000
    each: int = 10
    imported: int = 1_000
    indexed: int = 100_000
    remote: int = 1_000
    turns: int = 100
    rounds: int = 16
    burst: int = 25
    loads: int = 7
    budget: float = 1.0
    slow: bool = True


FULL = Sizes("full")
QUICK = Sizes(
    "quick",
    large=5_000,
    sessions=1_000,
    imported=100,
    indexed=10_000,
    remote=200,
    turns=30,
    rounds=6,
    burst=15,
    loads=3,
    budget=0.3,
    slow=False,
)


def talks(sizes: Sizes) -> dict[int, Conversation]:
    """Give the sessions of different lengths, by length. They are one set, which is read before it is written to."""
    return {length: Conversation(at, length) for at, length in enumerate((sizes.small, sizes.middle, sizes.large))}


SLOW = frozenset({"langgraph", "json-file"})
"""Backends whose every append writes the whole session: left out of the large sizes in a quick run."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Samples of one operation by one backend. `unit` is "ms", "bytes", "per second" or the like."""

    key: str
    backend: str
    unit: str
    samples: tuple[float, ...]


@dataclass
class Results:
    """All that was measured, and what could not be."""

    measures: dict[tuple[str, str], Measure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, key: str, backend: str, samples: Sequence[float], unit: str = "ms") -> None:
        """Keep samples; more of the same are added to them."""
        known = self.measures.get((key, backend))
        before = known.samples if known else ()
        self.measures[key, backend] = Measure(key, backend, unit, (*before, *samples))

    def median(self, key: str, backend: str = OURS) -> float | None:
        """Give a median; None if that was not measured."""
        found = self.measures.get((key, backend))
        return median(found.samples) if found and found.samples else None

    def p99(self, key: str, backend: str = OURS) -> float | None:
        """Give the sample that one in a hundred exceeds; None if that was not measured."""
        found = self.measures.get((key, backend))
        return quantile(found.samples, 0.99) if found and found.samples else None

    def ratio(self, key: str, backend: str, other_key: str = "") -> float | None:
        """Give ours over a backend's: of the same operation, or of another."""
        ours, theirs = self.median(key), self.median(other_key or key, backend)
        return None if ours is None or not theirs else ours / theirs


class Bench:
    """What an operation is given: it makes stores, starts workers, and takes samples."""

    def __init__(self, work: Path, sizes: Sizes, backends: Sequence[str]) -> None:
        self.work, self.sizes, self.backends = work, sizes, list(backends)
        self.results = Results()
        self.machine = described(work)
        self._parents: dict[str, Parent | None] = {}

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def folder(self, dataset: str, backend: str) -> Path:
        """Give where a backend keeps a set of conversations."""
        return self.work / dataset / backend

    def filled(self, dataset: str, backend: str, talks: Sequence[Conversation]) -> Path:
        """Give a folder in which a backend holds these conversations; they are put in when it is first asked for."""
        folder = self.folder(dataset, backend)
        done = folder / "filled"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            with self.worker(backend, folder) as worker:
                worker.send({"call": "fill", "talks": [plain(talk) for talk in talks]})
                worker.receive()
            done.touch()
        return folder

    def able(self, method: str, names: Sequence[str] | None = None, *, slow: bool = True) -> list[str]:
        """Give the backends of this run that can do something; those that are not installed are noted and left out."""
        chosen = [name for name in names or self.backends if name in self.backends and (slow or name not in SLOW)]
        return [name for name in chosen if (parent := self._parent(name)) and method in parent.methods]

    def worker(self, backend: str, folder: Path) -> Worker:
        """Have a process that serves a backend in a folder. AbsentError."""
        parent = self._parent(backend)
        if parent is None:
            raise AbsentError(f"{backend} is absent")
        return parent.worker(folder)

    def _parent(self, name: str) -> Parent | None:
        if name not in self._parents:
            try:
                self._parents[name] = Parent(name, self.work / "parents" / name)
            except AbsentError as error:
                self._parents[name] = None
                self.backends = [one for one in self.backends if one != name]
                self.results.notes.append(f"{name} is absent: {error}")
        return self._parents[name]

    def close(self) -> None:
        """End the processes that were started for this."""
        for parent in self._parents.values():
            if parent is not None:
                parent.close()

    @contextlib.contextmanager
    def workers(self, dataset: str, names: Sequence[str], talks: Sequence[Conversation]) -> Iterator[dict[str, Worker]]:
        """Have a worker for each of some backends, on filled stores."""
        folders = {name: self.filled(dataset, name, talks) for name in names}
        with contextlib.ExitStack() as stack:
            yield {name: stack.enter_context(self.worker(name, folder)) for name, folder in folders.items()}

    def in_turn(self, key: str, workers: dict[str, Worker], rounds: int, request: dict[str, Any]) -> None:
        """Take samples of an operation from all workers, one after the other, round after round."""
        self.say(key)
        for _ in range(rounds):
            for name, worker in workers.items():
                self.guarded(lambda name=name, worker=worker: self.results.add(key, name, self.sample(worker, request)))  # type: ignore[misc]

    @staticmethod
    def sample(worker: Worker, request: dict[str, Any]) -> list[float]:
        """Have something timed; give the milliseconds."""
        worker.send(request)
        taken: list[float] = worker.receive()["ms"]
        return taken

    def fresh(self, key: str, folders: dict[str, Path], request: dict[str, Any], again: int = 0) -> None:
        """Take samples in processes that do this and nothing else; opening the store counts, imports do not.

        With `again`, the same is timed that often once more in each process, under the key `<key>/again`.
        """
        self.say(key)
        asked = {**request, "fresh": True, "again": again}
        with contextlib.ExitStack() as stack:
            workers = {name: stack.enter_context(self.worker(name, folder)) for name, folder in folders.items()}
            for _ in range(self.sizes.loads):
                for name, worker in workers.items():
                    self.guarded(lambda name=name, worker=worker: self._fresh_one(key, name, worker, asked))  # type: ignore[misc]

    def _fresh_one(self, key: str, name: str, worker: Worker, request: dict[str, Any]) -> None:
        worker.send(request)
        said = worker.receive()
        self.results.add(key, name, said["ms"])
        if said.get("again"):
            self.results.add(f"{key}/again", name, said["again"])

    def guarded(self, work: Callable[[], None]) -> None:
        """Do something that a backend may fail at: that is noted, once, and the others go on."""
        try:
            work()
        except (AbsentError, FailedError, BrokenPipeError) as error:
            if str(error) not in self.results.notes:
                self.results.notes.append(str(error))
                self.say(f"failed: {error}")
