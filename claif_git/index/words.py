"""What is said in each session: the messages it shows, in order, and each message's words, once."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from claif_git.errors import MalformedError, StoreError
from claif_git.format.messages import decode_kept
from claif_git.git import Repository
from claif_git.history.growth import grown
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.index.growth import added_by, earlier
from claif_git.index.messages import Held, held_of, unread
from claif_git.index.sessions import stand_alone
from claif_git.index.text import kept
from claif_git.index.values import micros, stored
from claif_git.model import searchable
from claif_git.model.spending import Spent, model_of, spent_by

_AT_ONCE = 512
"""Messages that are in memory at a time."""
_NO_TOKENS = (None,) * len(Spent._fields)
_UNREADABLE = (None, None, None, *_NO_TOKENS)
_MARKS = ", ".join("?" * (2 + len(_UNREADABLE) + len(Held._fields) + 1))
_log = logging.getLogger(__name__)


def place(connection: sqlite3.Connection, repo: Repository, number: int, snapshot: Snapshot, placed: str) -> None:
    """Write where the messages of a session stand, and their words. Within a transaction.

    `number` is the session's row, `placed` the commit whose messages stand there so far, or "". A message that is
    missing from the store is left out, and the session is looked at again next time. StoreError for a missing tree.
    """
    placer = _Placer(connection, repo, number, snapshot)
    before = earlier(repo, snapshot.session_id, placed, snapshot.commit) if placed else None
    if before is None or not placer.extend(before):
        placer.replace(before)
    tip = snapshot.commit if placer.is_whole else None
    connection.execute("UPDATE sessions SET placed = ? WHERE id = ?", (tip, number))


def follow(connection: sqlite3.Connection, repo: Repository, number: int, snapshot: Snapshot, placed: str) -> bool:
    """Place what a session has beyond `placed`, if that is a few messages at its end and nothing else.

    Says whether `places` is now that of the snapshot. Within a transaction, to be rolled back for a StoreError.
    """
    before = earlier(repo, snapshot.session_id, placed, snapshot.commit)
    placer = _Placer(connection, repo, number, snapshot)
    if before is None or not placer.extend(before, most=_AT_ONCE):
        return False
    if not placer.is_whole:
        raise StoreError(f"{snapshot.session_id}: a new message is missing")
    connection.execute("UPDATE sessions SET placed = ? WHERE id = ?", (snapshot.commit, number))
    return True


def clear(connection: sqlite3.Connection, number: int) -> None:
    """Take a session's messages out, and the words that no other session shows. Within a transaction."""
    blobs = {row[0] for row in connection.execute("SELECT blob FROM places WHERE session = ?", (number,))}
    connection.execute("DELETE FROM places WHERE session = ?", (number,))
    connection.execute("UPDATE sessions SET placed = NULL WHERE id = ?", (number,))
    _drop_orphans(connection, blobs)


def _drop_orphans(connection: sqlite3.Connection, blobs: Iterable[int]) -> None:
    for blob in blobs:
        if connection.execute("SELECT 1 FROM places WHERE blob = ? LIMIT 1", (blob,)).fetchone():
            continue
        # The words' index has to be told what it is to forget.
        connection.execute(
            "INSERT INTO words(words, rowid, said) SELECT 'delete', id, said FROM blobs WHERE id = ?", (blob,)
        )
        connection.execute("DELETE FROM blobs WHERE id = ?", (blob,))


