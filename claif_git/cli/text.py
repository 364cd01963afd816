"""Moments, counts and messages as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from claif_git.model import Message, count, iso, now

_AGES = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (7 * 86400, 86400, "d"))
_SHORT_DATE = "%Y-%m-%d"


def ago(moment: datetime, at: datetime | None = None) -> str:
    """Say how long ago a moment was, up to a week; then its date."""
    seconds = ((at or now()) - moment).total_seconds()
    if seconds < 1:
        return "now" if seconds > -1 else moment.astimezone().strftime(_SHORT_DATE)
    for below, unit, name in _AGES:
        if seconds < below:
            return f"{int(seconds // unit)} {name} ago"
    return moment.astimezone().strftime(_SHORT_DATE)


def stamp(moment: datetime) -> str:
    """Write a moment in UTC to the second."""
    return f"{iso(moment)[:19]}Z"


def plural(number: int, noun: str) -> str:
    """Say `1 message`, `2 messages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def compact(value: object) -> str:
    """Write JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def heading(index: int, message: Message) -> str:
    """Say who spoke when: `#3 assistant 2026-11-24T21:32:05Z claude-… 120 tokens`."""
    tokens = count(message.tokens).total
    parts = [f"#{index}", str(message.role), stamp(message.timestamp), message.model or ""]
    parts.append("interrupted" if message.metadata.get("interrupted") is True else "")
    user = message.metadata.get("user")
    return " ".join([part for part in parts if part] + ([f"by {user}"] if user else []) + _tokens(tokens))


def _tokens(tokens: int) -> list[str]:
    return [plural(tokens, "token")] if tokens else []


def body(message: Message) -> str:
    """Give a message for reading: its text, and a line or more for each block that is not text."""
    if isinstance(message.content, str):
        return message.content
    return "\n\n".join(block_text(block) for block in message.content)


def block_text(block: Mapping[str, Any]) -> str:
    """Give one content block for reading; images and the like are named, not shown."""
    match block.get("type"):
        case "text":
            return str(block.get("text", ""))
        case "thinking":
            return f"[thinking]\n{block.get('thinking', '')}"
        case "tool_use":
            return f"[tool_use {block.get('name', '')}] {compact(block.get('input'))}"
        case "tool_result":
            failed = " error" if block.get("is_error") else ""
            return f"[tool_result{failed}]\n{_result(block.get('content'))}"
        case kind:
            return f"[{kind}{_media(block)}]"


def _result(content: object) -> str:
    if isinstance(content, list):
        return "\n".join(block_text(part) if isinstance(part, dict) else compact(part) for part in content)
    return content if isinstance(content, str) else compact(content)


def _media(block: Mapping[str, Any]) -> str:
    source = block.get("source")
    if not isinstance(source, dict):
        return ""
    named = source.get("media_type") or source.get("url") or ""
    size = f", {len(str(source['data'])) * 3 // 4:,} bytes" if "data" in source else ""
    return f" {named}{size}"
