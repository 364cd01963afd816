"""Small readings of other people's JSON. Nothing here trusts a type, and nothing depends on the machine or the hour."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from claif_git.errors import InvalidInputError
from claif_git.model import Block, Content, Json, as_utc, parse_iso

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""When a conversation began whose source tells no times: fixed, so that every machine makes the same objects of it."""

MAX_DEPTH = 100
"""Deeper JSON is refused: reading it back, by us and by others, would run into recursion limits."""

_TITLE_LENGTH = 80
_KEY_LENGTH = 120
_MILLISECONDS_FROM = 1e11
_ROLES = {
    "user": "user",
    "human": "user",
    "tool": "user",
    "function": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "system": "system",
    "developer": "system",
}

Complain = Callable[[str], None]


def decode(data: bytes) -> str:
    """Decode UTF-8, or UTF-16 and UTF-32 as JSON allows them. InvalidInputError if it is none of these."""
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise InvalidInputError("not UTF-8") from error


def load(text: str) -> Json:
    """Read JSON text. InvalidInputError for what is none, is nested too deeply, or has absurdly long numbers."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}" if "\n" in text else f"column {error.colno}"
        raise InvalidInputError(f"not JSON: {error.msg} at {where}") from error
    except ValueError as error:
        raise InvalidInputError("not JSON that can be read: an absurdly long number") from error
    except RecursionError as error:
        raise InvalidInputError(f"nested more than {MAX_DEPTH} deep") from error
    if text.count("{") + text.count("[") > MAX_DEPTH and _too_deep(value):
        raise InvalidInputError(f"nested more than {MAX_DEPTH} deep")
    return value


def _too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _inside(value: Json) -> Iterable[Json]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def word(value: Json) -> str | None:
    """Give text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def mapping(value: Json) -> dict[str, Json]:
    """Give an object, or an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def role_of(value: Json) -> str | None:
    """Give system, user or assistant for what tools call them; None for anything else."""
    return _ROLES.get(value.strip().lower()) if isinstance(value, str) else None


def moment(value: Json) -> datetime | None:
    """Read ISO 8601 text (UTC where it names no zone) or a Unix time in seconds or milliseconds; None if it is none."""
    try:
        if isinstance(value, str):
            return parse_iso(value, zone=UTC)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            return as_utc(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
    except (InvalidInputError, OverflowError, ValueError):
        return None
    return None


def digest(*parts: Json) -> str:
    """Hash JSON data into 32 hex digits: the same for equal data, whatever the order of keys."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def key_of(name: str) -> str:
    """Give a name that is short printable ASCII as it is, and any other as its hash."""
    return name if name.isascii() and name.isprintable() and len(name) <= _KEY_LENGTH else digest(name)


def title_from(text: str) -> str | None:
    """Give the first line that says something, on one line, at most 80 characters; None where there is none."""
    for line in text.splitlines():
        words = "".join(c if c.isprintable() else " " for c in line).split()
        if words:
            joined = " ".join(words)
            return joined if len(joined) <= _TITLE_LENGTH else joined[: _TITLE_LENGTH - 1].rstrip() + "…"
    return None


def content_of(value: Json, complain: Complain) -> Content | None:
    """Give message content as text or blocks; a bare string among blocks is a text block.

    What is neither is told to `complain` and left out; None where nothing is left.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        complain("the message has no content")
        return None
    blocks: list[Block] = []
    for item in value:
        if isinstance(item, dict):
            blocks.append(item)
        elif isinstance(item, str):
            blocks.append({"type": "text", "text": item})
        else:
            complain(f"a content block is {type(item).__name__}: left out")
    return blocks or None
