"""One JSON file a session, written anew with every message: beside it, synced, renamed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from benchmarks.workload import Conversation, Said, plain, touched


class Adapter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: dict[str, list[dict[str, object]]] = {}

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def close(self) -> None:
        self._held = {}

    def fill(self, conversations: Iterable[Conversation]) -> None:
        for talk in conversations:
            self._path(talk).write_text(_written(talk, [plain(said) for said in talk]), encoding="utf-8")

    def append(self, talk: Conversation, said: Said) -> None:
        messages = self._held.get(talk.key)
        if messages is None:
            messages = self._held[talk.key] = self._read(talk)
        messages.append(plain(said))
        made = self._folder / f"{talk.key}.new"
        with made.open("w", encoding="utf-8") as file:
            file.write(_written(talk, messages))
            file.flush()
            os.fsync(file.fileno())
        made.replace(self._path(talk))
        fd = os.open(self._folder, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)

    def load(self, talk: Conversation) -> int:
        return sum(map(touched, self._read(talk)))

    def _path(self, talk: Conversation) -> Path:
        return self._folder / f"{talk.key}.json"

    def _read(self, talk: Conversation) -> list[dict[str, object]]:
        messages: list[dict[str, object]] = json.loads(self._path(talk).read_text(encoding="utf-8"))["messages"]
        return messages


def _written(talk: Conversation, messages: list[dict[str, object]]) -> str:
    return json.dumps(
        {"title": talk.title, "metadata": talk.metadata, "messages": messages},
        ensure_ascii=False,
        separators=(",", ":"),
    )
