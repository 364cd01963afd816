"""Lists of sessions: rows, filtered and ordered by SQLite, as sessions that decode a field when it is asked for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from claif_git.errors import MalformedError
from claif_git.history.settings import CHRONOLOGICAL, PATH_ORDER
from claif_git.history.snapshot import Snapshot
from claif_git.index.values import canonical, moment, restored, stored
from claif_git.model.blocks import Json
from claif_git.model.message import Message
from claif_git.model.session import Session

Open = Callable[[str, str], Snapshot]
"""Gives a session (by its id) at a commit."""

_COLUMNS = "name, tip, title, template, created, updated, messages, metadata, parameters, chronological"


def listed(
    connection: sqlite3.Connection, wanted: Mapping[str, Json], limit: int | None, opener: Open
) -> list[Session]:
    """Give the sessions that have every wanted value, newest change first, ties by id."""
    conditions, values = ["shown"], list[Any]()
    for key, value in wanted.items():
        condition, bound = _condition(key, value)
        conditions.append(condition)
        values += bound
    where = " AND ".join(conditions)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM sessions WHERE {where} ORDER BY updated DESC, name LIMIT ?",  # noqa: S608 - our words
        (*values, -1 if limit is None else limit),
    )
    return [_session(row, opener) for row in rows.fetchall()]


def _condition(key: str, value: Json) -> tuple[str, list[Any]]:
    if key == "id" and isinstance(value, str):
        return '(name = ? OR id IN (SELECT session FROM "values" WHERE key = ? AND value = ?))', [
            stored(value),
            key,
            canonical(value),
        ]
    if value is None:
        return 'id NOT IN (SELECT session FROM "values" WHERE key = ?)', [stored(key)]
    return 'id IN (SELECT session FROM "values" WHERE key = ? AND value = ?)', [stored(key), canonical(value)]


def _session(row: tuple[Any, ...], opener: Open) -> Session:
    session: ListedSession = object.__new__(ListedSession)
    session.__dict__ = {"_row": row, "_open": opener}
    return session


class _Lazy:
    """A field that is decoded when it is first asked for; what is assigned to it stands in its place."""

    def __init__(self, name: str, column: int, decode: Callable[[Any], Any]) -> None:
        self._name, self._column, self._decode = name, column, decode

    def __get__(self, session: Session | None, owner: type | None = None) -> Any:
        if session is None:
            return self
        held = session.__dict__
        if "_row" not in held:
            raise AttributeError(self._name)
        value = held[self._name] = self._decode(held["_row"][self._column])
        return value


class ListedSession(Session):
    """A session of a list. It is what a Session is, and equal to one that says the same."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Session):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _COMPARED)

    __hash__ = None  # type: ignore[assignment]  # as any Session: it can be changed

    def loader(self) -> list[Message | MalformedError]:  # a field that holds a callable
        """Read the messages from the store."""
        return self._snapshot().messages()

    def problems_loader(self) -> list[MalformedError]:  # likewise
        """Look for what breaks the format, beside the messages."""
        return self._snapshot().problems

    def _snapshot(self) -> Snapshot:
        held = self.__dict__
        opener: Open = held["_open"]
        return opener(held["_row"][0], held["_row"][1])


_COMPARED = [field.name for field in fields(Session) if field.compare]
_DECODERS: dict[str, tuple[int, Callable[[Any], Any]]] = {
    "id": (0, str),
    "tip": (1, str),
    "title": (2, restored),
    "template": (3, restored),
    "created_at": (4, moment),
    "updated_at": (5, moment),
    "count": (6, int),
    "metadata": (7, json.loads),
    "parameters": (8, json.loads),
    "order": (9, lambda chronological: CHRONOLOGICAL if chronological else PATH_ORDER),
}
for _name, (_column, _decoder) in _DECODERS.items():
    setattr(ListedSession, _name, _Lazy(_name, _column, _decoder))
