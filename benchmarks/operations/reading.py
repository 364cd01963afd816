"""Loading, the last few messages, lists and searches: in fresh processes, every field touched."""

from __future__ import annotations

from pathlib import Path

from benchmarks.backends import OURS
from benchmarks.bench import Bench, talks
from benchmarks.driving import plain
from benchmarks.workload import COMMON, RARE, Conversation


def _folders(bench: Bench, dataset: str, method: str, held: list[Conversation]) -> dict[str, Path]:
    """Give filled folders; our index is warm in ours."""
    folders = {name: bench.filled(dataset, name, held) for name in bench.able(method)}
    if OURS in folders:
        with bench.worker(OURS, folders[OURS]) as worker:
            worker.call("search", None, RARE)
    return folders


def load(bench: Bench) -> None:
    """Read whole sessions; ours once more with the index taken away before each."""
    found = talks(bench.sizes)
    folders = _folders(bench, "talks", "load", list(found.values()))
    requests = {at: {"call": "load", "talk": plain(found[at])} for at in (bench.sizes.middle, bench.sizes.large)}
    for length, request in requests.items():
        bench.fresh(f"load/{length}", folders, request, again=3)
    if OURS not in folders:
        return
    for length, request in requests.items():
        for _ in range(bench.sizes.loads):
            _forget_index(folders[OURS])
            with bench.worker(OURS, folders[OURS]) as worker:
                bench.results.add(f"load-unindexed/{length}", OURS, bench.sample(worker, {**request, "fresh": True}))


def _forget_index(folder: Path) -> None:
    for file in (folder / "store" / "claif").glob("index.db*"):
        file.unlink()


def load_blocks(bench: Bench) -> None:
    """Read a session with tool calls and long results."""
    talk = Conversation(7, bench.sizes.middle, "blocks")
    bench.fresh(
        f"load-blocks/{talk.length}",
        _folders(bench, "blocks", "load", [talk]),
        {"call": "load", "talk": plain(talk)},
        again=3,
    )


def last(bench: Bench) -> None:
    """Read the last ten messages, of a short session and of a long one."""
    found = talks(bench.sizes)
    folders = _folders(bench, "talks", "last", list(found.values()))
    for length in (bench.sizes.small, bench.sizes.large):
        bench.fresh(f"last/{length}", folders, {"call": "last", "talk": plain(found[length]), "args": [10]}, again=5)


def sessions_of(bench: Bench, number: int) -> list[Conversation]:
    """Give a store's worth of short sessions."""
    return [Conversation(1_000 + at, bench.sizes.each) for at in range(number)]


def listing(bench: Bench) -> None:
    """List all sessions, those of one project, and all again after a change in another process."""
    stored = sessions_of(bench, bench.sizes.sessions)
    folders = _folders(bench, "sessions", "listing", stored)
    count = len(stored)
    bench.fresh(f"list/{count}", folders, {"call": "listing", "args": [None]}, again=5)
    bench.fresh(f"list-filtered/{count}", folders, {"call": "listing", "args": ["project-3"]}, again=5)
    if OURS not in folders:
        return
    with bench.worker(OURS, folders[OURS]) as lists, bench.worker(OURS, folders[OURS]) as writes:
        lists.call("listing", None, None)
        for at in range(bench.sizes.loads * 2):
            writes.call("append", stored[at], offset=500)
            changed = lists.call("listing", None, None)["ms"][0]
            unchanged = lists.call("listing", None, None)["ms"][0]
            bench.results.add(f"list-after-change/{count}", OURS, [changed - unchanged])


def search(bench: Bench) -> None:
    """Search all messages for a rare and a common word: the twenty best, with snippets."""
    stored = sessions_of(bench, bench.sizes.sessions)
    folders = _folders(bench, "sessions", "search", stored)
    for name, word in (("rare", RARE), ("common", COMMON)):
        bench.fresh(f"search-{name}/{len(stored)}", folders, {"call": "search", "args": [word]}, again=5)
