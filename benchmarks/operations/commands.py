"""Whole commands, from the shell: how long they take to start, and how much memory they take."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.driving import FailedError, run_command
from benchmarks.operations.reading import sessions_of
from benchmarks.workload import COMMON


def _program(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def _store(bench: Bench) -> tuple[Path, str]:
    """Give a store of many sessions, its index warm, and the id of one of them."""
    talks = sessions_of(bench, bench.sizes.sessions)
    folder = bench.filled("sessions", OURS, talks)
    with bench.worker(OURS, folder) as worker:
        worker.call("search", None, COMMON)
        return folder, worker.call("id_of", talks[len(talks) // 2])["value"]


def cold_start(bench: Bench) -> None:
    """Start each program for its help and for a list, in turn. The other's log is empty, which is in its favour."""
    ours, theirs = _program("claif-git"), _program("llm")
    if ours is None or OURS not in bench.backends:
        bench.results.notes.append("the command claif-git is not installed here")
        return
    folder, session_id = _store(bench)
    words = {
        ("start-help", OURS): [ours, "--help"],
        ("start-list", OURS): [ours, "--store", str(folder / "store"), "session", "list"],
        ("start-show", OURS): [ours, "--store", str(folder / "store"), "session", "show", session_id],
    }
    if theirs and "llm" in bench.backends:
        log = str(bench.filled("empty", "llm", []) / "logs.db")
        words |= {("start-help", "llm"): [theirs, "--help"], ("start-list", "llm"): [theirs, "logs", "list", "-d", log]}
    for _ in range(bench.sizes.loads + 1):
        for (key, name), command in words.items():
            bench.results.add(key, name, [run_command(command, folder)[0] * 1000])


def memory(bench: Bench) -> None:
    """Run commands on a store of many sessions, and note the most memory that each had."""
    ours = _program("claif-git")
    if ours is None or OURS not in bench.backends:
        return
    folder, session_id = _store(bench)
    for key, words in (
        ("list", ["session", "list"]),
        ("show", ["session", "show", session_id]),
        ("search", ["session", "search", COMMON]),
        ("create", ["session", "create", "--title", "A new one"]),
        ("log", ["log", session_id]),
        ("branch", ["branch", session_id]),
        ("gc", ["gc"]),
        ("reindexed list", ["session", "search", COMMON]),
    ):
        if key.startswith("reindexed"):
            for file in (folder / "store" / "claif").glob("index.db*"):
                file.unlink()
        bench.say(f"memory of {key}")
        try:
            _, most = run_command([ours, "--store", str(folder / "store"), *words], folder)
        except FailedError as error:
            bench.results.notes.append(str(error))
        else:
            bench.results.add(f"memory-{key}", OURS, [most], "bytes")
