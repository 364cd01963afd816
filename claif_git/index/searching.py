"""Searching a database: messages by their words, and sessions by their titles."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from claif_git.index.listing import model_test
from claif_git.index.text import END, START, snippet
from claif_git.index.values import moment, restored
from claif_git.model.message import MessageRole
from claif_git.model.search import SearchHit, Snippet, best_first

COPY = 0.5
"""What a hit counts where the same message was shown by an earlier session: branches do not crowd out the rest."""
_WORDS_ROUND = 12
_FEW = 200  # matches: to go through so many takes less than to seek twenty among them
_AT_ONCE = 500  # far below the number of values that SQLite takes
_ROLES = {role.value: role for role in MessageRole}
Place: TypeAlias = tuple[str, Any, int, str, int]
_SNIPPET = f"snippet({{0}}, 0, '{START}', '{END}', '…', {2 * _WORDS_ROUND})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for: an FTS5 expression, and what narrows it; times in µs since 1970, both inclusive.

    `model` may hold `*` for any characters.
    """

    expression: str
    role: str | None = None
    since: int | None = None
    until: int | None = None
    model: str | None = None

    def conditions(self) -> tuple[str, list[Any]]:
        """Give what `blobs` has to fulfil, as SQL that starts with AND, and its values."""
        given: list[tuple[str, Any]] = [
            ("blobs.role = ?", self.role),
            ("blobs.time >= ?", self.since),
            ("blobs.time <= ?", self.until),
        ]
        if self.model is not None:
            given.append(model_test(self.model))
        bound = [(text, value) for text, value in given if value is not None]
        return "".join(f" AND {text}" for text, _ in bound), [value for _, value in bound]


def find(connection: sqlite3.Connection, wanted: Wanted, limit: int, skip: Collection[str]) -> list[SearchHit]:
    """Give the best `limit` hits, best first, then latest first; none in the sessions to `skip`."""
    found = {(hit.session_id, hit.message_index): hit for hit in _by_title(connection, wanted, limit, skip)}
    for hit in _by_words(connection, wanted, limit, skip):
        other = found.get((hit.session_id, hit.message_index))
        if other is None or other.score <= hit.score:
            found[hit.session_id, hit.message_index] = hit
    return best_first(found.values(), limit)


def _by_words(connection: sqlite3.Connection, wanted: Wanted, limit: int, skip: Collection[str]) -> list[SearchHit]:
    """Look among the best messages, more of them each time, until enough stand in a session that counts."""
    asked = max(limit, 1)
    while True:
        best = _best(connection, wanted, asked)
        shown = places_of(connection, [row[0] for row in best])
        hits = [
            hit
            for blob, score, marked in best
            for hit in hits_of(shown.get(blob, ()), -score, skip, partial(snippet, marked))
        ]
        if len(hits) >= limit or len(best) < asked:
            return hits
        asked *= 4


def _best(connection: sqlite3.Connection, wanted: Wanted, asked: int) -> list[tuple[int, float, str]]:
    """Give the best messages, of equal ones the latest rows: row, score (less is better), text with the words marked.

    Snippets are made only of those: they take longer than the search.
    """
    conditions, bound = wanted.conditions()
    join = " JOIN blobs ON blobs.id = words.rowid" if conditions else ""
    rows = connection.execute(
        f"SELECT words.rowid, bm25(words) AS score FROM words{join} WHERE words MATCH ?{conditions}"  # noqa: S608
        " ORDER BY score, words.rowid DESC LIMIT ?",
        (wanted.expression, *bound, asked + _FEW),
    ).fetchall()
    best = rows[:asked]
    marked = _marked(connection, wanted, [row[0] for row in best], few=len(rows) < asked + _FEW)
    return [(blob, score, marked[blob]) for blob, score in best]


def _marked(connection: sqlite3.Connection, wanted: Wanted, blobs: Sequence[int], *, few: bool) -> dict[int, str]:
    """Give what stands around the words in some messages. Of `few` matches all are gone through."""
    found: dict[int, str] = {}
    for at in range(0, len(blobs), _AT_ONCE):
        some = blobs[at : at + _AT_ONCE]
        chosen = f"{'+' * few}rowid IN ({', '.join('?' * len(some))})"
        asked = f"SELECT rowid, {_SNIPPET.format('words')} FROM words WHERE words MATCH ? AND {chosen}"  # noqa: S608 - marks
        found.update(connection.execute(asked, (wanted.expression, *some)).fetchall())
    return found


def places_of(connection: sqlite3.Connection, blobs: Sequence[int]) -> dict[int, list[Place]]:
    """Give where messages are shown, the earliest session first: its name and title, position, role and time."""
    found: dict[int, list[Place]] = {}
    for at in range(0, len(blobs), _AT_ONCE):
        some = blobs[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        rows = connection.execute(
            "SELECT blob, sessions.name, sessions.title, position, role, time FROM places"  # noqa: S608 - marks
            " JOIN sessions ON sessions.id = session JOIN blobs ON blobs.id = blob"
            f" WHERE blob IN ({marks}) ORDER BY sessions.created, sessions.name, position",
            some,
        )
        for blob, *place in rows:
            found.setdefault(blob, []).append(tuple(place))
    return found


def hits_of(
    places: Iterable[Place], score: float, skip: Collection[str], words: Callable[[], Snippet]
) -> Iterator[SearchHit]:
    """Give a message as hits, one in each session that shows it; in all but the earliest it counts COPY times."""
    said = None
    weight = score
    for name, title, position, role, time in places:
        if name not in skip:
            said = said or words()
            yield SearchHit(name, restored(title), position, _ROLES[role], moment(time), said, weight)
        weight = score * COPY


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
        yield SearchHit(name, restored(title), position, _ROLES[role], moment(time), snippet(marked), score)
        found += 1
        if found >= limit:
            return
