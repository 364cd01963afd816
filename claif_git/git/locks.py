"""Locks between processes: flock behind one function, a turnstile against starvation, and what is built of them.

A lock is an open file, so it goes with its process however that ends. Nothing is ever left to clean up but empty
files. Everything waits by asking again: flock has no time limit, and a stopped process must not stop the others.
"""
# ruff: noqa: PTH103, PTH108, PTH116, PTH120
# No Path objects here: taken with every turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import threading
import time
import weakref
from collections.abc import Iterator
from typing import Self

from claif_git.errors import ConcurrentUpdateError
from claif_git.git.files import CLOSED, refuse

_PAUSE = 0.0002  # seconds between two tries of the one who is next, at first
_LONGEST_PAUSE = 0.005
_PAUSE_IN_LINE = 0.016  # and of those behind: of a newcomer, who asks the less often, the less it has waited
_SENIORITY = 0.06  # seconds of waiting after which one asks twice as often
_BURST = 0.03  # seconds for which who has passed the gate need not pass it again
_BREATH, _BREATHS = 0.001, 3  # who is at it leaves a lock free for less than that: seconds, and how often it is looked
_READABLE = re.compile(r"[0-9a-z][0-9a-z._-]{0,99}")


class Flock:
    """An open file to be locked; closed at the latest when nobody refers to it, as after a Ctrl-C in between.

    A child that is forked gives its copy up, with which it would hold the lock too.
    """

    __slots__ = ("__weakref__", "fd")

    def __init__(self, path: str, flags: int = os.O_RDWR | os.O_CREAT | CLOSED) -> None:
        self.fd = -1
        with _forking:
            self.fd = os.open(path, flags, 0o666)
            _open_here.add(self)

    def close(self) -> None:
        """Let go. May be called twice."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __del__(self) -> None:
        if getattr(self, "fd", -1) >= 0:  # none, where an interrupt came before it was opened
            self.close()


_open_here: weakref.WeakSet[Flock] = weakref.WeakSet()
_forking = threading.RLock()


def _in_child() -> None:
    for lock in list(_open_here):
        lock.close()
    _forking.release()


os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_in_child)


def try_flock(fd: int, *, exclusive: bool = True) -> bool:
    """Lock an open file if nobody is in the way. The one place that would change on Windows."""
    try:
        fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_name(name: str) -> str:
    """Give a file name for a lock called `name`: itself where that is a plain one, else a hash."""
    return name if _READABLE.fullmatch(name) else hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def wait_for(
    path: str, *, exclusive: bool, deadline: float, in_line: bool = False, after_burst: bool = False
) -> Flock | None:
    """Lock the file at `path`, making it if there is none; None at the deadline (monotonic).

    `in_line`: many may be waiting, and who has waited longest is to come first, mostly. `after_burst`: who has it now
    takes it again and again, and may go on for a moment.
    """
    while True:
        lock = _open(path)
        try:
            if after_burst:
                got = _try_after_burst(lock.fd, deadline)
            else:
                got = _try_until(lock.fd, exclusive=exclusive, deadline=deadline, in_line=in_line)
            if got and _still_named(lock.fd, path):
                return lock
        except BaseException:
            lock.close()
            raise
        lock.close()
        if not got:
            return None


def _open(path: str) -> Flock:
    try:
        try:
            return Flock(path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            return Flock(path)
    except OSError as error:
        refuse(error, path.rpartition("/claif/")[0] + "/claif")


def _try_until(fd: int, *, exclusive: bool, deadline: float, in_line: bool) -> bool:
    start, pause = time.monotonic(), _PAUSE
    while not try_flock(fd, exclusive=exclusive):
        now = time.monotonic()
        if now >= deadline:
            return False
        if in_line:
            pause = max(_PAUSE_IN_LINE * 0.5 ** ((now - start) / _SENIORITY), _PAUSE)
        else:
            pause = min(pause * 1.3, _LONGEST_PAUSE)
        time.sleep(min(pause, deadline - now))
    return True


def _try_after_burst(fd: int, deadline: float) -> bool:
    """Lock an open file once it was free for a few looks in a row, or its burst is over."""
    start, free = time.monotonic(), 0
    while True:
        now = time.monotonic()
        if try_flock(fd):
            free += 1
            if free >= _BREATHS or now - start >= _BURST:
                return True
            fcntl.flock(fd, fcntl.LOCK_UN)
        else:
            free = 0
        if now >= deadline:
            return False
        time.sleep(_BREATH)


def _still_named(fd: int, path: str) -> bool:
    """Say whether `path` still is the file that we locked: maintenance sweeps files that nobody holds."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


