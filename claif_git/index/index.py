"""The index of one store: always right, or rebuilt; shared where that is possible, else this process's own."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from claif_git.errors import ClaifGitError, IndexUnavailableError, InvalidInputError, StoreError, UnwritableStoreError
from claif_git.git import Repository
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.index import schema
from claif_git.index.database import FAILURES, Database, is_damage, open_shared
from claif_git.index.values import micros
from claif_git.model.conditions import Selection, model_name
from claif_git.model.message import Message, MessageRole
from claif_git.model.pattern import Pattern
from claif_git.model.search import SearchHit
from claif_git.model.session import Session
from claif_git.model.spending import Counted
from claif_git.model.times import as_utc

if TYPE_CHECKING:
    from claif_git.index.health import Health
    from claif_git.index.searching import Wanted

# What a verb takes is loaded by it: opening a session is not to wait for what searches and counts.

Progress = Callable[[int, int], None]
"""Called with (done, in all): first for sessions, then, where a search needs them, for messages."""

_ALONE_FOR = 30.0
"""Seconds before an index that could not be shared is tried again."""
_EVERYTHING = 1 << 40
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What the index holds. `path` None: it could not be shared, and is this process's own for now.

    bytes      of its files; 0 for one of our own
    messages   as the sessions show them; `blobs` are the files that these are
    """

    path: Path | None
    version: int
    bytes: int
    sessions: int
    messages: int
    blobs: int


