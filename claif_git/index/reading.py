"""One session's messages from the index, if it has them as they stand now."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from claif_git.errors import StoreError
from claif_git.git import Repository
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.index import messages
from claif_git.index.database import BUSY, Database
from claif_git.index.values import DamagedValueError
from claif_git.model.message import Message

_FIND = "SELECT id, placed, tip, messages FROM sessions WHERE name = ? AND placed IS NOT NULL"


def messages_of(
    database: Database, repo: Repository, snapshot: Snapshot, count: int | None
) -> list[Message | Entry] | None:
    """Give a session's messages, or its last `count`; None if the index has another state of it, or none."""
    connection = database.connection
    found = connection.execute(_FIND, (snapshot.session_id,)).fetchone()
    if found is None or (found[1] != snapshot.commit and not _followed(database, repo, snapshot)):
        return None
    with database.reading():
        found = connection.execute(_FIND, (snapshot.session_id,)).fetchone()
        if found is None or found[1] != snapshot.commit:
            return None
        read = messages.read(connection, found[0], snapshot.commit, count)
        if found[2] == snapshot.commit and len(read) != min(found[3], found[3] if count is None else count):
            raise DamagedValueError(f"{len(read)} messages of {found[3]} in {snapshot.session_id}")
        return read


def _followed(database: Database, repo: Repository, snapshot: Snapshot) -> bool:
    """Take a few new messages in, unless somebody else is just writing: who reads does not wait for that."""
    from claif_git.index import words

    connection = database.connection
    try:
        with _at_once(connection), database.writing():
            found = connection.execute(_FIND, (snapshot.session_id,)).fetchone()
            return found is not None and words.follow(connection, repo, found[0], snapshot, found[1])
    except (sqlite3.OperationalError, StoreError):
        return False


@contextlib.contextmanager
def _at_once(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY * 1000)}")