class Turnstile:
    """A lock with a gate before it: who waits for the lock holds the gate, and who comes later waits there.

    Without it a maintainer never finds a moment without writers, and of many writers one that lets go takes the
    lock again before the others wake. The gate need not be passed again for a moment, and who waits behind it in a
    crowd leaves the lock alone meanwhile: a busy process does several turns in a row, since to take over from another
    costs as much as some turns.
    """

    def __init__(self, path: str) -> None:
        self._path, self._gate = path, path + ".gate"
        self._passed = -1.0

    def acquire(self, *, exclusive: bool, gate_exclusive: bool, timeout: float) -> Flock | None:
        """Take the lock, or give None after `timeout` seconds."""
        start = time.monotonic()
        deadline = start + timeout
        if start - self._passed < _BURST:
            return wait_for(self._path, exclusive=exclusive, deadline=deadline)
        gate = wait_for(self._gate, exclusive=gate_exclusive, deadline=start)
        crowded = gate is None and exclusive and gate_exclusive
        if gate is None:
            gate = wait_for(self._gate, exclusive=gate_exclusive, deadline=deadline, in_line=True)
        if gate is None:
            return None
        try:
            return wait_for(self._path, exclusive=exclusive, deadline=deadline, after_burst=crowded)
        finally:
            self._passed = time.monotonic()
            gate.close()


class _Held(threading.local):
    """What this thread's blocks hold, and how many they are.

    They alone refer to the lock: where an interrupt kept one from being counted off, it ends with the last as well.
    """

    lock: weakref.ref[Flock] | None = None
    depth = 0
    exclusive = False

    def current(self) -> Flock | None:
        """Give the lock; None if no block has it, or this is a child of who had."""
        lock = self.lock() if self.lock is not None else None
        return lock if lock is not None and lock.fd >= 0 else None


class StoreLock:
    """The lock of a whole store: writers share it, maintenance has it alone. Re-entrant within a thread."""

    def __init__(self, path: str) -> None:
        self._turnstile = Turnstile(path)
        self._held = _Held()

    @contextlib.contextmanager
    def shared(self, timeout: float) -> Iterator[None]:
        """Hold the lock beside other writers. ConcurrentUpdateError after `timeout` seconds."""
        with self._hold(exclusive=False, timeout=timeout):
            yield

    @contextlib.contextmanager
    def exclusive(self, timeout: float) -> Iterator[None]:
        """Hold the lock alone. ConcurrentUpdateError after `timeout` seconds."""
        if self._held.current() is not None and not self._held.exclusive:
            raise AssertionError("a thread that shares the store's lock would wait for itself")
        with self._hold(exclusive=True, timeout=timeout):
            yield

    @contextlib.contextmanager
    def _hold(self, *, exclusive: bool, timeout: float) -> Iterator[None]:
        held = self._held
        lock, counted = held.current(), False
        try:
            if lock is None:
                lock = self._turnstile.acquire(exclusive=exclusive, gate_exclusive=exclusive, timeout=timeout)
                if lock is None:
                    raise ConcurrentUpdateError(f"the store is busy: waited {timeout:g} s for it")
                held.lock, held.depth, held.exclusive = weakref.ref(lock), 0, exclusive
            held.depth += 1
            counted = True
            yield
        finally:
            if counted:
                held.depth -= 1
            if lock is not None and not held.depth:
                lock.close()
            lock = None  # a traceback may keep this frame, which must not keep the lock


class Queues:
    """Queues by name: who writes to one session waits in line rather than racing for its ref."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._turnstiles: dict[str, Turnstile] = {}

    @contextlib.contextmanager
    def hold(self, name: str, timeout: float) -> Iterator[None]:
        """Be the only one in the queue `name`. ConcurrentUpdateError after `timeout` seconds."""
        lock: Flock | None = None
        try:
            lock = self._turnstile(name).acquire(exclusive=True, gate_exclusive=True, timeout=timeout)
            if lock is None:
                raise ConcurrentUpdateError(f"{name} is busy: waited {timeout:g} s for other writers")
            yield
        finally:
            if lock is not None:
                lock.close()

    def _turnstile(self, name: str) -> Turnstile:
        if len(self._turnstiles) > 256:  # it only remembers who passed a moment ago
            self._turnstiles = {}
        return self._turnstiles.setdefault(name, Turnstile(f"{self._folder}/{lock_name(name)}"))


class Lock:
    """A lock that its holder keeps for as long as it likes; it goes with the process."""

    def __init__(self, path: str, lock: Flock) -> None:
        self._path, self._lock = path, lock

    def release(self) -> None:
        """Let go. May be called twice."""
        if self._lock.fd >= 0:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)  # while it is ours: who opened it meanwhile will see that it has no name
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def try_lock(path: str) -> Lock | None:
    """Take the lock at `path` if it is free: not held by another process, nor elsewhere in this one."""
    lock = wait_for(path, exclusive=True, deadline=0.0)
    return None if lock is None else Lock(path, lock)


def sweep(folder: str) -> int:
    """Remove the lock files in `folder` that nobody holds, and say how many."""
    swept = 0
    with contextlib.suppress(FileNotFoundError):
        for entry in list(os.scandir(folder)):
            swept += _sweep_one(entry.path)
    return swept


def _sweep_one(path: str) -> bool:
    try:
        lock = Flock(path, os.O_RDWR | CLOSED)
    except OSError:
        return False
    try:
        if not try_flock(lock.fd):
            return False
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        return True
    finally:
        lock.close()
