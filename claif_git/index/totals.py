"""What the messages of all sessions took, summed up by SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from claif_git.index.searching import Wanted
from claif_git.index.values import restored, stored
from claif_git.model.spending import Counted, Spent, Tally, project_of

_KINDS = ("total", "input", "output", "cache_read", "cache_write", "hour_write")
_DAY = "date(time / 1000000, 'unixepoch')"
_SHOWN = "places JOIN chosen USING (session) JOIN blobs ON blobs.id = blob"


def totals(connection: sqlite3.Connection, wanted: Wanted, by: str | None, steps: Sequence[int]) -> Counted:
    """Count the messages that fit, by model, day, project, session or not at all. Within a transaction.

    `steps` are the lengths of a prompt at which prices change. The index holds all sessions' messages.
    """
    conditions, bound = wanted.conditions()
    _choose(connection, by)
    try:
        sessions = _sessions(connection, by, conditions, bound)
        if not bound and by not in {"model", "day"}:
            sessions |= dict(connection.execute("SELECT part, count(*) FROM chosen GROUP BY part").fetchall())
        unreadable = connection.execute(
            f"SELECT count(DISTINCT folder || '/' || places.name) FROM {_SHOWN} WHERE role IS NULL"  # noqa: S608
        ).fetchone()[0]
        tallies = _tallies(connection, by, conditions, bound, steps)
        return Counted(tallies, {restored(part): count for part, count in sessions.items()}, unreadable)
    finally:
        connection.execute("DROP TABLE temp.chosen")


def _choose(connection: sqlite3.Connection, by: str | None) -> None:
    """Note to which part each session belongs; NULL where its messages say so themselves, or all are one."""
    connection.execute("CREATE TEMP TABLE chosen(session INTEGER PRIMARY KEY, part)")
    rows: list[tuple[Any, ...]] = connection.execute("SELECT id, name, metadata FROM sessions WHERE shown").fetchall()
    if by == "project":
        parts = [(number, _stored_project(metadata)) for number, _, metadata in rows]
    else:
        parts = [(number, name if by == "session" else None) for number, name, _ in rows]
    connection.executemany("INSERT INTO chosen VALUES(?, ?)", parts)


def _stored_project(metadata: str) -> str | bytes | None:
    return stored(project_of(json.loads(metadata)))


def _part(by: str | None) -> str:
    return {"model": "model", "day": _DAY}.get(by or "", "part")


def _sessions(
    connection: sqlite3.Connection, by: str | None, conditions: str, bound: list[Any]
) -> dict[str | bytes | None, int]:
    return dict(
        connection.execute(
            f"SELECT {_part(by)}, count(DISTINCT session) FROM {_SHOWN} WHERE role NOTNULL{conditions}"  # noqa: S608
            " GROUP BY 1",
            bound,
        ).fetchall()
    )


def _tallies(
    connection: sqlite3.Connection, by: str | None, conditions: str, bound: list[Any], steps: Sequence[int]
) -> list[Tally]:
    """Sum up. Of versions of one message that sessions show, that with the least id counts (`min` takes its row)."""
    level = " + ".join(["0", *("(coalesce(input, 0) > ?)" for _ in steps)])
    sums = ", ".join(f"sum({kind})" for kind in _KINDS)
    rows = connection.execute(
        f"SELECT {_part(by)}, model, input NOTNULL, {level}, count(*), sum(coalesce(total, 0) > 0), {sums}"  # noqa: S608
        f" FROM (SELECT part, min(oid), model, time, {', '.join(_KINDS)} FROM {_SHOWN}"
        f" WHERE role NOTNULL{conditions} GROUP BY part, folder, places.name) GROUP BY 1, 2, 3, 4",
        (*steps, *bound),
    )
    return [
        Tally(restored(part), restored(model), bool(by_kind), level, messages, counted, Spent(total or 0, *kinds))
        for part, model, by_kind, level, messages, counted, total, *kinds in rows.fetchall()
    ]
