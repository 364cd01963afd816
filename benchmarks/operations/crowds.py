"""Several who write to one session: two clones in turn, eight processes at once."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.backends import CLONES, OURS
from benchmarks.bench import Bench
from benchmarks.driving import Worker, plain
from benchmarks.stats import median
from benchmarks.workload import Conversation


def alternate(bench: Bench) -> None:
    """Append in a session whose every turn so far was written in the other of two clones."""
    if OURS not in bench.backends:
        return
    length = bench.sizes.middle
    for key, clones in (("alternate", 2), ("alternate-alone", 1)):
        bench.say(key)
        with bench.worker(CLONES, bench.work / key) as worker:
            said = worker.call("alternate", None, clones, length, bench.sizes.rounds * 10)["value"]
            bench.results.add(f"{key}/{length}", OURS, said["ms"])
            bench.results.add(f"{key}-bytes/{length}", OURS, said["bytes"], "bytes")


def eight(bench: Bench) -> None:
    """Append from eight processes at once: to one session, and each to its own; beside one process alone."""
    if OURS not in bench.backends:
        return
    talks = [Conversation(30 + at, bench.sizes.small) for at in range(8)]
    folder = bench.filled("eight", OURS, talks)
    count = bench.sizes.burst * 4
    for _ in range(3 if bench.sizes.slow else 1):
        _at_once(bench, "one", [bench.worker(OURS, folder)], talks[:1], count)
        _at_once(bench, "eight-same", [bench.worker(OURS, folder) for _ in range(8)], talks[:1] * 8, count)
        _at_once(bench, "eight-own", [bench.worker(OURS, folder) for _ in range(8)], talks, count)


def _at_once(bench: Bench, key: str, workers: Sequence[Worker], talks: Sequence[Conversation], count: int) -> None:
    bench.say(key)
    try:
        for at, (worker, talk) in enumerate(zip(workers, talks, strict=True)):
            worker.call("append", talk, offset=1_000_000 * (at + 1))
        start = time.perf_counter()
        for worker, talk in zip(workers, talks, strict=True):
            worker.send({"call": "append", "talk": plain(talk), "times": count})
        samples = [worker.receive()["ms"] for worker in workers]
        elapsed = time.perf_counter() - start
    finally:
        for worker in workers:
            worker.close()
    bench.results.add(f"rate-{key}", OURS, [len(workers) * count / elapsed], "per second")
    bench.results.add(f"wait-{key}", OURS, [max(map(max, samples))])
    bench.results.add(f"median-{key}", OURS, [median([one for some in samples for one in some])])
