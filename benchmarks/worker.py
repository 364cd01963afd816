"""A process with one backend in it, which does and times what it is told: a JSON object a line, and one back.

Every backend has a process of its own, so that none pays for what another imported or allocated.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from benchmarks.backends import backend
from benchmarks.workload import Conversation


class Served:
    """One backend, and how far each of its conversations has grown."""

    def __init__(self, name: str, folder: Path) -> None:
        self.backend: Any = backend(name, folder)
        self._is_open = False
        self._length: dict[str, int] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do one thing: `call` names a method, `talk` a conversation, `args` what else it takes.

        times, budget   do it so often, or until so many seconds are over, but once at least
        fresh           in a process of its own, where opening the store is part of what is timed; imports are not
        again           in that process, so often once more
        """
        call, times = request["call"], int(request.get("times", 1))
        if call == "methods":
            return {"value": [name for name in dir(self.backend) if not name.startswith("_")]}
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
    """Serve until there is no more to read."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints is no answer
    try:
        served = Served(sys.argv[1], Path(sys.argv[2]))
    except ImportError as error:
        answers.write(json.dumps({"absent": str(error)}) + "\n")
        answers.flush()
        return
    gc.freeze()  # what was imported is not copied when a fresh process forks off and collects garbage
    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        if not request.get("fresh"):
            _reply(answers, served.answer, request)
        elif child := os.fork():
            os.waitpid(child, 0)
        else:
            _reply(answers, served.answer_fresh, request)
            os._exit(0)
    served.close()


def _reply(answers: TextIO, answer: Callable[[dict[str, Any]], dict[str, Any]], request: dict[str, Any]) -> None:
    try:
        said = answer(request)
    except Exception as error:  # noqa: BLE001 - told to the driver, which shows it and goes on
        said = {"error": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(said) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
