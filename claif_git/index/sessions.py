"""What a list shows of each session: its row, written from a snapshot."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from claif_git.format import layout
from claif_git.git import Repository
from claif_git.history.description import created_at, title_of
from claif_git.history.growth import grown
from claif_git.history.placing import Entry
from claif_git.history.settings import CHRONOLOGICAL
from claif_git.history.snapshot import Snapshot, updated_at
from claif_git.index.growth import earlier
from claif_git.index.listing import told_of
from claif_git.index.text import kept
from claif_git.index.values import compact, micros, moment, restored, stored
from claif_git.model.blocks import Json
from claif_git.model.canonical import canonical

_OWN = ("title", "template")


class _Row(NamedTuple):
    """What is known of a session before it is caught up."""

    id: int
    tip: str
    shown: int
    grows: int
    messages: int
    system: int
    user: int
    assistant: int
    latest: str
    created: int


_FIND = "SELECT id, tip, shown, grows, messages, system, user, assistant, latest, created FROM sessions WHERE name = ?"


def record(connection: sqlite3.Connection, repo: Repository, snapshot: Snapshot, *, loose: bool) -> int:
    """Write a session's row, as it stands at a snapshot; give its number. StoreError. Within a transaction."""
    found = connection.execute(_FIND, (snapshot.session_id,)).fetchone()
    row = _Row(*found) if found else None
    if row is not None and row.grows and _extend(connection, repo, row, snapshot, loose=loose):
        return row.id
    values: dict[str, Any] = _described(snapshot) if snapshot.is_session else {"shown": 0, "grows": 0, "updated": None}
    values |= {"tip": snapshot.commit, "loose": int(loose)}
    number = _write(connection, snapshot.session_id, row, values)
    settings = snapshot.settings.metadata if snapshot.is_session else {}
    own: dict[str, Json] = {key: restored(values[key]) for key in _OWN if values.get(key) is not None}
    _note_values(connection, number, [*settings.items(), *own.items()])
    connection.execute("DELETE FROM titles WHERE rowid = ?", (number,))
    if own.get("title"):
        connection.execute("INSERT INTO titles(rowid, title) VALUES(?, ?)", (number, kept(str(own["title"]))))
    return number


def _write(connection: sqlite3.Connection, name: str, row: _Row | None, values: Mapping[str, Any]) -> int:
    if row is not None:
        changes = ", ".join(f"{column} = ?" for column in values)
        connection.execute(
            f"UPDATE sessions SET {changes} WHERE id = ?",  # noqa: S608 - the columns are our words
            (*values.values(), row.id),
        )
        return row.id
    columns, marks = ", ".join(values), ", ?" * len(values)
    added = connection.execute(f"INSERT INTO sessions(name, {columns}) VALUES(?{marks})", (name, *values.values()))
    return int(added.lastrowid or 0)


def _described(snapshot: Snapshot) -> dict[str, Any]:
    settings, created = snapshot.settings, created_at(snapshot)
    roles = _roles(snapshot.shown)
    return {
        "shown": 1,
        "title": stored(title_of(snapshot)),
        "template": stored(settings.template),
        "created": micros(created),
        "updated": micros(updated_at(snapshot, created)),
        "messages": len(snapshot.shown),
        **{role: roles[role] for role in ("system", "user", "assistant")},
        "metadata": compact(settings.metadata),
        "chronological": int(settings.order == CHRONOLOGICAL),
        "told": told_of(snapshot, created),
        "latest": snapshot.latest,
        "grows": int(bool(settings.owner) and settings.created_at is not None),
    }


def _roles(entries: Iterable[Entry]) -> Counter[str]:
    names = (layout.parse_message_name(entry.path.rpartition("/")[2]) for entry in entries)
    return Counter(named.role for named in names if named)


def _note_values(connection: sqlite3.Connection, number: int, pairs: Iterable[tuple[str, Json]]) -> None:
    connection.execute('DELETE FROM "values" WHERE session = ?', (number,))
    rows = {(stored(key), canonical(value), number) for key, value in pairs}
    connection.executemany('INSERT INTO "values" VALUES(?, ?, ?)', rows)


def _extend(connection: sqlite3.Connection, repo: Repository, row: _Row, snapshot: Snapshot, *, loose: bool) -> bool:
    """Add to a row what a session's new messages change, where they are all that is new since; else False."""
    before = earlier(repo, snapshot.session_id, row.tip, snapshot.commit)
    new = grown(before.root, snapshot.root) if before else None
    if new is None or not stand_alone(snapshot, new):
        return False
    stamps = (_stamp(name) for entry in new for name in entry.path.split("/"))
    latest = max([row.latest, *stamps])
    snapshot.__dict__["latest"] = latest
    roles = _roles(new)
    connection.execute(
        "UPDATE sessions SET tip = ?, loose = ?, updated = ?, messages = ?, system = ?, user = ?, assistant = ?,"
        " latest = ? WHERE id = ?",
        (
            snapshot.commit,
            int(loose),
            micros(updated_at(snapshot, moment(row.created))),
            row.messages + len(new),
            row.system + roles["system"],
            row.user + roles["user"],
            row.assistant + roles["assistant"],
            latest,
            row.id,
        ),
    )
    return True


def _stamp(name: str) -> str:
    named = layout.parse_message_name(name) or layout.parse_run_name(name)
    return named.stamp if named else ""


def stand_alone(snapshot: Snapshot, new: list[Entry]) -> bool:
    """Tell whether new messages are neither dropped nor twins of others, without looking at those others."""
    if snapshot.dropped and not snapshot.dropped.isdisjoint(entry.path for entry in new):
        return False
    return all(snapshot.id_of(entry) is None for entry in new)


def forget(connection: sqlite3.Connection, number: int) -> None:
    """Take a session's row away. Within a transaction."""
    connection.execute("DELETE FROM sessions WHERE id = ?", (number,))
    connection.execute('DELETE FROM "values" WHERE session = ?', (number,))
    connection.execute("DELETE FROM titles WHERE rowid = ?", (number,))
