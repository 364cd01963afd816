"""What holds a git process that talks to a stranger: how much memory it may take, and how long it may hear nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from claif_git.errors import RemoteError
from claif_git.git.transport.address import Address
from claif_git.git.transport.limits import Limits

BASE = 256 << 20
"""Bytes that git and what it runs (ssh, libcurl, a credential helper) take at most for themselves."""

_REF = 1024  # bytes that a ref takes in git's memory, name and all
_OBJECTS = 8  # the largest object's size, times this, is what building objects from deltas may take
_BLIND = 10  # times longer, where nothing shows whether git is reading


def memory_for_refs(limits: Limits) -> int:
    """Give the bytes that git may take while a remote shows its refs: git keeps all of them before it prints one."""
    return BASE + limits.max_refs * _REF


def memory_for_objects(limits: Limits) -> int:
    """Give the bytes that git may take, each process for itself, while it receives objects."""
    return (1 << 30) + memory_for_refs(limits) + _OBJECTS * limits.max_object_size


def bounded(command: Sequence[str], memory: int) -> list[str]:
    """Give the command that runs `command` with so many bytes of memory at most, where the system enforces that."""
    if not memory or os.name != "posix":
        return list(command)
    limit = f'ulimit -d {memory >> 10} 2>/dev/null; exec "$@"'
    return ["sh", "-c", limit, "sh", *command]


class Silence:
    """Notices that a process has neither read, written nor said anything for `seconds`; 0 for never."""

    def __init__(self, address: Address, seconds: int, pid: int, *others: Callable[[], int]) -> None:
        self._address, self._seconds, self._others = address, seconds, others
        self._io = Path(f"/proc/{pid}/io")
        self._patience = seconds if self._read() else _BLIND * seconds
        self._last, self._since = self._sign(), time.monotonic()

    def check(self) -> None:
        """Raise RemoteError if it has been too long."""
        if not self._seconds:
            return
        sign, moment = self._sign(), time.monotonic()
        if sign != self._last:
            self._last, self._since = sign, moment
        elif moment - self._since > self._patience:
            raise silent(self._address, self._seconds)

    def _sign(self) -> tuple[int | str, ...]:
        return (self._read(), *(other() for other in self._others))

    def _read(self) -> str:
        """Give what the kernel counts of the process's reading and writing."""
        try:
            return self._io.read_text(encoding="ascii")
        except OSError:
            return ""


def silent(address: Address, seconds: int) -> RemoteError:
    """Say that a remote has said nothing."""
    hint = "to wait longer: git config claif.maxSilence SECONDS, in the store"
    return RemoteError(f"{address} has said nothing for {seconds} seconds", hint=hint)
