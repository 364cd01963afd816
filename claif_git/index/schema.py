"""The tables of the index. Rows are keyed by object ids: each is either right or absent.

sessions   a row a branch. What a list shows is that of `tip`; `placed` is the commit whose messages `places` holds.
           `shown` 0: somebody's own branch, no session. `loose`: the tip came from a loose ref. `grows`: its title and
           date are its own, so that messages put at its end change nothing else. `latest`: the latest stamp in the tree
           `told`: what a list shows, once more, short of what each message changes: see `claif_git.index.listing`
values     what a filter asks for: a session's metadata, title and template, each value in its canonical form
blobs      a row a message file, however many sessions show it; `role` NULL: it cannot be read. Times in µs since 1970.
           `total` to `hour_write` are its tokens, as `claif_git.model.spending` tells them apart; `told` is the whole
           message once more, short of its content, and `body` its content where that is not `said` as it stands: see
           `claif_git.index.messages`
places     a session's messages in its order; `added`: the commit that added one, where catching up learned it
words      full text over `blobs.said`; `titles`: over the sessions' titles
"""

from __future__ import annotations

import sqlite3

VERSION = 4

_TABLES = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, tip TEXT NOT NULL, loose INTEGER NOT NULL,
    shown INTEGER NOT NULL DEFAULT 0, placed TEXT, title, template, created INTEGER, updated INTEGER,
    messages INTEGER, system INTEGER, user INTEGER, assistant INTEGER, metadata TEXT, chronological INTEGER, told TEXT,
    latest TEXT, grows INTEGER NOT NULL DEFAULT 0);
CREATE INDEX sessions_newest ON sessions(updated DESC, name) WHERE shown;
CREATE INDEX sessions_loose ON sessions(name) WHERE loose;
CREATE INDEX sessions_unplaced ON sessions(id) WHERE shown AND placed IS NOT tip;
CREATE TABLE "values"(key NOT NULL, value TEXT NOT NULL, session INTEGER NOT NULL,
    PRIMARY KEY(key, value, session)) WITHOUT ROWID;
CREATE INDEX values_of ON "values"(session);
CREATE TABLE folders(id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);
CREATE TABLE blobs(id INTEGER PRIMARY KEY, oid BLOB NOT NULL UNIQUE, role TEXT, time INTEGER, model TEXT,
    total INTEGER, input INTEGER, output INTEGER, cache_read INTEGER, cache_write INTEGER, hour_write INTEGER,
    body TEXT, told TEXT NOT NULL, said TEXT NOT NULL);
CREATE INDEX blobs_model ON blobs(model) WHERE model NOTNULL;
CREATE TABLE places(session INTEGER NOT NULL, position INTEGER NOT NULL, blob INTEGER NOT NULL, folder INTEGER NOT NULL,
    name TEXT NOT NULL, added BLOB, PRIMARY KEY(session, position)) WITHOUT ROWID;
CREATE INDEX places_of ON places(blob, session);
CREATE VIRTUAL TABLE words USING fts5(said, content='blobs', content_rowid='id', tokenize="{TOKENIZER}");
CREATE VIRTUAL TABLE titles USING fts5(title, tokenize="{TOKENIZER}");
INSERT INTO words(words, rank) VALUES('hashsize', 8388608);
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables. Within the caller's transaction."""
    from claif_git.index.text import TOKENIZER  # which takes its time, and is wanted here once

    for statement in filter(str.strip, _TABLES.split(";\n")):
        connection.execute(statement.replace("{TOKENIZER}", TOKENIZER))
    connection.execute("INSERT INTO meta VALUES('version', ?)", (str(VERSION),))


def version(connection: sqlite3.Connection) -> int | None:
    """Give the version of the tables; None if there are none yet. sqlite3.DatabaseError if the file is no database."""
    if not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        return None
    row = connection.execute("SELECT value FROM meta WHERE key = 'version'").fetchone()
    return int(row[0]) if row and str(row[0]).isdecimal() else 0


def metas(connection: sqlite3.Connection) -> dict[str, str]:
    """Give what the index knows of itself."""
    return dict(connection.execute("SELECT key, value FROM meta").fetchall())


def set_metas(connection: sqlite3.Connection, values: dict[str, str]) -> None:
    """Note what the index knows of itself. Within the caller's transaction."""
    connection.executemany("INSERT OR REPLACE INTO meta VALUES(?, ?)", values.items())
