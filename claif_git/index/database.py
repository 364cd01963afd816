"""The file of the index: shared by all processes at `claif/index.db`, or a temporary one of this process's own.

A file may only be put in another's place while nobody is just opening it: SQLite opens the log beside a database by its
name, a moment later, and would mix the two. So both are done in one queue. Who had the old one open keeps that until it
notices, and harms nobody: SQLite leaves alone the log of a database that was moved.
"""
# ruff: noqa: PTH116
# No Path objects here: looked at with every list and search.

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from claif_git.git import Repository
from claif_git.index import schema
from claif_git.index.values import DamagedValueError

BUSY = 2.0
"""Seconds to wait for another process, which holds the index for moments at a time."""
_WAIT_TO_OPEN = 5.0

FAILURES = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading the index raises; the second where SQLite puts words of a damaged file into what it says of it."""

_DAMAGE = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_CONSTRAINT,  # what the tables say contradicts their indices
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_NOTADB,
}


def is_damage(error: Exception) -> bool:
    """Tell whether a new file is the cure: the file is no database, or not the one whose tables we know."""
    if isinstance(error, DamagedValueError | UnicodeDecodeError):
        return True
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        return True  # not SQLite's own: text that is none
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


class Database:
    """One open connection. For one thread at a time; `path` is None for a temporary one."""

    def __init__(self, path: Path | None) -> None:
        """Open the file at `path`, which is made if need be. sqlite3.Error."""
        self.path, self._pid = path, os.getpid()
        self.connection = sqlite3.connect(
            str(path or ""), timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            self._set_up()
            self._inode = os.stat(path).st_ino if path else 0
        except BaseException:
            self.connection.close()
            raise

    def _set_up(self) -> None:
        self.connection.execute("PRAGMA trusted_schema = OFF")
        self.connection.execute("PRAGMA temp_store = MEMORY")
        self.connection.execute("PRAGMA cache_size = -8192")
        self.connection.execute(f"PRAGMA journal_mode = {'WAL' if self.path else 'MEMORY'}")
        self.connection.execute(f"PRAGMA synchronous = {'NORMAL' if self.path else 'OFF'}")
        if schema.version(self.connection) is None:
            with self.writing():
                if schema.version(self.connection) is None:
                    schema.create(self.connection)

    @property
    def is_current(self) -> bool:
        """Whether this is still the file at its path, and this process the one that opened it."""
        if self._pid != os.getpid():
            return False
        if self.path is None:
            return True
        try:
            return os.stat(self.path).st_ino == self._inode
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Change what the block changes, or nothing. Others wait; sqlite3.OperationalError after BUSY seconds."""
        self.connection.execute("BEGIN IMMEDIATE")
        yield from self._to_the_end()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """See one state of the index throughout the block."""
        self.connection.execute("BEGIN")
        yield from self._to_the_end()

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Read what would be there if the block's changes were made, which none of them is in the end."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def _to_the_end(self) -> Iterator[None]:
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the file. A child of a fork only lets go: closing it would disturb the parent's locks."""
        if self._pid == os.getpid():
            self.connection.close()
        else:
            _left_by_parents.append(self.connection)


_left_by_parents: list[sqlite3.Connection] = []


def open_shared(repo: Repository, *, fresh: bool = False) -> Database | None:
    """Open a store's index; make a new one if it is of an earlier version, or `fresh` asks for it.

    None if a later version of claif-git made it, or it cannot be opened in time. sqlite3.Error, OSError.
    """
    path = index_path(repo)
    with repo.queue("index", timeout=_WAIT_TO_OPEN):
        if fresh:
            discard(path)
        try:
            database = Database(path)
        except FAILURES as error:
            if not is_damage(error):
                raise
            discard(path)
            database = Database(path)
        found = schema.version(database.connection) or 0
        if found < schema.VERSION:
            database.close()
            discard(path)
            return Database(path)
    if found > schema.VERSION:
        database.close()
        return None
    return database


def index_path(repo: Repository) -> Path:
    """Give where a store's index is, if it has one."""
    return repo.path / "claif" / "index.db"


def files_of(path: Path) -> list[Path]:
    """Give the files that an index is made of; not all need be there."""
    return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm")]


def discard(path: Path) -> None:
    """Remove an index. For who holds the queue."""
    for file in files_of(path):
        file.unlink(missing_ok=True)


def forget(repo: Repository) -> None:
    """Remove a store's index, so that nothing of what was purged stays in it; it is built anew when it is wanted."""
    with repo.queue("index", timeout=_WAIT_TO_OPEN):
        discard(index_path(repo))
