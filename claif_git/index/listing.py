"""Lists of sessions: rows, filtered and ordered by SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from claif_git.errors import MalformedError
from claif_git.history.description import title_of
from claif_git.history.snapshot import Snapshot
from claif_git.index.collecting import AT_ONCE, uncollected
from claif_git.index.values import compact, micros, moment, read_out, reading_values, restored, spelled, stored
from claif_git.model.canonical import canonical
from claif_git.model.conditions import CONTAINS, IS, Condition, Selection
from claif_git.model.message import Message
from claif_git.model.session import Session

Open = Callable[[str, str], Snapshot]
"""Gives a session (by its id) at a commit."""

_COLUMNS = "told, tip, updated, messages"  # few: each costs as much as reading a row does
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # what json.loads calls, less what we know is so


def told_of(snapshot: Snapshot, created: datetime) -> str:
    """Give what a list shows of a session, short of what each message changes, as a JSON list."""
    settings = snapshot.settings
    names = spelled(title_of(snapshot)), spelled(settings.template)
    mappings = settings.metadata, settings.parameters
    return compact([snapshot.session_id, *names, micros(created), *mappings, settings.order])


def listed(connection: sqlite3.Connection, wanted: Selection, limit: int | None, opener: Open) -> list[Session]:
    """Give the sessions that are selected, newest change first, ties by id."""
    if any(condition.sign == CONTAINS for condition in wanted.conditions):  # each time, SQLite compiles all anew
        connection.create_function("holds", 5, _holds_of(wanted.conditions), deterministic=True)
    narrowed = [("shown", list[Any]()), *_conditions(wanted)]
    where = " AND ".join(text for text, _ in narrowed)
    found: list[Session] = []
    with reading_values(), uncollected():
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM sessions WHERE {where} ORDER BY updated DESC, name LIMIT ?",  # noqa: S608 - our words
            (*(value for _, values in narrowed for value in values), -1 if limit is None else limit),
        )
        while some := rows.fetchmany(AT_ONCE):
            found += _sessions(some, opener)
    return found


def _conditions(wanted: Selection) -> Iterator[tuple[str, list[Any]]]:
    """Give what `sessions` has to fulfil, as SQL, each with its values."""
    for number, condition in enumerate(wanted.conditions):
        yield _contains(number, condition) if condition.sign == CONTAINS else _equals(condition)
    if wanted.since is not None:
        yield "updated >= ?", [micros(wanted.since)]
    if wanted.until is not None:
        yield "updated <= ?", [micros(wanted.until)]
    if wanted.model is not None:
        test, name = model_test(wanted.model)
        spoke = f"SELECT session FROM places JOIN blobs ON blobs.id = blob WHERE {test}"  # noqa: S608 - our words
        yield f"id IN ({spoke})", [name]


def _equals(condition: Condition) -> tuple[str, list[Any]]:
    key, value = condition.key, condition.value
    text, bound = 'id IN (SELECT session FROM "values" WHERE key = ? AND value = ?)', [stored(key), canonical(value)]
    if value is None:
        text, bound = 'id NOT IN (SELECT session FROM "values" WHERE key = ?)', [stored(key)]
        text = f"(0 AND {text})" if key == "id" else text  # no session is without an id
    elif key == "id" and isinstance(value, str):
        text, bound = f"(name = ? OR {text})", [stored(value), *bound]
    return text if condition.sign == IS else f"NOT {text}", bound


def _contains(number: int, condition: Condition) -> tuple[str, list[Any]]:
    """Ask Python, of the sessions that have the key at all."""
    has_key = "(? = 'id' OR id IN (SELECT session FROM \"values\" WHERE key = ?))"
    key = stored(condition.key)
    return f"({has_key} AND holds(?, name, title, template, metadata))", [key, key, number]


def _holds_of(conditions: Sequence[Condition]) -> Callable[..., bool]:
    def holds(number: int, name: str, title: str | bytes | None, template: str | bytes | None, metadata: str) -> bool:
        condition = conditions[number]
        own = {"id": name, "title": restored(title), "template": restored(template)}
        return condition.holds_for([_scan(metadata, 0)[0].get(condition.key), own.get(condition.key)])

    return holds


def model_test(name: str) -> tuple[str, str | bytes | None]:
    """Give, as SQL, what `blobs` has to fulfil for a model of that name, and the value; `*` is any characters."""
    if "*" not in name:
        return "blobs.model = ?", stored(name)
    return "blobs.model GLOB ?", stored(name.replace("[", "[[]").replace("?", "[?]"))


def _sessions(rows: list[tuple[Any, ...]], opener: Open) -> Iterator[Session]:
    """Make sessions without the constructor, which would cost as much again as all the rest."""
    told = _scan(f"[{','.join([row[0] for row in rows])}]", 0)[0]  # at once: a call costs more than a row's text
    for (_, tip, updated, count), (name, title, template, created, metadata, parameters, order) in zip(
        rows, told, strict=True
    ):
        session: ListedSession = object.__new__(ListedSession)
        session.__dict__ = {
            "id": name,
            "tip": tip,
            "title": title if title.__class__ is not list else read_out(title),
            "template": template if template.__class__ is not list else read_out(template),
            "created_at": moment(created),
            "updated_at": moment(updated),
            "metadata": metadata,
            "parameters": parameters,
            "order": order,
            "count": count,
            "_open": opener,
        }
        yield session


class ListedSession(Session):
    """A session of a list, with methods where others have callables of their own. It is what a Session is."""

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
        opener: Open = self.__dict__["_open"]
        return opener(self.id, self.tip)


_COMPARED = [field.name for field in fields(Session) if field.compare]
