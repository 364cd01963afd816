"""How the time of a few operations grows: with a session's length, and with the number of sessions."""

from __future__ import annotations

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.driving import plain
from benchmarks.operations.reading import sessions_of
from benchmarks.workload import COMMON, Conversation

LENGTHS = (100, 1_000, 10_000, 100_000)
SHOWN = ("claif-git", "llm", "openai", "sqlite")
"""Those that are drawn: the lines of more lie over each other."""


def growth(bench: Bench) -> None:
    """Measure at each size; a store is made for it and thrown away with the others at the end."""
    for length in LENGTHS:
        _lengths(bench, length)
    for count in LENGTHS:
        _counts(bench, count)


def _lengths(bench: Bench, length: int) -> None:
    talk = Conversation(60, length)
    names = bench.able("append", SHOWN)
    with bench.workers(f"grown-{length}", names, [talk]) as workers:
        for worker in workers.values():
            worker.call("append", talk)
        bench.in_turn(f"growth-append/{length}", workers, 10, {"call": "append", "talk": plain(talk), "times": 10})
        if OURS in workers:
            workers[OURS].call("search", None, COMMON)  # which brings the index up to date
    folders = {name: bench.folder(f"grown-{length}", name) for name in names}
    bench.fresh(f"growth-load/{length}", folders, {"call": "load", "talk": plain(talk)})


def _counts(bench: Bench, count: int) -> None:
    talks = sessions_of(bench, count)
    names = bench.able("listing", SHOWN)
    folders = {name: bench.filled(f"counted-{count}", name, talks) for name in names}
    for key, request in (
        ("growth-list", {"call": "listing", "args": [None]}),
        ("growth-search", {"call": "search", "args": [COMMON]}),
    ):
        bench.fresh(f"{key}/{count}", folders, request, again=3)
