"""SQLite by hand: WAL, synchronous=FULL, full text by FTS5 in the same transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from benchmarks.workload import Conversation, Said, characters, used

_TABLES = """
CREATE TABLE IF NOT EXISTS sessions(
    id INTEGER PRIMARY KEY, key TEXT UNIQUE, title TEXT, created TEXT, updated TEXT, messages INTEGER, metadata TEXT,
    parent INTEGER, upto INTEGER);
CREATE INDEX IF NOT EXISTS newest ON sessions(updated);
CREATE TABLE IF NOT EXISTS messages(
    id INTEGER PRIMARY KEY, session INTEGER, role TEXT, content TEXT, time TEXT, metadata TEXT, tokens INTEGER);
CREATE INDEX IF NOT EXISTS of_session ON messages(session, id);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(content, content='messages', content_rowid='id');
"""


class Adapter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.db: sqlite3.Connection

    def open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(self._folder / "talk.db", isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        if not self.db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
            self.db.executescript(_TABLES)

    def close(self) -> None:
        self.db.close()

    def fill(self, conversations: Iterable[Conversation]) -> None:
        self.db.execute("BEGIN")
        for talk in conversations:
            made = self.db.execute(
                "INSERT INTO sessions(key, title, created, updated, messages, metadata) VALUES(?, ?, ?, ?, 0, ?)",
                (talk.key, talk.title, talk.said(0).time.isoformat(), "", json.dumps(talk.metadata)),
            ).lastrowid
            for said in talk:
                self._add(int(made or 0), said)
        self.db.execute("COMMIT")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def append(self, talk: Conversation, said: Said) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self._add(self._id(talk), said)
        self.db.execute("COMMIT")

    def _id(self, talk: Conversation) -> int:
        return int(self.db.execute("SELECT id FROM sessions WHERE key = ?", (talk.key,)).fetchone()[0])

    def _add(self, session: int, said: Said) -> None:
        content = said.text if said.blocks is None else json.dumps(said.blocks, ensure_ascii=False)
        row = (session, said.role, content, said.time.isoformat(), json.dumps(said.metadata), said.tokens)
        made = self.db.execute(
            "INSERT INTO messages(session, role, content, time, metadata, tokens) VALUES(?, ?, ?, ?, ?, ?)", row
        ).lastrowid
        self.db.execute("INSERT INTO words(rowid, content) VALUES(?, ?)", (made, content))
        self.db.execute(
            "UPDATE sessions SET updated = ?, messages = messages + 1 WHERE id = ?", (said.time.isoformat(), session)
        )

    def load(self, talk: Conversation) -> int:
        return self._read("SELECT * FROM messages WHERE session = ? ORDER BY id", self._id(talk))

    def last(self, talk: Conversation, count: int) -> int:
        return self._read("SELECT * FROM messages WHERE session = ? ORDER BY id DESC LIMIT ?", self._id(talk), count)

    def _read(self, query: str, *values: int) -> int:
        found = 0
        for _, _, role, content, time, metadata, tokens in self.db.execute(query, values):
            said = json.loads(content) if content.startswith("[{") else content
            used(role, datetime.fromisoformat(time).year, json.loads(metadata)["file"], tokens)
            found += characters(said)
        return found

    def listing(self, project: str | None) -> int:
        where, values = (" WHERE metadata ->> 'project' = ?", (project,)) if project else ("", ())
        rows = self.db.execute(
            f"SELECT key, title, created, updated, messages, metadata FROM sessions{where} ORDER BY updated DESC",  # noqa: S608 - two fixed texts
            values,
        )
        found = 0
        for key, title, created, updated, messages, metadata in rows:
            used(key, title, datetime.fromisoformat(created).year, datetime.fromisoformat(updated).year, messages)
            found += bool(json.loads(metadata)["project"])
        return found

    def search(self, word: str) -> int:
        rows = self.db.execute(
            "SELECT sessions.key, messages.role, messages.time, snippet(words, 0, '[', ']', '…', 24) FROM words"
            " JOIN messages ON messages.id = words.rowid JOIN sessions ON sessions.id = messages.session"
            " WHERE words MATCH ? ORDER BY rank LIMIT 20",
            (word,),
        )
        return sum(bool(key and role and datetime.fromisoformat(time) and snip) for key, role, time, snip in rows)

    def branch(self, talk: Conversation, index: int) -> None:
        parent = self._id(talk)
        self.db.execute(
            "INSERT INTO sessions(title, created, updated, messages, metadata, parent, upto)"
            " SELECT title, created, updated, ?, metadata, id, ? FROM sessions WHERE id = ?",
            (index + 1, index, parent),
        )