class Index:
    """The index of the sessions below one prefix of refs. All methods are thread-safe.

    Each brings the index up to the refs first; `progress` is called where that takes long.
    """

    def __init__(self, repo: Repository, heads: str) -> None:
        """Take a store's repository and the prefix of its sessions' refs. Nothing is opened yet."""
        self._repo, self._heads = repo, heads
        self._guard = threading.RLock()
        self._database: Database | None = None
        self._alone_until = 0.0

    def sessions(self, wanted: Selection, limit: int | None = None, progress: Progress | None = None) -> list[Session]:
        """Give the sessions that are selected, newest change first. StoreError."""
        from claif_git.index.catchup import CatchUp
        from claif_git.index.listing import listed

        def work(database: Database) -> list[Session]:
            if wanted.model is None:
                CatchUp(self._repo, self._heads, database, progress).sessions()
            else:
                self._catch_up(database, progress)
            return listed(database.connection, wanted, limit, self._opened)

        return self._run(work)

    def search(
        self, wanted: Wanted, limit: int | None = 20, skip: Collection[str] = (), progress: Progress | None = None
    ) -> list[SearchHit]:
        """Give the best hits, best first; none in the sessions to `skip`. StoreError."""
        from claif_git.index.searching import find

        def work(database: Database) -> list[SearchHit]:
            self._catch_up(database, progress)
            with database.reading():
                return find(database.connection, wanted, _EVERYTHING if limit is None else limit, skip)

        return self._run(work) if wanted.expression and limit != 0 else []

    def match(
        self,
        pattern: Pattern,
        wanted: Wanted,
        limit: int | None = 20,
        skip: Collection[str] = (),
        progress: Progress | None = None,
    ) -> list[SearchHit]:
        """Give the latest messages that match, whatever the expression; none in the sessions to `skip`. StoreError."""
        from claif_git.index.matching import find_matching

        def work(database: Database) -> list[SearchHit]:
            self._catch_up(database, progress)
            with database.reading():
                most = _EVERYTHING if limit is None else limit
                return find_matching(database.connection, wanted, pattern, most, skip)

        return self._run(work) if limit != 0 else []

    def totals(
        self,
        wanted: Wanted,
        by: str | None,
        steps: Sequence[int],
        unsaved: Collection[Snapshot],
        progress: Progress | None,
    ) -> Counted:
        """Count what messages took, the sessions in `unsaved` as they stand there. StoreError."""
        from claif_git.index.totals import totals

        def work(database: Database) -> Counted:
            self._catch_up(database, progress)
            with database.trying():
                self._write(database, unsaved)
                return totals(database.connection, wanted, by, steps)

        return self._run(work)

    def search_in(self, snapshots: Collection[Snapshot], wanted: Wanted, limit: int | None = 20) -> list[SearchHit]:
        """Search sessions as they stand at some commits, whatever their refs say."""
        from claif_git.index.searching import find

        if not snapshots or not wanted.expression:
            return []
        database = Database(None)
        try:
            self._write(database, snapshots)
            return find(database.connection, wanted, _EVERYTHING if limit is None else limit, ())
        finally:
            database.close()

    def added_by(self, session_id: str) -> dict[int, str | None]:
        """Give, by position, the commit that added each message of a session; None where it was not learned."""

        def work(database: Database) -> dict[int, str | None]:
            self._catch_up(database, None)
            rows = database.connection.execute(
                "SELECT position, added FROM places WHERE session = (SELECT id FROM sessions WHERE name = ?)",
                (session_id,),
            )
            return {position: added.hex() if added else None for position, added in rows.fetchall()}

        return self._run(work)

    def messages(self, snapshot: Snapshot, count: int | None = None) -> list[Message | Entry] | None:
        """Give the messages of a session that stands at its ref's tip; the last `count`, if that is a number.

        An Entry stands for one that is to be read from git. None if the index does not have them: it is not built for
        this, but a few new messages are taken in.
        """
        from claif_git.index.reading import messages_of

        return self._run(lambda database: messages_of(database, self._repo, snapshot, count))

    def reindex(self, progress: Progress | None = None) -> IndexStats:
        """Throw the index away and build it anew. StoreError if it cannot be shared."""
        with self._guard:
            try:
                shared = open_shared(self._repo, fresh=True)
            except (sqlite3.Error, OSError) as error:
                hint = error.hint if isinstance(error, UnwritableStoreError) else ""
                raise StoreError(f"the index cannot be built: {error}", hint=hint) from error
            if shared is not None:
                self._take(shared)
            return self._run(lambda database: self._stats(self._catch_up(database, progress)))

    def stats(self) -> IndexStats:
        """Say what the index holds now; it is not brought up to the refs for this."""
        return self._run(self._stats)

    def health(self, tips: Mapping[str, str]) -> Health:
        """Say how the index on the disk is, where branches stand at `tips`; nothing is built or caught up for this."""
        from claif_git.index.health import health

        return health(self._repo, tips)

    def close(self) -> None:
        """Close the file. The index opens again when it is asked something."""
        with self._guard:
            database, self._database = self._database, None
            if database is not None:
                database.close()

    def _catch_up(self, database: Database, progress: Progress | None) -> Database:
        from claif_git.index.catchup import CatchUp

        CatchUp(self._repo, self._heads, database, progress).words()
        return database

    def _write(self, database: Database, snapshots: Collection[Snapshot]) -> None:
        """Write sessions as they stand at some commits, whatever their refs say."""
        from claif_git.index import sessions, words

        for snapshot in snapshots:
            number = sessions.record(database.connection, self._repo, snapshot, loose=False)
            words.place(database.connection, self._repo, number, snapshot, "")

    def _opened(self, session_id: str, commit: str) -> Snapshot:
        from claif_git.index.growth import opened

        return opened(self._repo, session_id, commit)

    def _stats(self, database: Database) -> IndexStats:
        counted = (
            database.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our words
            for table in ("sessions WHERE shown", "places", "blobs")
        )
        files = [Path(f"{database.path}{suffix}") for suffix in ("", "-wal")] if database.path else []
        size = sum(file.stat().st_size for file in files if file.exists())
        return IndexStats(database.path, schema.VERSION, size, *counted)

    # which database

    def _run(self, work: Callable[[Database], Result]) -> Result:
        """Do something with the index; with a new one if it is damaged, and one of our own if none can be shared."""
        with self._guard:
            renewed = False
            while True:
                database = self._open()
                try:
                    return work(database)
                except FAILURES as error:
                    self.close()
                    if database.path is None:
                        raise IndexUnavailableError(error) from error
                    fresh = self._share(fresh=True) if is_damage(error) and not renewed else None
                    if fresh is not None:
                        self._take(fresh)
                    else:
                        self._alone_until = time.monotonic() + _ALONE_FOR
                    renewed = True

    def _open(self) -> Database:
        database = self._database
        if database is not None and database.is_current and (database.path or time.monotonic() < self._alone_until):
            return database
        shared = self._share() if time.monotonic() >= self._alone_until else None
        if shared is not None:
            self._take(shared)
            return shared
        if time.monotonic() >= self._alone_until:
            self._alone_until = time.monotonic() + _ALONE_FOR
        if database is None or database.path is not None or not database.is_current:
            database = _own()
            self._take(database)
        return database

    def _take(self, database: Database) -> None:
        self.close()
        self._database = database

    def _share(self, *, fresh: bool = False) -> Database | None:
        try:
            return open_shared(self._repo, fresh=fresh)
        except (*FAILURES, sqlite3.Error, OSError, ClaifGitError):
            return None


def _own() -> Database:
    try:
        return Database(None)
    except sqlite3.Error as error:
        raise IndexUnavailableError(error) from error


def wanted_of(
    query: str,
    *,
    role: MessageRole | str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    model: str | None = None,
) -> Wanted:
    """Give what a query asks for. InvalidInputError for a role that is none, or times out of range."""
    from claif_git.index import text
    from claif_git.index.searching import Wanted

    if not isinstance(query, str):
        raise InvalidInputError(f"a query is text, not {type(query).__name__}")
    if role is not None and str(role) not in {item.value for item in MessageRole}:
        raise InvalidInputError(f"role is system, user or assistant, not {str(role)!r}")
    first, last = (None if moment is None else micros(as_utc(moment)) for moment in (since, until))
    return Wanted(text.expression(query), None if role is None else str(role), first, last, model_name(model))
