"""langgraph-checkpoint-sqlite: SqliteSaver, which keeps the whole conversation in every checkpoint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.sqlite import SqliteSaver

from benchmarks.workload import Conversation, Said


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkpoints.db"
        self._held: dict[str, list[AnyMessage]] = {}
        self._configs: dict[str, Any] = {}
        self.saver: SqliteSaver

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        self.saver = SqliteSaver(connection)
        self.saver.setup()

    def close(self) -> None:
        self.saver.conn.close()

    def fill(self, conversations: Iterable[Conversation]) -> None:
        for talk in conversations:
            self._put(talk, [_message(said) for said in talk])

    def append(self, talk: Conversation, said: Said) -> None:
        messages = self._held.get(talk.key)
        self._put(talk, [*(self._read(talk) if messages is None else messages), _message(said)])

    def _put(self, talk: Conversation, messages: list[AnyMessage]) -> None:
        self._held[talk.key] = messages
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"messages": messages}
        config = self._configs.get(talk.key) or _config(talk)
        metadata: Any = {"source": "loop", "step": len(messages), "parents": {}}
        self._configs[talk.key] = self.saver.put(config, checkpoint, metadata, {})

    def load(self, talk: Conversation) -> int:
        return sum(len(str(message.content)) for message in self._read(talk) if message.additional_kwargs)

    def _read(self, talk: Conversation) -> list[AnyMessage]:
        found = self.saver.get_tuple(_config(talk))
        messages: list[AnyMessage] = found.checkpoint["channel_values"]["messages"] if found else []
        return messages


def _config(talk: Conversation) -> Any:
    return {"configurable": {"thread_id": talk.key, "checkpoint_ns": ""}}


def _message(said: Said) -> AnyMessage:
    more = {"additional_kwargs": {**said.metadata, "time": said.time.isoformat(), "tokens": said.tokens}}
    for block in said.blocks or []:
        if block["type"] == "tool_use":
            call = {"name": block["name"], "args": block["input"], "id": block["id"]}
            return AIMessage(said.text, tool_calls=[call], **more)
        if block["type"] == "tool_result":
            return ToolMessage(said.text, tool_call_id=str(block["tool_use_id"]), **more)
    return HumanMessage(said.text, **more) if said.role == "user" else AIMessage(said.text, **more)
