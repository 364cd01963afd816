"""Catching up with the refs: what moved since the index was last right, in short transactions.

The refs are read within the transaction that writes down how they stood, so that what a slower process saw earlier
never lies over what a faster one saw later; and once more whenever another process has written in between.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from claif_git.errors import ClaifGitError
from claif_git.git import Repository
from claif_git.git.refstamp import RefsStamp, read_loose, read_packed, refs_stamp
from claif_git.ids import is_session_name
from claif_git.index import schema, sessions, words
from claif_git.index.database import Database
from claif_git.index.growth import opened
from claif_git.index.values import DamagedValueError

if TYPE_CHECKING:
    from claif_git.index.index import Progress

_SLICE = 0.4
"""Seconds that a transaction lasts before others get their turn."""
_log = logging.getLogger(__name__)


@dataclass
class _Work:
    """What a look at the refs found to do, with sessions by name.

    known   those of them that have a row
    sure    what it found is all there is, so that its stamp may be kept
    """

    stamp: RefsStamp
    known: set[str] = field(default_factory=set)
    changed: list[tuple[str, str, bool]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    sure: bool = True


class CatchUp:
    """Brings one database up to the refs of one store."""

    def __init__(self, repo: Repository, heads: str, database: Database, progress: Progress | None = None) -> None:
        self._repo, self._heads, self._database = repo, heads, database
        self._db = database.connection
        self._progress = progress or (lambda _done, _all: None)

    # sessions

    def sessions(self, *, with_words: bool = False) -> None:
        """Make the rows of all sessions those of their tips. Where nothing moved, this costs two stats.

        `with_words`: place the messages of those that moved as well, while their trees are at hand.
        """
        if self._is_fresh(schema.metas(self._db)):
            return
        done, seen = 0, -1
        work: _Work | None = None
        while True:
            with self._database.writing():
                version = self._db.execute("PRAGMA data_version").fetchone()[0]
                if work is None or version != seen:
                    work, seen = self._look(), version
                    self._check_found(work)
                    total = done + len(work.changed)
                started = time.monotonic()
                self._forget(work.gone)
                while work.changed:
                    work.sure &= self._record(*work.changed.pop(), with_words=with_words)
                    done += 1
                    if time.monotonic() - started >= _SLICE:
                        break
                if not work.changed:
                    self._note(work)
            if total > 1:
                self._progress(done, total)
            if not work.changed:
                return

    def _is_fresh(self, known: dict[str, str]) -> bool:
        now = refs_stamp(self._repo.path, self._heads)
        return self._knows(known) and bool(now.folder) and bool(now.packed) and now == _kept_stamp(known)

    def _knows(self, known: dict[str, str]) -> bool:
        return known.get("store") == self._repo.store_id() and known.get("heads") == self._heads

    def _note(self, work: _Work) -> None:
        stamp = work.stamp if work.sure else RefsStamp("", "")
        values = {"store": self._repo.store_id(), "heads": self._heads}
        schema.set_metas(self._db, {**values, "folder": stamp.folder, "packed": stamp.packed})

    def _look(self) -> _Work:
        """Compare the refs with the rows: the loose ones alone, where `packed-refs` is as it was."""
        known = schema.metas(self._db)
        stamp = refs_stamp(self._repo.path, self._heads)
        work = _Work(stamp)
        loose = {name: text for name, text in self._loose(work) if is_session_name(name)}
        if self._knows(known) and stamp.packed and stamp.packed == known.get("packed"):
            self._compare_loose(work, loose)
        else:
            self._compare_all(work, loose)
        return work

    def _loose(self, work: _Work) -> Iterator[tuple[str, str]]:
        for name, text in read_loose(self._repo.path, self._heads).items():
            if len(text) == 40:
                yield name, text
                continue
            work.sure = False  # symbolic: what it names may move unseen; or damaged: it may be mended
            tip = self._ref(name)
            if tip:
                yield name, tip

    def _ref(self, name: str) -> str | None:
        try:
            return self._repo.ref(self._heads + name)
        except ClaifGitError as error:
            _log.warning("%s", error)
            return None

    def _compare_loose(self, work: _Work, loose: dict[str, str]) -> None:
        rows = dict(self._db.execute("SELECT name, tip FROM sessions WHERE loose").fetchall())
        work.known = set(rows)
        for name, tip in loose.items():
            if rows.pop(name, None) != tip:
                work.changed.append((name, tip, True))
        for name in rows:  # packed or deleted since
            fallen = self._ref(name)
            if fallen is None:
                work.gone.append(name)
            else:
                work.changed.append((name, fallen, False))

    def _compare_all(self, work: _Work, loose: dict[str, str]) -> None:
        packed = read_packed(self._repo.path, self._heads)
        tips = {name: (tip, 0) for name, tip in packed.items() if is_session_name(name)}
        tips |= {name: (tip, 1) for name, tip in loose.items()}
        rows = {name: (tip, flag) for name, tip, flag in self._db.execute("SELECT name, tip, loose FROM sessions")}
        work.known = set(rows)
        work.gone = [name for name in rows if name not in tips]
        work.changed = [(name, tip, bool(flag)) for name, (tip, flag) in tips.items() if rows.get(name) != (tip, flag)]

    def _check_found(self, work: _Work) -> None:
        """Make sure that a row that is to be changed or removed is found by its name: else a list would go on with it.

        DamagedValueError.
        """
        for name in work.known.intersection([*work.gone, *(changed[0] for changed in work.changed)]):
            if self._db.execute("SELECT 1 FROM sessions WHERE name = ?", (name,)).fetchone() is None:
                raise DamagedValueError(f"the row of {name} is not found by its name")

    def _record(self, name: str, tip: str, loose: bool, *, with_words: bool) -> bool:
        """Write a session's row; False if it cannot be read: then it has none, and is looked at again next time."""
        row = self._db.execute("SELECT id, tip, placed FROM sessions WHERE name = ?", (name,)).fetchone()
        if row is not None and row[1] == tip:
            self._db.execute("UPDATE sessions SET loose = ? WHERE id = ?", (int(loose), row[0]))
            return True
        try:
            snapshot = opened(self._repo, name, tip)
            if row is not None and row[2] and not snapshot.is_session:
                words.clear(self._db, row[0])
            number = sessions.record(self._db, self._repo, snapshot, loose=loose)
            if with_words and snapshot.is_session:
                words.place(self._db, self._repo, number, snapshot, (row[2] if row else None) or "")
        except ClaifGitError as error:
            _log.warning("session %s is left out: %s", name, error)
            self._forget([name])
            return False
        return True

    def _forget(self, names: list[str]) -> None:
        for name in names:
            row = self._db.execute("SELECT id FROM sessions WHERE name = ?", (name,)).fetchone()
            if row is not None:
                words.clear(self._db, row[0])
                sessions.forget(self._db, row[0])
        names.clear()

    # messages

    def words(self) -> None:
        """Make the rows of all sessions those of their tips, place their messages, and index what those say."""
        self.sessions(with_words=True)
        total = done = 0
        failed: set[int] = set()
        while True:
            rows = self._unplaced(failed)
            if not rows:
                return
            total = max(total, done + sum(row[4] for row in rows))
            with self._database.writing():
                started = time.monotonic()
                for row in self._unplaced(failed):
                    if not self._place(*row[:4]):
                        failed.add(row[0])
                    done += row[4]
                    if time.monotonic() - started >= _SLICE:
                        break
            self._progress(min(done, total), total)

    def _unplaced(self, failed: set[int]) -> list[tuple[int, str, str, str | None, int]]:
        rows = self._db.execute(
            "SELECT id, name, tip, placed, messages FROM sessions WHERE shown AND placed IS NOT tip"
        ).fetchall()
        return [row for row in rows if row[0] not in failed]

    def _place(self, number: int, name: str, tip: str, placed: str | None) -> bool:
        """Place one session's messages; False if some are missing from the store."""
        try:
            words.place(self._db, self._repo, number, opened(self._repo, name, tip), placed or "")
        except ClaifGitError as error:
            _log.warning("session %s cannot be searched: %s", name, error)
            words.clear(self._db, number)
            return False
        return bool(self._db.execute("SELECT placed IS tip FROM sessions WHERE id = ?", (number,)).fetchone()[0])


def _kept_stamp(known: dict[str, str]) -> RefsStamp:
    return RefsStamp(known.get("folder", ""), known.get("packed", ""))
