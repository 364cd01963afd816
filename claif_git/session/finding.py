"""Lists and searches over all sessions: from the index, with this manager's unsaved turns in their place."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from claif_git.errors import IndexUnavailableError, InvalidInputError, StoreError
from claif_git.format import layout
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.conditions import Selection
from claif_git.model.message import Message, MessageRole
from claif_git.model.pattern import Pattern
from claif_git.model.search import SearchHit, best_first
from claif_git.model.session import Session
from claif_git.model.spending import Counted
from claif_git.session import by_git
from claif_git.session.reading import condition, newest_first
from claif_git.session.working import Working

if TYPE_CHECKING:
    from claif_git.index import Index, IndexStats, Progress

with contextlib.suppress(ImportError):  # with the library: the first session that is read does not wait for SQLite
    import claif_git.index.reading  # noqa: F401

_FEW_PAGES = 4


@dataclass(frozen=True, slots=True)
class Searched:
    """What is searched for: a query's words, or with `regex` what matches; and what narrows it."""

    query: str
    regex: bool = False
    role: MessageRole | str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None

    def narrowed(self) -> dict[str, Any]:
        """Give what narrows it, by name."""
        return {name: getattr(self, name) for name in ("role", "since", "until", "model")}


class Finder:
    """One manager's way into the index. All methods are thread-safe."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The index, loaded when it is first asked for. IndexUnavailableError if this Python has no SQLite."""
        try:
            from claif_git.index import Index
        except ImportError as error:
            raise IndexUnavailableError(error) from error

        with self._working.lock:
            if self._index is None:
                self._index = Index(self._working.repo, self._working.store.heads)
            return self._index

    def sessions(self, wanted: Selection, limit: int | None, progress: Progress | None = None) -> list[Session]:
        """Give the sessions that are selected, newest change first. See SessionManager.list_sessions."""
        _check(limit)
        drafts = self._drafts()
        try:
            found = self.index.sessions(wanted, None if limit is None else limit + len(drafts), progress)
        except IndexUnavailableError:
            found = by_git.selected(by_git.snapshots(self._working, progress), wanted)
        if not drafts:
            return found[:limit]
        found = [session for session in found if session.id not in drafts]
        return newest_first([*found, *by_git.selected(drafts.values(), wanted)])[:limit]

    def messages(self, snapshot: Snapshot, count: int | None = None) -> list[Message | Entry] | None:
        """Give the messages of a session as it stands now, from the index; None where git has them sooner."""
        if snapshot.session_id in self._working.drafts or not self._is_near(snapshot):
            return None
        try:
            return self.index.messages(snapshot, count)
        except (IndexUnavailableError, StoreError):
            return None

    def _is_near(self, snapshot: Snapshot) -> bool:
        """Tell whether the index is worth a look: for a short session, opening it takes longer than reading that."""
        if self._index is not None:
            return True
        if len(snapshot.root.folder(layout.MESSAGES)) <= _FEW_PAGES:
            return False
        return (self._working.repo.path / "claif" / "index.db").exists()

    def search(self, wanted: Searched, limit: int | None, progress: Progress | None) -> list[SearchHit]:
        """Give the best hits, best first. See SessionManager.search_sessions."""
        if wanted.regex:
            return self._match(wanted, limit, progress)
        index = self.index
        from claif_git.index import wanted_of

        narrowed = wanted_of(wanted.query, **wanted.narrowed())
        _check(limit)
        drafts = self._drafts()
        found = index.search(narrowed, limit, drafts, progress)
        if drafts:
            found = best_first([*found, *index.search_in(drafts.values(), narrowed, limit)], limit)
        return found

    def _match(self, wanted: Searched, limit: int | None, progress: Progress | None) -> list[SearchHit]:
        pattern, fits = Pattern(wanted.query), condition(**wanted.narrowed())
        _check(limit)
        drafts = self._drafts()
        unsaved: Iterable[Snapshot] = drafts.values()
        try:
            index = self.index
            from claif_git.index import wanted_of

            found = index.match(pattern, wanted_of("", **wanted.narrowed()), limit, drafts, progress)
        except IndexUnavailableError:
            found, unsaved = [], self._as_seen(drafts, progress)
        return best_first([*found, *by_git.matching(unsaved, pattern, fits)], limit)

    def totals(
        self,
        by: str | None,
        steps: Sequence[int],
        since: datetime | None,
        until: datetime | None,
        progress: Progress | None,
    ) -> Counted:
        """Count what the messages of all sessions took, unsaved ones included; see `claif_git.index.totals`."""
        fits = None if since is until is None else condition(None, since, until)
        drafts = self._drafts()
        try:
            index = self.index
            from claif_git.index import wanted_of

            return index.totals(wanted_of("", since=since, until=until), by, steps, drafts.values(), progress)
        except IndexUnavailableError:
            return by_git.totals(self._as_seen(drafts, progress), fits, by, steps)

    def _as_seen(self, drafts: Mapping[str, Snapshot], progress: Progress | None) -> Iterator[Snapshot]:
        """Give every session as this manager sees it, from git."""
        saved = by_git.snapshots(self._working, progress)
        yield from (drafts.get(snapshot.session_id, snapshot) for snapshot in saved)

    def _drafts(self) -> dict[str, Snapshot]:
        """Give the sessions of which this manager has unsaved turns, as it sees them; a running batch is flushed."""
        working = self._working
        with working.lock:
            working.flush()
            return {session_id: working.read(session_id) for session_id in sorted(working.drafts)}

    def reindex(self, progress: Progress | None = None) -> IndexStats:
        """Build the index anew."""
        self._drafts()
        return self.index.reindex(progress)

    def close(self) -> None:
        """Close the index, if it was opened. It is opened again when it is wanted."""
        index, self._index = self._index, None
        if index is not None:
            index.close()


def _check(limit: int | None) -> None:
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidInputError(f"limit is a number of 0 or more, not {limit!r}")
