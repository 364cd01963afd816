"""The JSON that commands print: documented in docs/cli.md, and stable."""

from __future__ import annotations

from typing import Any

from claif_git.model import Message, Session, iso


def session(value: Session) -> dict[str, Any]:
    """Give a session without its messages."""
    return {
        "id": value.id,
        "title": value.title,
        "template": value.template,
        "created_at": iso(value.created_at),
        "updated_at": iso(value.updated_at),
        "message_count": value.message_count,
        "metadata": value.metadata,
    }


def message(index: int | None, value: Message) -> dict[str, Any]:
    """Give a message with its number, where that is known."""
    return {
        **({} if index is None else {"index": index}),
        "role": str(value.role),
        "timestamp": iso(value.timestamp),
        "content": value.content,
        "id": value.id,
        "model": value.model,
        "tokens": value.tokens,
        "metadata": value.metadata,
    }
