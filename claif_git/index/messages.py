"""Messages out of the index: rows, as messages that decode a field when it is asked for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import fields
from typing import Any, NamedTuple

from claif_git.format.attachments import Kept
from claif_git.history.placing import Entry
from claif_git.index.values import moment
from claif_git.model.blocks import Content, Json
from claif_git.model.message import Message, MessageRole, Origin

ELSEWHERE, AS_SAID, IN_BODY = range(3)
"""Where a row has its message's content: nowhere (it is read from git), in `said`, or as JSON in `body`."""

_LARGEST = 256 * 1024
"""Characters of content that the index holds beside the words; what is longer is read from git."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # json.dumps makes one each time
_ROLES = {str(role): role for role in MessageRole}
_COLUMNS = f"""form, CASE form WHEN {AS_SAID} THEN said WHEN {IN_BODY} THEN body END, role, time, metadata, rest, oid,
    folder, name"""
_SELECT = f"SELECT {_COLUMNS} FROM places JOIN blobs ON blobs.id = blob WHERE session = ? ORDER BY position"  # noqa: S608


_FOLDER = 7  # its place in a row, after the blob's id and before the name
_REST = ("tokens", "id", "model", "copied_from", "extra")


class Held(NamedTuple):
    """What the index holds of a message beside what lists, searches and sums ask for."""

    form: int
    body: str | None
    rest: str | None


UNREAD = Held(ELSEWHERE, None, None)


def held_of(message: Message, said: str) -> Held:
    """Give what the index is to hold of a message whose words, as it keeps them, are `said`."""
    own = [getattr(message, name) for name in _REST]
    is_plain = isinstance(message.content, str) and said == message.content
    if not is_plain and _has_kept(message.content):
        return UNREAD
    try:
        if message.metadata:
            _exact(message.metadata)
        rest = None if own == [None, None, None, None, {}] else _exact(own)
        body = None if is_plain else _exact(message.content)
    except UnicodeEncodeError:
        return UNREAD
    if body is None:
        return Held(AS_SAID, None, rest)
    return UNREAD if len(body) > _LARGEST else Held(IN_BODY, body, rest)


def _exact(value: Content | Json) -> str:
    """Give JSON that reads back as it was. UnicodeEncodeError for lone surrogates: JSON makes one of two."""
    text = _encode(value)
    text.encode()
    return text


def _has_kept(value: Content | Json) -> bool:
    """Tell whether a payload was left in the tree, where only git has it."""
    if isinstance(value, dict):
        return any(map(_has_kept, value.values()))
    if isinstance(value, list):
        return any(map(_has_kept, value))
    return isinstance(value, Kept)


def read(connection: sqlite3.Connection, number: int, commit: str, count: int | None) -> list[Message | Entry]:
    """Give the messages of the session in row `number`, as they stand at `commit`; the last `count`, if it is a number.

    An Entry stands for a message that is to be read from git.
    """
    if count is None:
        rows = connection.execute(_SELECT, (number,)).fetchall()
    else:
        rows = connection.execute(f"{_SELECT} DESC LIMIT ?", (number, count)).fetchall()[::-1]
    places = _Places(_folders(connection, {row[_FOLDER] for row in rows}), commit)
    return [_message(row, places) if row[0] else places.entry(row) for row in rows]


class _Places:
    """Where the messages of one session stand at a commit."""

    def __init__(self, folders: dict[int, str], commit: str) -> None:
        self._folders, self._commit = folders, commit

    def entry(self, row: tuple[Any, ...]) -> Entry:
        return Entry(f"{self._folders[row[_FOLDER]]}/{row[_FOLDER + 1]}", row[_FOLDER - 1].hex())

    def origin(self, row: tuple[Any, ...]) -> Origin:
        return Origin(*self.entry(row), self._commit)


def _folders(connection: sqlite3.Connection, numbers: set[int]) -> dict[int, str]:
    select = "SELECT path FROM folders WHERE id = ?"
    return {number: connection.execute(select, (number,)).fetchone()[0] for number in numbers}


def _message(row: tuple[Any, ...], places: _Places) -> Message:
    message: PlacedMessage = object.__new__(PlacedMessage)
    message.__dict__ = {"role": _ROLES[row[2]], "_row": row, "_places": places}
    if row[0] == AS_SAID:
        message.__dict__["content"] = row[1]
    return message


class _Lazy:
    """A field that takes decoding. What is assigned stands."""

    def __init__(self, name: str, decode: Callable[[dict[str, Any]], None]) -> None:
        self._name, self._decode = name, decode

    def __get__(self, message: Message | None, owner: type | None = None) -> Any:
        if message is None:
            return self
        held = message.__dict__
        if "_row" not in held:
            raise AttributeError(self._name)
        self._decode(held)
        return held[self._name]


_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what json.loads calls, less what we know is so


def _decode_rest(held: dict[str, Any]) -> None:
    row, put = held["_row"], held.setdefault
    put("timestamp", moment(row[3]))
    put("metadata", _scan(row[4], 0)[0] if row[4] else {})
    values = _scan(row[5], 0)[0] if row[5] else (None, None, None, None, {})
    for name, value in zip(_REST, values, strict=True):
        put(name, value)


def _decode_content(held: dict[str, Any]) -> None:
    held["content"] = _scan(held["_row"][1], 0)[0]


def _decode_origin(held: dict[str, Any]) -> None:
    held["origin"] = held["_places"].origin(held["_row"])


class PlacedMessage(Message):
    """A message out of the index. It is what a Message is, and equal to one that says the same."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]  # as any Message: it can be changed

    def __reduce__(self) -> tuple[Any, ...]:
        """Be copied and pickled as a plain message."""
        return _plain, (Message.__new__(Message), {field.name: getattr(self, field.name) for field in fields(Message)})


def _plain(message: Message, values: dict[str, Any]) -> Message:
    message.__dict__.update(values)
    return message


_COMPARED = [field.name for field in fields(Message) if field.compare]
for _name in ("timestamp", "metadata", *_REST):
    setattr(PlacedMessage, _name, _Lazy(_name, _decode_rest))
PlacedMessage.content = _Lazy("content", _decode_content)  # type: ignore[assignment]
PlacedMessage.origin = _Lazy("origin", _decode_origin)  # type: ignore[assignment]