class _Placer:
    """Places the messages of one session."""

    def __init__(self, connection: sqlite3.Connection, repo: Repository, number: int, snapshot: Snapshot) -> None:
        self._db, self._repo, self._number, self._snapshot = connection, repo, number, snapshot
        self._folders: dict[str, int] = {}
        self.is_whole = True

    def extend(self, before: Snapshot, most: int = 1 << 62) -> bool:
        """Add what stands at the end, if that is all that is new, and no more than `most` messages."""
        last = self._db.execute(
            "SELECT position, path || '/' || name FROM places JOIN folders ON folders.id = folder"
            " WHERE session = ? ORDER BY position DESC LIMIT 1",
            (self._number,),
        ).fetchone()
        if last is None or self._is_chronological():
            return False
        new = grown(before.root, self._snapshot.root)
        if new is None or len(new) > most or not stand_alone(self._snapshot, new) or (new and new[0].path <= last[1]):
            return False
        self._insert(last[0] + 1, new, added_by(self._repo, before.commit, self._snapshot.commit))
        return True

    def _is_chronological(self) -> bool:
        found = self._db.execute("SELECT chronological FROM sessions WHERE id = ?", (self._number,)).fetchone()
        return found is None or bool(found[0])

    def replace(self, before: Snapshot | None) -> None:
        """Write all places anew; what is known of the history that goes on stays known."""
        rows = self._db.execute(
            "SELECT path || '/' || name, added, blob FROM places JOIN folders ON folders.id = folder WHERE session = ?",
            (self._number,),
        ).fetchall()
        known: dict[str, str] = {}
        if before is not None:
            known = added_by(self._repo, before.commit, self._snapshot.commit)
            known |= {path: added.hex() for path, added, _ in rows if added is not None}
        self._db.execute("DELETE FROM places WHERE session = ?", (self._number,))
        self._insert(0, self._snapshot.shown, known)
        _drop_orphans(self._db, {row[2] for row in rows})

    def _insert(self, start: int, entries: Sequence[Entry], added: dict[str, str]) -> None:
        for at in range(0, len(entries), _AT_ONCE):
            self._insert_some(start + at, entries[at : at + _AT_ONCE], added)

    def _insert_some(self, start: int, entries: Sequence[Entry], added: dict[str, str]) -> None:
        blobs = self._blobs(entries)
        rows: list[tuple[Any, ...]] = []
        for position, entry in enumerate(entries, start):
            blob = blobs.get(entry.blob)
            if blob is not None:
                folder, _, name = entry.path.rpartition("/")
                commit = added.get(entry.path)
                stamp = bytes.fromhex(commit) if commit else None
                rows.append((self._number, position, blob, self._folder(folder), name, stamp))
        self._db.executemany("INSERT INTO places VALUES(?, ?, ?, ?, ?, ?)", rows)

    def _folder(self, path: str) -> int:
        if path not in self._folders:
            self._db.execute("INSERT OR IGNORE INTO folders(path) VALUES(?)", (path,))
            found = self._db.execute("SELECT id FROM folders WHERE path = ?", (path,)).fetchone()
            self._folders[path] = found[0]
        return self._folders[path]

    def _blobs(self, entries: Sequence[Entry]) -> dict[str, int]:
        """Give the rows of the messages' blobs, written where there were none."""
        found = self._known([entry.blob for entry in entries])
        new: list[tuple[Any, ...]] = []
        following = self._db.execute("SELECT coalesce(max(id), 0) + 1 FROM blobs").fetchone()[0]
        for entry in entries:
            if entry.blob not in found and (said := self._said(entry.blob)) is not None:
                found[entry.blob] = following
                new.append((following, bytes.fromhex(entry.blob), *said))
                following += 1
        self._db.executemany(f"INSERT INTO blobs VALUES({_MARKS})", new)
        self._db.executemany("INSERT INTO words(rowid, said) VALUES(?, ?)", ((row[0], row[-1]) for row in new))
        return found

    def _known(self, blobs: Sequence[str]) -> dict[str, int]:
        """Give the rows of the blobs that have one. No more than _AT_ONCE at a time."""
        rows = self._db.execute(
            f"SELECT oid, id FROM blobs WHERE oid IN ({', '.join('?' * len(blobs))})",  # noqa: S608 - marks
            [bytes.fromhex(blob) for blob in blobs],
        )
        return {oid.hex(): number for oid, number in rows}

    def _said(self, blob: str) -> tuple[Any, ...] | None:
        """Give a row of `blobs`, from its role on; None if there is no such blob."""
        try:
            message = decode_kept(self._snapshot.blob(blob))
        except MalformedError:
            return *_UNREADABLE, *unread(blob), ""
        except StoreError as error:
            _log.warning("%s: %s", self._snapshot.session_id, error)
            self.is_whole = False
            return None
        words = kept(searchable(message.content))
        tokens = spent_by(message) or _NO_TOKENS
        told = str(message.role), micros(message.timestamp), stored(model_of(message)), *tokens
        return *told, *held_of(message, blob, words), words
