"""What the number of refs alone costs: a store with one real session, and any number of branches beside it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.driving import plain, run_command
from benchmarks.workload import Conversation

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
_TALK = Conversation(70, 100)


def many_refs(bench: Bench) -> None:
    """Read and append to the one session, and do what a git host does with every exchange."""
    if OURS not in bench.backends:
        return
    for count in COUNTS:
        bench.say(f"refs/{count}")
        folder = bench.filled(f"refs-{count}", OURS, [_TALK])
        store = folder / "store"
        size = _crowd(store, count)
        bench.results.add(f"refs/{count}: list of refs", OURS, [size], "bytes")
        for _ in range(3):
            for key, request in (
                ("load", {"call": "load", "talk": plain(_TALK), "fresh": True}),
                ("append", {"call": "append", "talk": plain(_TALK), "fresh": True}),
            ):
                with bench.worker(OURS, folder) as worker:
                    bench.results.add(f"refs-{key}/{count}", OURS, bench.sample(worker, request))
            for key, words in _of_git(folder, store):
                bench.results.add(f"refs-{key}/{count}", "git", [run_command(words, folder)[0] * 1000])


def _crowd(store: Path, count: int) -> int:
    """Put branches beside the session, all at its tip; give the bytes of the file that lists them."""
    path = store / "packed-refs"
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    tip = next(line for line in lines if " refs/heads/" in line and "claif-store" not in line)[:40]
    lines += [f"{tip} refs/heads/a-session-of-somebody-else-{at:012}" for at in range(count)]
    path.write_text("\n".join([head, *sorted(lines, key=lambda line: line[41:])]) + "\n", encoding="utf-8")
    return path.stat().st_size


def _of_git(folder: Path, store: Path) -> list[tuple[str, list[str]]]:
    other = folder / "other"
    if not other.exists():
        run_command(["git", "init", "-q", "--bare", str(other)], folder)
        tip = "refs/heads/a-session-of-somebody-else-000000000000"
        run_command(["git", "-C", str(other), "fetch", "-q", str(store), f"{tip}:refs/heads/mine"], folder)
    push = ["git", "-C", str(other), "push", "-q", "-f", str(store), "mine:refs/heads/mine"]
    return [("ls-remote", ["git", "ls-remote", str(store)]), ("push", push)]
