"""Much at once: imports, the index from scratch, and what all of it takes on the disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.operations.reading import sessions_of
from benchmarks.workload import Conversation, as_json_line


def importing(bench: Bench) -> None:
    """Import conversations of a hundred messages, a file each; and append the first of them one by one."""
    if OURS not in bench.backends:
        return
    length, files = bench.sizes.small, bench.work / "imported"
    talks = [Conversation(40 + at, length) for at in range(bench.sizes.imported)]
    files.mkdir(parents=True, exist_ok=True)
    for talk in talks:
        _write_export(files / f"{talk.key}.json", talk)
    bench.say("import")
    with bench.worker(OURS, bench.work / "import") as worker:
        worker.call("listing", None, None)
        took = worker.call("import_files", None, str(files))["ms"][0]
        bench.results.add("import", OURS, [1000 * length * len(talks) / took], "per second")
        bench.results.add("import-memory", OURS, [worker.call("memory")["value"]], "bytes")
        some = worker.call("one_by_one", talks[0])["ms"][0]
        bench.results.add("import-by-append", OURS, [1000 * length / some], "per second")


def _write_export(path: Path, talk: Conversation) -> None:
    """Write a conversation as claif-git exports one."""
    messages = [
        {"role": said.role, "content": said.text, "timestamp": said.time.isoformat(), "metadata": said.metadata}
        for said in talk
    ]
    about = {
        "id": talk.key,
        "title": talk.title,
        "created_at": talk.said(0).time.isoformat(),
        "metadata": talk.metadata,
    }
    path.write_text(json.dumps({"format": "claif-git/1", "session": about, "messages": messages}), encoding="utf-8")


def index(bench: Bench) -> None:
    """Build the index of many messages anew."""
    if OURS not in bench.backends:
        return
    talks = sessions_of(bench, bench.sizes.indexed // bench.sizes.each)
    dataset = "sessions" if len(talks) == bench.sizes.sessions else "indexed"
    with bench.worker(OURS, bench.filled(dataset, OURS, talks)) as worker:
        bench.say("index")
        for _ in range(2):
            said = worker.call("reindex")
            bench.results.add(f"index/{bench.sizes.indexed}", OURS, said["ms"])
            bench.results.add(f"index-bytes/{bench.sizes.indexed}", OURS, [said["value"]], "bytes")


def disk(bench: Bench) -> None:
    """Weigh stores after maintenance, history and all, beside the same conversations as lines of JSON."""
    if OURS not in bench.backends:
        return
    one, many = [Conversation(50, bench.sizes.middle)], sessions_of(bench, bench.sizes.remote)
    for key, talks in (("one", one), ("many", many)):
        bench.say(f"disk of {key}")
        folder = bench.filled(f"disk-{key}", OURS, talks)
        bench.results.add(f"disk-{key}", OURS, [_packed_bytes(folder / "store")], "bytes")
        bench.results.add(f"disk-{key}", "jsonl", [_lines_bytes(talks)], "bytes")


def _packed_bytes(store: Path) -> int:
    kept = [path for path in store.rglob("*") if path.is_file() and not path.is_relative_to(store / "claif")]
    return sum(path.stat().st_size for path in kept)


def _lines_bytes(talks: Sequence[Conversation]) -> int:
    return sum(len(as_json_line(said)) for talk in talks for said in talk)
