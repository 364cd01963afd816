"""Filling a plain git repository: one branch a session, one commit a message, 128 messages a folder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.workload import Conversation, as_json_line

PAGE = 128


def path_of(index: int) -> str:
    """Give where message `index` stands."""
    return f"messages/{index // PAGE:04d}/{index:08d}.json"


def fill(repository: Path, conversations: Iterable[Conversation]) -> None:
    """Write conversations with `git fast-import`."""
    with subprocess.Popen(
        ["git", "-C", str(repository), "fast-import", "--quiet", "--force"], stdin=subprocess.PIPE
    ) as running:
        if running.stdin is None:
            raise AssertionError("it was given a pipe")
        for part in _stream(conversations):
            running.stdin.write(part)
        running.stdin.close()
    if running.returncode:
        raise subprocess.CalledProcessError(running.returncode, "git fast-import")


def _stream(conversations: Iterable[Conversation]) -> Iterator[bytes]:
    for talk in conversations:
        for index, said in enumerate(talk):
            data = as_json_line(said)
            when = int(said.time.timestamp())
            yield f"commit refs/heads/{talk.key}\ncommitter Bench <bench@example.org> {when} +0000\n".encode()
            yield f"data {len(said.role)}\n{said.role}\nM 100644 inline {path_of(index)}\ndata {len(data)}\n".encode()
            yield data + b"\n"
