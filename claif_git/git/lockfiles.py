"""The `X.lock` files that git's own protocol asks for, made so that a dead writer's is recognised at once.

Ours are hard links to one file of this process, on which it holds a flock. A `.lock` that starts with our words and
whose flock is free belongs to somebody who died, and goes. One that git or dulwich made says nothing about its maker;
it goes when it has stood for `foreign_age` seconds, and that is logged.
"""
# ruff: noqa: PTH103, PTH110, PTH120
# No Path objects here: taken with every turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass

from claif_git.errors import ConcurrentUpdateError, StoreError
from claif_git.git.files import CLOSED, refuse, remove, write_all
from claif_git.git.locks import Flock, try_flock, wait_for

FOREIGN_AGE = 60.0
"""Seconds after which a lock of git's own, or of any other program's, is taken for left behind."""

_OURS = b"claif-git: this lock is held by a process; it is dead when nobody holds a flock on this file\n"
_PAUSE, _LONGEST_PAUSE = 0.0003, 0.01
_SWEEPING = 5.0
_TRIES = 50
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LockState:
    """A lock file that stands. `ours`: one of our processes made it, `pid`, where that is still known.

    `age` in seconds. `is_stale`: its maker is dead, or, as a foreign one, taken for it.
    """

    path: str
    ours: bool
    pid: int | None
    age: float
    is_stale: bool


class _Block:
    """Who holds a lock file, or waits for it: a running `hold`, which alone refers to it."""

    __slots__ = ("__weakref__", "linked")

    def __init__(self) -> None:
        self.linked = False


