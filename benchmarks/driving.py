"""The other side of `worker.py`: starts the processes, and takes the backends in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks.workload import Conversation

ROOT = Path(__file__).resolve().parent.parent


class AbsentError(Exception):
    """A backend's library is not installed."""


class FailedError(Exception):
    """A backend could not do what it was asked for."""


class Worker:
    """A process that serves one backend in one folder."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name, str(folder)],
            cwd=ROOT,
            env=environment(folder),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        said = self._read()
        if "absent" in said:
            self.close()
            raise AbsentError(said["absent"])

    def call(self, call: str, talk: Conversation | None = None, *args: Any, **options: Any) -> dict[str, Any]:
        """Have something done. FailedError."""
        request: dict[str, Any] = {"call": call, "args": args, **options}
        if talk is not None:
            request["talk"] = plain(talk)
        self.send(request)
        return self.receive()

    def send(self, request: dict[str, Any]) -> None:
        """Ask, without waiting for the answer."""
        if self._process.stdin is None:
            raise AssertionError("it was given a pipe")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Wait for an answer. FailedError."""
        said = self._read()
        if "error" in said:
            raise FailedError(f"{self.name}: {said['error']}")
        return said

    def _read(self) -> dict[str, Any]:
        if self._process.stdout is None:
            raise AssertionError("it was given a pipe")
        line = self._process.stdout.readline()
        if not line:
            raise FailedError(f"{self.name}: the process ended")
        said: dict[str, Any] = json.loads(line)
        return said

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

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
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    mine = {"HOME": str(home), "LLM_USER_PATH": str(home / "llm"), "GIT_CONFIG_NOSYSTEM": "1"}
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
