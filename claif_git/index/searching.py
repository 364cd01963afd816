"""Searching a database: messages by their words, and sessions by their titles."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from claif_git.index.text import END, START, snippet
from claif_git.index.values import moment, restored
from claif_git.model.message import MessageRole
from claif_git.model.search import SearchHit

_COPY = 0.5
"""What a hit counts where the same message was shown by an earlier session: branches do not crowd out the rest."""
_WORDS_ROUND = 12
_SNIPPET = f"snippet({{0}}, 0, '{START}', '{END}', '…', {2 * _WORDS_ROUND})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for: an FTS5 expression, and what narrows it; times in µs since 1970, both inclusive."""

    expression: str
    role: str | None = None
    since: int | None = None
    until: int | None = None

    def conditions(self) -> tuple[str, list[Any]]:
        """Give what `blobs` has to fulfil, as SQL that starts with AND, and its values."""
        given = [("role = ?", self.role), ("time >= ?", self.since), ("time <= ?", self.until)]
        bound = [(text, value) for text, value in given if value is not None]
        return "".join(f" AND blobs.{text}" for text, _ in bound), [value for _, value in bound]


def find(connection: sqlite3.Connection, wanted: Wanted, limit: int, skip: Collection[str]) -> list[SearchHit]:
    """Give the best `limit` hits, best first, then latest first; none in the sessions to `skip`."""
    found = {(hit.session_id, hit.message_index): hit for hit in _by_title(connection, wanted, limit, skip)}
    for hit in _by_words(connection, wanted, limit, skip):
        other = found.get((hit.session_id, hit.message_index))
        if other is None or other.score <= hit.score:
            found[hit.session_id, hit.message_index] = hit
    return best(found.values(), limit)


def best(hits: Collection[SearchHit], limit: int | None) -> list[SearchHit]:
    """Order hits, the best first, then the latest; give the first `limit`, all for None."""
    ordered = sorted(hits, key=lambda hit: (hit.session_id, hit.message_index))
    ordered.sort(key=lambda hit: (hit.score, hit.timestamp), reverse=True)
    return ordered[:limit]


def _by_words(connection: sqlite3.Connection, wanted: Wanted, limit: int, skip: Collection[str]) -> list[SearchHit]:
    """Look among the best messages, more of them each time, until enough stand in a session that counts."""
    conditions, bound = wanted.conditions()
    join = " JOIN blobs ON blobs.id = words.rowid" if conditions else ""
    asked = max(limit, 1)
    while True:
        rows = connection.execute(
            f"SELECT words.rowid, bm25(words) AS score FROM words{join} WHERE words MATCH ?{conditions}"  # noqa: S608
            " ORDER BY score, words.rowid DESC LIMIT ?",
            (wanted.expression, *bound, asked),
        ).fetchall()
        hits = [hit for blob, score in rows for hit in _places(connection, wanted, blob, -score, skip)]
        if len(hits) >= limit or len(rows) < asked:
            return hits
        asked *= 4


def _places(
    connection: sqlite3.Connection, wanted: Wanted, blob: int, score: float, skip: Collection[str]
) -> Iterator[SearchHit]:
    rows = connection.execute(
        "SELECT sessions.name, sessions.title, position, role, time FROM places"
        " JOIN sessions ON sessions.id = session JOIN blobs ON blobs.id = blob"
        " WHERE blob = ? ORDER BY sessions.created, sessions.name, position",
        (blob,),
    ).fetchall()
    words = None
    weight = score
    for name, title, position, role, time in rows:
        if name not in skip:
            words = words or _words_round(connection, wanted, blob)
            yield SearchHit(name, restored(title), position, MessageRole(role), moment(time), words, weight)
        weight = score * _COPY


def _words_round(connection: sqlite3.Connection, wanted: Wanted, blob: int) -> Any:
    row = connection.execute(
        f"SELECT {_SNIPPET.format('words')} FROM words WHERE words MATCH ? AND rowid = ?",  # noqa: S608 - our words
        (wanted.expression, blob),
    ).fetchone()
    return snippet(row[0])


def _by_title(connection: sqlite3.Connection, wanted: Wanted, limit: int, skip: Collection[str]) -> Iterator[SearchHit]:
    """Give the first message that fits of each session whose title matches."""
    conditions, bound = wanted.conditions()
    rows = connection.execute(
        f"SELECT titles.rowid, -rank, {_SNIPPET.format('titles')}, name, sessions.title"  # noqa: S608 - our words
        " FROM titles JOIN sessions ON sessions.id = titles.rowid WHERE titles MATCH ? ORDER BY rank",
        (wanted.expression,),
    )
    found = 0
    for number, score, marked, name, title in rows:
        first = connection.execute(
            "SELECT position, role, time FROM places JOIN blobs ON blobs.id = blob"  # noqa: S608 - our words
            f" WHERE session = ? AND role NOTNULL{conditions} ORDER BY position LIMIT 1",
            (number, *bound),
        ).fetchone()
        if first is None or name in skip:
            continue
        position, role, time = first
        yield SearchHit(name, restored(title), position, MessageRole(role), moment(time), snippet(marked), score)
        found += 1
        if found >= limit:
            return
