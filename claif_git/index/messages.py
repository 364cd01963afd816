"""Messages out of the index, which holds all that a message file says."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

from claif_git.format.attachments import Kept
from claif_git.history.placing import Entry
from claif_git.index.collecting import AT_ONCE, uncollected
from claif_git.index.text import told as read_back
from claif_git.index.values import micros, moment, reading_values
from claif_git.model.blocks import Content, Json, searchable
from claif_git.model.message import Message, MessageRole, Origin

ELSEWHERE, AS_SAID, IN_BODY = range(3)
"""Where a row has its message's content: nowhere (it is read from git), in `said`, or as JSON in `body`."""

_LARGEST = 256 * 1024
"""Characters of content that the index holds beside the words; what is longer is read from git."""
_escaped = re.compile(r"\\[bfu]").search
"""Finds what JSON makes of control characters other than tabs and line ends; and backslashes that were there before."""
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # json.dumps makes one each time
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what json.loads calls, less what we know is so
_ROLES = {str(role): role for role in MessageRole}
_SELECT = """SELECT coalesce(body, said), told, folder, name FROM places JOIN blobs ON blobs.id = blob
    WHERE session = ? ORDER BY position"""  # few columns: each costs as much as reading a row does
_TOLD = ("metadata", "tokens", "id", "model", "copied_from", "extra")


class Held(NamedTuple):
    """What the index holds of a message beside what lists, searches and sums ask for.

    `told` is a JSON list: where the content is, role, time, the blob's id, and _TOLD. `body` is "" if it is ELSEWHERE.
    """

    body: str | None
    told: str


def unread(blob: str) -> Held:
    """Give what the index is to hold of a message that is read from git."""
    return Held("", _encode([ELSEWHERE, None, None, blob, *(None for _ in _TOLD)]))


def held_of(message: Message, blob: str, said: str) -> Held:
    """Give what the index is to hold of a message in a blob whose words, as it keeps them, are `said`."""
    is_plain = isinstance(message.content, str) and said == message.content
    if not is_plain and _has_kept(message.content):
        return unread(blob)
    form = AS_SAID if is_plain else IN_BODY
    own = [getattr(message, name) for name in _TOLD]
    try:
        told = _exact([form, str(message.role), micros(message.timestamp), blob, *own])
        body = None if is_plain else _exact(message.content)
    except UnicodeEncodeError:
        return unread(blob)
    return Held(body, told) if body is None or len(body) <= _LARGEST else unread(blob)


def text_of(said: str, body: str | None) -> str:
    """Give what can be found in a message as it was said; less its control characters where the index has no `body`.

    That is so of lone surrogates, payloads that were left in the tree, and content that is very long.
    """
    if not body or not ("\x7f" in body or _escaped(body)):  # JSON leaves that one as it is
        return read_back(said)
    with reading_values():
        return searchable(_scan(body, 0)[0])


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
    if count is not None:
        with reading_values(), uncollected():
            rows = connection.execute(f"{_SELECT} DESC LIMIT ?", (number, count)).fetchall()
            return list(_made(connection, rows[::-1], {}, commit))
    found: list[Message | Entry] = []
    folders: dict[int, str] = {}
    with reading_values(), uncollected():
        cursor = connection.execute(_SELECT, (number,))
        while rows := cursor.fetchmany(AT_ONCE):
            found += _made(connection, rows, folders, commit)
    return found


def _made(
    connection: sqlite3.Connection, rows: list[tuple[Any, ...]], folders: dict[int, str], commit: str
) -> Iterator[Message | Entry]:
    """Make messages without the constructor's checks and deep copies: a message file said all of this."""
    for number in {row[2] for row in rows} - folders.keys():
        folders[number] = connection.execute("SELECT path FROM folders WHERE id = ?", (number,)).fetchone()[0]
    told = _scan(f"[{','.join([row[1] for row in rows])}]", 0)[0]  # at once: a call costs more than a row's text
    for (text, _, folder, name), each in zip(rows, told, strict=True):
        form, role, time, blob, metadata, tokens, own_id, model, copied_from, extra = each
        path = f"{folders[folder]}/{name}"
        if form == ELSEWHERE:
            yield Entry(path, blob)
            continue
        message = object.__new__(Message)
        message.role, message.timestamp = _ROLES[role], moment(time)
        message.content = text if form == AS_SAID else _scan(text, 0)[0]
        message.metadata, message.extra, message.tokens = metadata, extra, tokens
        message.id, message.model, message.copied_from = own_id, model, copied_from
        message.origin = Origin(path, blob, commit)
        yield message
