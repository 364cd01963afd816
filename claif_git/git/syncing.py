"""Putting things on the disk: several at once, and no folder above them forgotten."""
# ruff: noqa: PTH116, PTH120
# No Path objects here: this runs several times a turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from claif_git.git.files import sync_folder

_T = TypeVar("_T")
_Outcomes = SimpleQueue[Exception | None]
_Job: TypeAlias = "tuple[Callable[[Any], None], Any, _Outcomes]"
_Jobs: TypeAlias = "SimpleQueue[_Job | None]"
_THREADS = 4  # and the caller's own: a turn is five objects


class Syncer:
    """Syncs files and folders.

    Several at once take the time of one or two: the file system writes its journal once for all who wait for it.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._threads = _Threads()

    def files(self, descriptors: Sequence[int]) -> None:
        """Sync open files."""
        self._each(os.fsync, descriptors)

    def folders(self, folders: Iterable[str], root: str) -> None:
        """Sync `folders` and, where they are not known to be named on the disk, what is above them up to `root`.

        A name is safe only once every folder above it is named too. Whoever made such a folder may have died before
        it synced the one above, so each process does it once for each folder that it uses.
        """
        todo: dict[str, None] = {}
        fresh: dict[str, int] = {}
        for folder in folders:
            todo[folder] = None
            with contextlib.suppress(FileNotFoundError):
                self._above(folder, root, todo, fresh)
        self._each(sync_folder, list(todo))
        self._known.update(fresh)

    def _above(self, folder: str, root: str, todo: dict[str, None], fresh: dict[str, int]) -> None:
        while folder != root:
            inode = os.stat(folder).st_ino
            if self._known.get(folder) == inode:
                return
            fresh[folder] = inode
            folder = os.path.dirname(folder)
            todo[folder] = None

    def _each(self, sync: Callable[[_T], None], items: Sequence[_T]) -> None:
        """Sync all, each in a thread of its own except the last; the first error is raised when all are done."""
        threads, done = self._own_threads(), _Outcomes()
        for item in items[:-1]:
            threads.take((sync, item, done))
        try:
            for item in items[-1:]:
                sync(item)
        finally:
            errors = [error for _ in items[:-1] if (error := done.get())]
        if errors:
            raise errors[0]

    def _own_threads(self) -> _Threads:
        if self._threads.pid != os.getpid():  # forked: the threads stayed with the parent, and its lock may be held
            self._threads = _Threads()
        return self._threads

    def close(self) -> None:
        """End the threads. May be called twice."""
        self._own_threads().close()


class _Threads:
    """Threads that wait for jobs. What the standard library has for this costs as much as a sync does."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._jobs: _Jobs = SimpleQueue()
        self._running: list[threading.Thread] = []
        self._guard = threading.Lock()

    def take(self, job: _Job) -> None:
        """Have a thread do it; or do it now, where there can be none."""
        with self._guard:
            if self._ready():
                self._jobs.put(job)
                return
        _do(job)

    def _ready(self) -> bool:
        if sys.is_finalizing():
            return False
        if len(self._running) < _THREADS:
            thread = threading.Thread(target=_work, args=(self._jobs,), name="claif-git-sync", daemon=True)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending: there are no new threads any more
                thread.start()
                self._running.append(thread)
        return bool(self._running)

    def close(self) -> None:
        with self._guard:
            ending, self._running = self._running, []
            jobs, self._jobs = self._jobs, SimpleQueue()
        for _ in ending:
            jobs.put(None)
        for thread in ending:
            thread.join()

    def __del__(self) -> None:
        for _ in self._running:
            self._jobs.put(None)


def _work(jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        _do(job)


def _do(job: _Job) -> None:
    sync, item, done = job
    try:
        sync(item)
    except Exception as error:  # noqa: BLE001 - raised where it is waited for
        done.put(error)
    else:
        done.put(None)
