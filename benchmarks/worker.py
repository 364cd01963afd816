"""A process with one backend in it, which does and times what it is told: a JSON object a line, and one back.

Every backend has processes of its own, so that none pays for what another imported or allocated: one that imports it,
and, forked off from that, one for each folder in which it works.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.backends import backend
from benchmarks.backends.base import Backend, places
from benchmarks.workload import Conversation


class Served:
    """One backend, and how far each of its conversations has grown."""

    def __init__(self, made: Backend) -> None:
        self.backend: Any = made
        self._is_open = False
        self._length: dict[str, int] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one thing: `call` names a method, `talk` a conversation, `args` what else it takes.

        times, budget   do it so often, or until so many seconds are over, but once at least
        fresh           in a process of its own, where opening the store is part of what is timed; imports are not
        again           in that process, so often once more
        """
        call, times = request["call"], int(request.get("times", 1))
        if call == "memory":
            return {"value": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}
        if call == "fill":
            self._ready()
            self.backend.fill([Conversation(*talk) for talk in request["talks"]])
            return {"value": None}
        taken: list[float] = []
        value = None
        stop = time.perf_counter() + float(request.get("budget", 1e9))
        while len(taken) < times and (not taken or time.perf_counter() < stop):
            arguments = self._arguments(request)
            if not request.get("fresh"):
                self._ready()
            start = time.perf_counter()
            self._ready()  # where that was not done above, it is part of what is timed
            value = getattr(self.backend, call)(*arguments)
            taken.append((time.perf_counter() - start) * 1000)
        return {"ms": taken, "value": value}

    def answer_fresh(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do it as the first thing after the imports; then, if asked, again."""
        said = self.answer(request)
        if request.get("again"):
            said["again"] = self.answer({**request, "fresh": False, "times": request["again"]})["ms"]
        self.close()
        return said

    def _ready(self) -> None:
        if not self._is_open:
            self.backend.open()
            self._is_open = True

    def _arguments(self, request: dict[str, Any]) -> list[Any]:
        if "talk" not in request:
            return list(request.get("args", ()))
        talk = Conversation(*request["talk"])
        if request["call"] != "append":
            return [talk, *request.get("args", ())]
        first = talk.length + int(request.get("offset", 0))
        at = self._length[talk.key] = self._length.get(talk.key, first - 1) + 1
        return [talk, talk.said(at)]

    def close(self) -> None:
        """Let the backend close what it opened."""
        if self._is_open:
            self.backend.close()


def main() -> None:
    """Import a backend; then fork off a worker for every folder and socket that is sent, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever breaks a run off has no use for what we were about
    name, link = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
    try:
        kind = backend(name)
    except ImportError as error:
        link.sendall(_line({"absent": str(error)}))
        return
    gc.freeze()  # what was imported is not copied when a process forks off and collects garbage
    link.sendall(_line({"methods": [one for one in dir(kind) if not one.startswith("_")]}))
    while True:
        folder, sent, _, _ = socket.recv_fds(link, 4096, 1)
        if not folder:
            return
        _reap()
        if os.fork():
            os.close(sent[0])
        else:
            link.close()
            _serve(kind, Path(os.fsdecode(folder)), socket.socket(fileno=sent[0]))
            os._exit(0)


def _reap() -> None:
    """Take note of workers that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _serve(kind: type[Backend], folder: Path, link: socket.socket) -> None:
    """Do what is asked for, until the store is to be closed or there is nobody to ask."""
    os.environ.update(places(folder))
    served = Served(kind(folder))
    for line in link.makefile("r"):
        request = json.loads(line)
        if request["call"] == "close":
            break
        if not request.get("fresh"):
            _reply(link, served.answer, request)
        elif child := os.fork():
            os.waitpid(child, 0)
        else:
            _reply(link, served.answer_fresh, request)
            os._exit(0)
    served.close()
    link.sendall(_line({"value": None}))


def _reply(link: socket.socket, answer: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]) -> None:
    try:
        said = answer(request)
    except Exception as error:  # noqa: BLE001 - told to the driver, which shows it and goes on
        said = {"error": f"{type(error).__name__}: {error}"}
    link.sendall(_line(said))


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said).encode() + b"\n"


if __name__ == "__main__":
    main()
