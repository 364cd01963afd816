"""Values as the index holds them: moments as numbers, any text as text, JSON in one form for each value."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

from claif_git.model.blocks import Json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LONGEST = 100


def micros(moment: datetime) -> int:
    """Give a moment in µs since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """Give the moment that many µs after 1970."""
    return _EPOCH + timedelta(microseconds=number)


def stored(text: str | None) -> str | bytes | None:
    """Give text as SQLite can hold it: one with lone surrogates as bytes."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def restored(value: str | bytes | None) -> str | None:
    """Give back what was stored."""
    return value.decode("utf-8", "surrogatepass") if isinstance(value, bytes) else value


def compact(value: Json) -> str:
    """Give JSON as ASCII text."""
    return "{}" if value == {} else json.dumps(value, separators=(",", ":"))


def canonical(value: Json) -> str:
    """Give a text that is the same for the same JSON value, and for no other; a hash for long ones.

    1 and 1.0 are one number, True is none; the order of keys does not count.
    """
    text = json.dumps(_plain(value), separators=(",", ":"), sort_keys=True)
    return text if len(text) <= _LONGEST else f"#{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
