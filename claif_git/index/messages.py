"""Messages out of the index, which holds all that a message file says."""

from __future__ import annotations

import json
import sqlite3
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
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what json.loads calls, less what we know is so
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
    folders = _folders(connection, {row[_FOLDER] for row in rows})
    return [
        _message(row, folders, commit)
        if row[0]
        else Entry(f"{folders[row[_FOLDER]]}/{row[_FOLDER + 1]}", row[_FOLDER - 1].hex())
        for row in rows
    ]


def _folders(connection: sqlite3.Connection, numbers: set[int]) -> dict[int, str]:
    select = "SELECT path FROM folders WHERE id = ?"
    return {number: connection.execute(select, (number,)).fetchone()[0] for number in numbers}


def _message(row: tuple[Any, ...], folders: dict[int, str], commit: str) -> Message:
    """Make a message without the constructor's checks and deep copies: a message file said all of this."""
    form, text, role, time, metadata, rest, oid, folder, name = row
    tokens, own_id, model, copied_from, extra = _scan(rest, 0)[0] if rest else (None, None, None, None, {})
    message = object.__new__(Message)
    message.__dict__ = {
        "role": _ROLES[role],
        "content": text if form == AS_SAID else _scan(text, 0)[0],
        "timestamp": moment(time),
        "metadata": _scan(metadata, 0)[0] if metadata else {},
        "tokens": tokens,
        "id": own_id,
        "model": model,
        "copied_from": copied_from,
        "extra": extra,
        "origin": Origin(f"{folders[folder]}/{name}", oid.hex(), commit),
    }
    return message
