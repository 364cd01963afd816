"""Adding one message, durable when the call returns, to sessions of different lengths."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.backends import OURS
from benchmarks.bench import Bench, talks
from benchmarks.driving import environment
from benchmarks.workload import Conversation


def append(bench: Bench) -> None:
    """Append in bursts, the backends in turn; opening the store and the first message are not counted."""
    for length, talk in talks(bench.sizes).items():
        slow = bench.sizes.slow or length < bench.sizes.large
        _bursts(bench, f"append/{length}", "talks", talk, bench.able("append", slow=slow))


def append_blocks(bench: Bench) -> None:
    """The same with an agent's messages."""
    talk = Conversation(7, bench.sizes.middle, "blocks")
    _bursts(bench, f"append-blocks/{talk.length}", "blocks", talk, bench.able("append", slow=bench.sizes.slow))


def _bursts(bench: Bench, key: str, dataset: str, talk: Conversation, names: list[str]) -> None:
    sizes = bench.sizes
    everything = list(talks(bench.sizes).values()) if dataset == "talks" else [talk]
    request = {"call": "append", "talk": [talk.number, talk.length, talk.kind]}
    with bench.workers(dataset, names, everything) as workers:
        for worker in list(workers.values()):
            bench.guarded(lambda worker=worker: worker.call("append", talk, times=3))  # type: ignore[misc]
        bench.in_turn(key, workers, sizes.rounds, {**request, "times": sizes.burst, "budget": sizes.budget})


def append_cold(bench: Bench) -> None:
    """Open the store and add one message, in a process of its own."""
    everything = talks(bench.sizes)
    folders = {name: bench.filled("talks", name, list(everything.values())) for name in bench.able("append")}
    for length in (bench.sizes.middle, bench.sizes.large):
        talk = everything[length]
        chosen = {name: folder for name, folder in folders.items() if bench.sizes.slow or name != "langgraph"}
        request = {"call": "append", "talk": [talk.number, talk.length, talk.kind], "offset": 100_000}
        bench.fresh(f"append-cold/{length}", chosen, request)


def append_maintained(bench: Bench) -> None:
    """Append while another process packs the store, a second after it last did."""
    talk = talks(bench.sizes)[bench.sizes.middle]
    if OURS not in bench.backends:
        return
    with bench.workers("maintained", [OURS], [talk]) as workers:
        worker = workers[OURS]
        worker.call("append", talk, times=3)
        folder = bench.folder("maintained", OURS)
        script = (
            "import sys, time, claif_git as c; m = c.SessionManager(sys.argv[1])\nwhile True: m.gc(); time.sleep(1)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, str(folder / "store")], env=environment(folder)
        ) as packing:
            try:
                request = {"call": "append", "talk": [talk.number, talk.length, talk.kind]}
                rounds, burst = bench.sizes.rounds * 2, bench.sizes.burst
                bench.in_turn(f"append-maintained/{talk.length}", workers, rounds, {**request, "times": burst})
            finally:
                packing.kill()