class LockFiles:
    """Makes and removes `.lock` files for one process (or one opened repository in it)."""

    def __init__(self, private: str, foreign_age: float = FOREIGN_AGE) -> None:
        self._private, self._owners, self._broom = private, private + "/owners", private + "/broom"
        self.foreign_age = foreign_age
        self._guard = threading.Lock()
        self._blocks: weakref.WeakValueDictionary[str, _Block] = weakref.WeakValueDictionary()
        self._owner, self._fd = "", -1
        self._closer: weakref.finalize[..., LockFiles] | None = None
        _open_here.add(self)

    @contextlib.contextmanager
    def hold(self, path: str, timeout: float) -> Iterator[None]:
        """Hold the lock file `path`. ConcurrentUpdateError that names it after `timeout` seconds."""
        block = _Block()
        try:
            self._acquire(path, block, time.monotonic() + timeout)
            yield
        finally:
            self._release(path, block)

    def _acquire(self, path: str, block: _Block, deadline: float) -> None:
        pause = _PAUSE
        while True:
            if self._claim(path, block):
                block.linked = self._try(path)
                if block.linked:
                    return
                if self._free_left(path) or self.clear_stale(path):
                    continue
            if time.monotonic() > deadline:
                raise ConcurrentUpdateError(f"{path} is held by another program", hint="remove it if none is running")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _claim(self, path: str, block: _Block) -> bool:
        """Be the one block of this process that holds the lock file, or tries to."""
        with self._guard:
            return self._blocks.setdefault(path, block) is block

    def _release(self, path: str, block: _Block) -> None:
        with self._guard:
            if self._blocks.get(path) is not block:
                return  # another block's; or this is a child of the process that holds it
            if block.linked:
                remove(path)
            else:
                self._free_left(path)  # an interrupt came between the link and our knowing of it
            del self._blocks[path]

    def _free_left(self, path: str) -> bool:
        """Remove a lock file that is a link to ours, for whoever claims it: an interrupt kept its block from doing so.

        Says whether there was one.
        """
        try:
            is_ours = self._fd >= 0 and os.path.samestat(os.lstat(path), os.fstat(self._fd))
        except FileNotFoundError:
            return False
        return is_ours and remove(path)

    def _try(self, path: str) -> bool:
        for _ in range(_TRIES):
            try:
                os.link(self._owned(), path)
            except FileExistsError:
                return False
            except FileNotFoundError:  # no folder yet, or git removed it while it was empty; or our file was swept
                with contextlib.suppress(FileExistsError, FileNotFoundError):
                    os.makedirs(os.path.dirname(path), exist_ok=True)
                self._forget_if_swept()
            except OSError as error:
                refuse(error, self._private)
            else:
                return True
        raise StoreError(f"cannot make {path}: its folder keeps vanishing")

    def _owned(self) -> str:
        """Give our file, made and locked on first use."""
        with self._guard:
            if self._fd < 0:
                os.makedirs(self._owners, exist_ok=True)
                path = f"{self._owners}/{os.getpid()}-{secrets.token_hex(6)}"
                fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | CLOSED, 0o666)
                closer = weakref.finalize(self, _give_up, path, fd)  # at exit too, if nobody closes us
                try:
                    try_flock(fd)
                    write_all(fd, _OURS)
                except BaseException:
                    closer()
                    raise
                self._owner, self._fd, self._closer = path, fd, closer
            return self._owner

    def _forget_if_swept(self) -> None:
        """Make another file of ours next time if a sweeper caught it between making and locking."""
        with self._guard:
            if self._fd >= 0 and not os.path.exists(self._owner):
                self._forget()

    def clear_dead(self, path: str) -> bool:
        """Remove the lock file if one of our processes made it and is dead; True if it is gone. A foreign one stays."""
        state = self.look(path)
        return state is not None and state.ours and self.clear_stale(path)

    def clear_stale(self, path: str) -> bool:
        """Remove the lock file if its maker is dead or, as a foreign one, long gone. True if there is none now."""
        if not os.path.exists(path):
            return True
        if not self._is_stale(path):
            return False
        # Looked at again under a lock of all sweepers: another may have removed it, and a new owner put its own there.
        broom = wait_for(self._broom, exclusive=True, deadline=time.monotonic() + _SWEEPING)
        if broom is None:
            return False
        try:
            return self._is_stale(path) and remove(path)
        finally:
            broom.close()

    def _is_stale(self, path: str) -> bool:
        state = self.look(path)
        if state is None:
            return False
        if state.is_stale and not state.ours:
            _log.warning("%s was left behind by another program %.0f s ago: removing it", path, state.age)
        return state.is_stale

    def look(self, path: str) -> LockState | None:
        """Say whose a lock file is; None if there is none, or it cannot be read."""
        try:
            lock = Flock(path, os.O_RDWR | CLOSED)
        except OSError:
            return None
        try:
            made = os.fstat(lock.fd)
            age = time.time() - made.st_mtime
            if os.read(lock.fd, len(_OURS)) != _OURS:
                return LockState(path, ours=False, pid=None, age=age, is_stale=age > self.foreign_age)
            dead = try_flock(lock.fd)
        finally:
            lock.close()
        return LockState(path, ours=True, pid=self._pid_of(made.st_ino), age=age, is_stale=dead)

    def _pid_of(self, inode: int) -> int | None:
        """Find the process whose file a lock is a link to."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._owners) as rows:
            for row in rows:
                if row.inode() == inode:
                    return int(row.name.partition("-")[0])
        return None

    def close(self) -> None:
        """Give up our file. May be called twice."""
        with self._guard:
            self._forget()

    def leave_to_parent(self) -> None:
        """In a child that was forked: give up our copy of the file, which would pass for the parent if that dies."""
        self._guard = threading.Lock()
        self._blocks = weakref.WeakValueDictionary()
        if self._closer is not None and self._closer.detach():
            os.close(self._fd)
        self._fd, self._closer = -1, None

    def _forget(self) -> None:
        self._fd = -1
        if self._closer is not None:
            self._closer()


_open_here: weakref.WeakSet[LockFiles] = weakref.WeakSet()


def _in_child() -> None:
    for lock_files in list(_open_here):
        lock_files.leave_to_parent()


os.register_at_fork(after_in_child=_in_child)


def _give_up(path: str, fd: int) -> None:
    remove(path)
    os.close(fd)
