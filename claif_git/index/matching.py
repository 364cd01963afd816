"""Looking through what messages say with a regular expression, the latest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from functools import partial

from claif_git.index.messages import text_of
from claif_git.index.searching import Wanted, hits_of, places_of
from claif_git.model.pattern import Pattern
from claif_git.model.search import SearchHit, Snippet, best_first

FULL = 1.0
"""What every match counts: there is no better or worse."""


def find_matching(
    connection: sqlite3.Connection, wanted: Wanted, pattern: Pattern, limit: int, skip: Collection[str]
) -> list[SearchHit]:
    """Give the latest `limit` messages that match, in each session that shows them; none in the sessions to `skip`.

    Texts are read one by one, and no more of them than it takes.
    """
    conditions, bound = wanted.conditions()
    rows = connection.execute(
        f"SELECT id, time FROM blobs WHERE role NOTNULL{conditions} ORDER BY time DESC",  # noqa: S608 - our words
        bound,
    ).fetchall()
    hits: list[SearchHit] = []
    firsts, last = 0, None
    for blob, time in rows:
        if firsts >= limit and time != last:  # of the same moment, another may come first
            break
        last = time
        row = connection.execute("SELECT said, body FROM blobs WHERE id = ?", (blob,)).fetchone()
        snippet = pattern.find(text_of(*row))
        if snippet is not None:
            places = places_of(connection, [blob]).get(blob, ())
            found = list(hits_of(places, FULL, skip, partial(_same, snippet)))
            hits += found
            firsts += any(hit.score == FULL for hit in found)
    return best_first(hits, limit)


def _same(snippet: Snippet) -> Snippet:
    return snippet
