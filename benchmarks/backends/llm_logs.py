"""`llm`: its LogStore, on a database in WAL mode with synchronous=FULL (as it comes, slower)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import llm.logs
import sqlite_utils
from llm.parts import Message, Part, TextPart, ToolCallPart, ToolResultPart

from benchmarks.workload import Conversation, Said, used

_FROM_THE_START = """
WITH RECURSIVE up(hash, depth) AS (
    SELECT ?, 0 UNION ALL
    SELECT messages.parent_hash, depth + 1 FROM up JOIN messages USING(hash) WHERE messages.parent_hash IS NOT NULL)
SELECT hash FROM up ORDER BY depth DESC LIMIT 1 OFFSET ?
"""
"""It knows a message by its hash alone, so that the way back from the last one has to be gone to branch earlier."""


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "logs.db"
        self.logs: llm.logs.LogStore

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite_utils.Database(self.path)
        database.enable_wal()
        database.execute("PRAGMA synchronous = FULL")
        self.logs = llm.logs.LogStore(database)

    def close(self) -> None:
        self.logs.db.close()

    def fill(self, conversations: Iterable[Conversation]) -> None:
        with self.logs.db.atomic():
            for talk in conversations:
                tip = self.logs.ensure_chain([_message(said) for said in talk])
                self.logs.create_thread(name=talk.title, tip=tip, id=talk.key)

    def append(self, talk: Conversation, said: Said) -> None:
        self.logs.append(talk.key, [_message(said)])

    def load(self, talk: Conversation) -> int:
        found = 0
        for message in self.logs.thread_messages(talk.key):
            used(message.role, (message.provider_metadata or {})["file"])
            found += sum(len(getattr(part, "text", "") or _output(part)) for part in message.parts)
        return found

    def branch(self, talk: Conversation, index: int) -> None:
        tip = self.logs.thread_tip(talk.key)
        found = self.logs.db.execute(_FROM_THE_START, (tip, index)).fetchone()
        self.logs.fork(found[0], forked_from=talk.key)


def _message(said: Said) -> Message:
    return Message(said.role, _parts(said), {**said.metadata, "time": said.time.isoformat(), "tokens": said.tokens})


def _parts(said: Said) -> list[Part]:
    parts: list[Part] = []
    for block in said.blocks or [{"type": "text", "text": said.text}]:
        if block["type"] == "tool_use":
            parts.append(ToolCallPart(str(block["name"]), dict(block["input"]), str(block["id"])))  # type: ignore[call-overload]
        elif block["type"] == "tool_result":
            parts.append(ToolResultPart("read_file", str(block["content"]), str(block["tool_use_id"])))
        else:
            parts.append(TextPart(str(block["text"])))
    return parts


def _output(part: Part) -> str:
    return str(getattr(part, "output", ""))
