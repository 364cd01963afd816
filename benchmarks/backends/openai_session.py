"""openai-agents: SQLiteSession, whose connections have synchronous=FULL by SQLite's own default."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from agents.memory.sqlite_session import SQLiteSession

from benchmarks.workload import Conversation, Said


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "agents.db"
        self.loop: asyncio.AbstractEventLoop
        self._sessions: dict[str, Any] = {}

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        for session in self._sessions.values():
            session.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def make(self, key: str) -> Any:
        return SQLiteSession(key, self.path)

    def session(self, talk: Conversation) -> Any:
        if talk.key not in self._sessions:
            self._sessions[talk.key] = self.make(talk.key)
        return self._sessions[talk.key]

    def fill(self, conversations: Iterable[Conversation]) -> None:
        for talk in conversations:
            items = [item for said in talk for item in _items(said)]
            self.loop.run_until_complete(self.session(talk).add_items(items))

    def append(self, talk: Conversation, said: Said) -> None:
        self.loop.run_until_complete(self.session(talk).add_items(_items(said)))

    def load(self, talk: Conversation) -> int:
        return _touched(self.loop.run_until_complete(self.session(talk).get_items()))

    def last(self, talk: Conversation, count: int) -> int:
        return _touched(self.loop.run_until_complete(self.session(talk).get_items(count)))


def _items(said: Said) -> list[dict[str, Any]]:
    """Give a message as the items that the library keeps. It has no place for a time, tokens or metadata of ours."""
    items: list[dict[str, Any]] = []
    for block in said.blocks or [{"type": "text", "text": said.text}]:
        if block["type"] == "tool_use":
            arguments = json.dumps(block["input"])
            items.append(
                {"type": "function_call", "call_id": block["id"], "name": block["name"], "arguments": arguments}
            )
        elif block["type"] == "tool_result":
            items.append({"type": "function_call_output", "call_id": block["tool_use_id"], "output": block["content"]})
        else:
            items.append({"role": said.role, "content": block["text"]})
    return items


def _touched(items: list[dict[str, Any]]) -> int:
    return sum(len(item.get("content") or item.get("output") or "") for item in items if item.get("role") or item)
