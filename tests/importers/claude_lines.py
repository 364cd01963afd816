"""Claude Code lines in a few words."""

from __future__ import annotations

import json
from typing import Any

from claif_git.importers import ImportedConversation, Parsed, parse

Data = dict[str, Any]


def line(kind: str, uuid: str | None, parent: str | None, second: int, **more: Any) -> Data:
    """A line of the session `s`, `second` seconds past nine."""
    minute, rest = divmod(second, 60)
    known = {"uuid": uuid} if uuid else {}
    about = {"type": kind, "parentUuid": parent, "sessionId": "s", "timestamp": f"2026-03-30T09:{minute:02}:{rest:02}Z"}
    return about | known | more


def user(uuid: str | None, parent: str | None, second: int, content: Any = None, **more: Any) -> Data:
    """A user's line; it says its own uuid unless told otherwise."""
    said = f"ask {uuid}" if content is None else content
    return line("user", uuid, parent, second, **{"message": {"role": "user", "content": said}, **more})


def reply(uuid: str | None, parent: str | None, second: int, content: Any = None, **more: Any) -> Data:
    """An assistant's line; keywords that are not of the envelope go into its message."""
    inner = {key: more.pop(key) for key in ("id", "model", "usage") if key in more}
    said = [{"type": "text", "text": f"answer {uuid}"}] if content is None else content
    return line(
        "assistant", uuid, parent, second, **{"message": {"role": "assistant", "content": said, **inner}, **more}
    )


def call(name: str) -> list[Data]:
    """Content that calls a tool."""
    return [{"type": "tool_use", "id": name, "name": "Read", "input": {}}]


def result(uuid: str, parent: str | None, second: int, name: str) -> Data:
    """A line with the result of a tool call."""
    return user(uuid, parent, second, [{"type": "tool_result", "tool_use_id": name, "content": "done"}])


def jsonl(*lines: Data | bytes) -> bytes:
    """Lines as the file that holds them."""
    return b"".join((item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in lines)


def read(*lines, **options) -> Parsed:
    return parse(jsonl(*lines), source="claude-code", **options)


def only(parsed: Parsed) -> ImportedConversation:
    assert len(parsed.conversations) == 1
    return parsed.conversations[0]


def ids(conversation: ImportedConversation) -> list[list[str | None]]:
    return [[turn.message.id for turn in conversation.line(branch)] for branch in conversation.branches]
