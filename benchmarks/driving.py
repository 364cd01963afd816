"""The other side of `worker.py`: starts the processes, and takes the backends in turn."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks.backends.base import places
from benchmarks.workload import Conversation

ROOT = Path(__file__).resolve().parent.parent


class AbsentError(Exception):
    """A backend's library is not installed."""


class FailedError(Exception):
    """A backend could not do what it was asked for."""


class Parent:
    """A process that has imported one backend, and forks off a worker for every folder in which it is wanted.

    So that an import is paid for once a run, and every worker still has nothing in its memory but the import.
    """

    def __init__(self, name: str, home: Path) -> None:
        self.name = name
        self._link, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.worker", name, str(theirs.fileno())],
                cwd=ROOT,
                env=environment(home),
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        with self._link.makefile("r") as lines:
            line = lines.readline()
        said: dict[str, Any] = json.loads(line) if line else {"absent": f"{name} ended as it was imported"}
        if "absent" in said:
            self.close()
            raise AbsentError(said["absent"])
        self.methods: list[str] = said["methods"]

    def worker(self, folder: Path) -> Worker:
        """Have a process for one folder."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._link, [os.fsencode(folder)], [theirs.fileno()])
        return Worker(self.name, ours)

    def close(self) -> None:
        """End the process. Workers are not touched."""
        self._link.close()
        self._process.wait()


class Worker:
    """A process that serves one backend in one folder."""

    def __init__(self, name: str, link: socket.socket) -> None:
        self.name = name
        self._link = link
        self._lines = link.makefile("rw")

    def call(self, call: str, talk: Conversation | None = None, *args: Any, **options: Any) -> dict[str, Any]:
        """Have something done. FailedError."""
        request: dict[str, Any] = {"call": call, "args": args, **options}
        if talk is not None:
            request["talk"] = plain(talk)
        self.send(request)
        return self.receive()

    def send(self, request: dict[str, Any]) -> None:
        """Ask, without waiting for the answer."""
        self._lines.write(json.dumps(request) + "\n")
        self._lines.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for an answer. FailedError."""
        line = self._lines.readline()
        if not line:
            raise FailedError(f"{self.name}: the process ended")
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise FailedError(f"{self.name}: {said['error']}")
        return said

    def close(self) -> None:
        """Have the backend closed, and wait for that."""
        with contextlib.suppress(FailedError, OSError):
            self.call("close")
        with contextlib.suppress(OSError):
            self._lines.close()
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def plain(talk: Conversation) -> list[Any]:
    """Give a conversation as JSON data."""
    return [talk.number, talk.length, talk.kind]


def environment(folder: Path) -> dict[str, str]:
    """Give an environment in which no user's configuration counts, for any of the backends.

    Python keeps what it compiled: else we, who are not installed as the others are, would be compiled at every start.
    """
    left_out = ("GIT_", "CLAIF_", "XDG_", "LLM_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    mine = {**places(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    return {**kept, **mine, "OPENAI_AGENTS_DISABLE_TRACING": "1", "PYTHONPATH": str(ROOT)}


def run_command(words: Sequence[str], folder: Path) -> tuple[float, int]:
    """Run a command, what it prints thrown away; give its seconds and the most memory it had, in bytes. FailedError."""
    start = time.perf_counter()
    process = subprocess.Popen(
        list(words), env=environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise FailedError(f"{' '.join(words)}: exit code {process.returncode}")
    return taken, used.ru_maxrss * 1024
