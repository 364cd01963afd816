from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from claif_git.model import Message, Session

START = datetime(2026, 11, 24, 21, 32, tzinfo=UTC)


def said(role: str, content: Any, seconds: float = 0, **fields: Any) -> Message:
    return Message(role, content, START + timedelta(seconds=seconds), **fields)  # type: ignore[arg-type]


def session_of(*messages: Message) -> Session:
    session = Session("s-1", START, START)
    session.messages = list(messages)
    return session
