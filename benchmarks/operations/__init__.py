"""What is measured. Each operation takes a Bench and adds to its results."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.operations import (
    appending,
    branching,
    bulk,
    caching,
    commands,
    crowds,
    growing,
    many_refs,
    reading,
    syncing,
)

Operation = Callable[[Bench], None]

OPERATIONS: dict[str, Operation] = {
    "load": reading.load,
    "load-blocks": reading.load_blocks,
    "last": reading.last,
    "append": appending.append,
    "append-blocks": appending.append_blocks,
    "append-cold": appending.append_cold,
    "append-maintained": appending.append_maintained,
    "alternate": crowds.alternate,
    "eight": crowds.eight,
    "list": reading.listing,
    "search": reading.search,
    "branch": branching.branch,
    "merge": branching.merge,
    "import": bulk.importing,
    "index": bulk.index,
    "disk": bulk.disk,
    "remote": syncing.remote,
    "commands": commands.cold_start,
    "memory": commands.memory,
    "caching": caching.caching,
    "refs": many_refs.many_refs,
    "growth": growing.growth,
}
"""By name, in the order in which they run: what reads comes before what makes the same sessions grow."""

FULL_ONLY = frozenset({"growth", "refs"})
"""What a quick run leaves out."""
