"""Values as the index holds them: moments as numbers, any text as text, JSON as ASCII."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from claif_git.model.blocks import Json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_from_seconds = datetime.fromtimestamp  # looked up once: twice a session, and once a message
_encode = json.JSONEncoder(separators=(",", ":")).encode  # json.dumps makes one each time
_EXACT = 4_000_000_000_000_000
"""µs up to which (the year 2096) a float of seconds is exact to the microsecond, and faster than arithmetic."""


class DamagedValueError(sqlite3.DatabaseError):
    """What the index holds cannot be read: it is to be built anew."""


@contextlib.contextmanager
def reading_values() -> Iterator[None]:
    """Take what goes wrong within the block, where nothing but our own values is read, for damage of the index."""
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, OSError) as error:
        raise DamagedValueError(f"a damaged value: {error}") from error


def micros(moment: datetime) -> int:
    """Give a moment in µs since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(number: int) -> datetime:
    """Give the moment that many µs after 1970."""
    if number < _EXACT:
        return _from_seconds(number / 1_000_000, UTC)
    return _EPOCH + timedelta(0, 0, number)


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


def spelled(text: str | None) -> str | list[str] | None:
    """Give text as JSON can hold it, which would make one character of two lone surrogates."""
    kept = stored(text)
    return [kept.hex()] if isinstance(kept, bytes) else kept


def read_out(value: str | list[str] | None) -> str | None:
    """Give back what was spelled."""
    return restored(bytes.fromhex(value[0])) if isinstance(value, list) else value


def compact(value: Json) -> str:
    """Give JSON as ASCII text."""
    return "{}" if value == {} else _encode(value)
