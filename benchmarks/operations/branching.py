"""A session that starts at the middle of another, and two that are merged."""

from __future__ import annotations

from benchmarks.backends import OURS
from benchmarks.bench import Bench, talks
from benchmarks.driving import plain


def branch(bench: Bench) -> None:
    """Branch at the middle, beside one append to the same session; and the bytes that a branch adds to our store."""
    held = list(talks(bench.sizes).values())
    for talk in held[1:]:
        with bench.workers("talks", bench.able("branch"), held) as workers:
            request = {"talk": plain(talk), "times": 2, "budget": bench.sizes.budget}
            middle = {**request, "call": "branch", "args": [talk.length // 2 - 1]}
            for worker in workers.values():
                worker.call("append", talk)
            bench.in_turn(f"branch/{talk.length}", workers, bench.sizes.loads, middle)
            bench.in_turn(f"branch-append/{talk.length}", workers, bench.sizes.loads * 3, {**request, "call": "append"})
            if OURS in workers:
                grown = [workers[OURS].call("branch_bytes", talk, talk.length // 2 - 1)["value"] for _ in range(3)]
                bench.results.add(f"branch-bytes/{talk.length}", OURS, grown, "bytes")


def merge(bench: Bench) -> None:
    """Merge two branches of one session that have ten messages each of their own."""
    if OURS not in bench.backends:
        return
    held = list(talks(bench.sizes).values())
    talk = held[-1]
    with bench.workers("talks", [OURS], held) as workers:
        for _ in range(max(2, bench.sizes.loads // 2)):
            workers[OURS].call("diverge", talk, 10)
            bench.in_turn(f"merge/{talk.length}", workers, 1, {"call": "merge"})
            bench.in_turn(
                f"merge-append/{talk.length}", workers, 1, {"call": "append", "talk": plain(talk), "times": 5}
            )
