"""Putting things on the disk: several at once, and no folder above them forgotten."""
# ruff: noqa: PTH116, PTH120
# No Path objects here: this runs several times a turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from claif_git.git.files import sync_folder

_T = TypeVar("_T")
_THREADS = 4  # and the caller's own: a turn is five objects


class Syncer:
    """Syncs files and folders.

    Several at once take the time of one or two: the file system writes its journal once for all who wait for it.
    """

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._guard = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._pid = os.getpid()

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
        if self._pid != os.getpid():  # forked: the pool's threads stayed with the parent, and its lock may be held
            self._pid, self._pool, self._guard = os.getpid(), None, threading.Lock()
        futures = [self._submit(sync, item) for item in items[:-1]]
        try:
            for item in items[-1:]:
                sync(item)
        finally:
            wait(futures)
        for future in futures:
            future.result()

    def _submit(self, sync: Callable[[_T], None], item: _T) -> Future[None]:
        try:
            return self._threads().submit(sync, item)
        except RuntimeError:  # the interpreter is ending, or the repository was closed: there are no threads any more
            sync(item)
            done: Future[None] = Future()
            done.set_result(None)
            return done

    def _threads(self) -> ThreadPoolExecutor:
        with self._guard:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_THREADS, "claif-git-sync")
            return self._pool

    def close(self) -> None:
        """End the threads. May be called twice."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()
