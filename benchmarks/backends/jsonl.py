"""One file of lines a session: append and fsync."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from benchmarks.workload import Conversation, Said, as_json_line, touched

_BLOCK = 64 * 1024


class Adapter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        pass

    def path(self, talk: Conversation) -> Path:
        return self._folder / f"{talk.key}.jsonl"

    def fill(self, conversations: Iterable[Conversation]) -> None:
        for talk in conversations:
            self.path(talk).write_bytes(b"".join(map(as_json_line, talk)))

    def append(self, talk: Conversation, said: Said) -> None:
        fd = os.open(self.path(talk), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        try:
            os.write(fd, as_json_line(said))
            os.fsync(fd)
        finally:
            os.close(fd)

    def load(self, talk: Conversation) -> int:
        return sum(touched(json.loads(line)) for line in self.path(talk).read_bytes().splitlines())

    def last(self, talk: Conversation, count: int) -> int:
        with self.path(talk).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            tail = b""
            while size and tail.count(b"\n") <= count:
                step = min(_BLOCK, size)
                size = file.seek(size - step)
                tail = file.read(step) + tail
        return sum(touched(json.loads(line)) for line in tail.splitlines()[-count:])

    def branch(self, talk: Conversation, index: int) -> None:
        lines = self.path(talk).read_bytes().splitlines(keepends=True)[: index + 1]
        fd = os.open(self._folder / f"branch-{os.urandom(6).hex()}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            os.write(fd, b"".join(lines))
            os.fsync(fd)
        finally:
            os.close(fd)
