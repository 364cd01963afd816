"""Lists and searches over all sessions: from the index, with this manager's unsaved turns in their place."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from claif_git.errors import ClaifGitError, IndexUnavailableError, InvalidInputError
from claif_git.history.snapshot import Snapshot
from claif_git.model.blocks import Json, plain
from claif_git.model.message import MessageRole
from claif_git.model.search import SearchHit
from claif_git.model.session import Session
from claif_git.session.reading import matches, newest_first, session_of
from claif_git.session.working import Working

if TYPE_CHECKING:
    from claif_git.index import Index, IndexStats, Progress

_log = logging.getLogger(__name__)


class Finding:
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

    def sessions(
        self, wanted: Mapping[str, Any] | None, limit: int | None, progress: Progress | None = None
    ) -> list[Session]:
        """Give the sessions that have every wanted value, newest change first. See SessionManager.list_sessions."""
        if wanted is not None and not isinstance(wanted, Mapping):
            raise InvalidInputError(f"a filter is a mapping, not {type(wanted).__name__}")
        values = plain(wanted or {}, "filter")
        _check(limit)
        drafts = self._drafts()
        try:
            found = self.index.sessions(values, None if limit is None else limit + len(drafts), progress)
        except IndexUnavailableError:
            found = self._by_git(values)
        if not drafts:
            return found[:limit]
        unsaved = [session_of(snapshot) for snapshot in drafts.values()]
        found = [session for session in found if session.id not in drafts]
        return newest_first([*found, *(session for session in unsaved if matches(session, values))])[:limit]

    def _by_git(self, values: Mapping[str, Json]) -> list[Session]:
        """Read every session from git, which takes seconds where there are thousands."""
        found: list[Session] = []
        for session_id, tip in self._working.store.ids().items():
            try:
                snapshot = self._working.peek(session_id, tip)
                if snapshot.is_session:
                    found.append(session_of(snapshot))
            except ClaifGitError as error:
                _log.warning("session %s is left out: %s", session_id, error)
        return newest_first(session for session in found if matches(session, values))

    def search(
        self,
        query: str,
        limit: int | None,
        *,
        role: MessageRole | str | None,
        since: datetime | None,
        until: datetime | None,
        progress: Progress | None,
    ) -> list[SearchHit]:
        """Give the best hits, best first. See SessionManager.search_sessions."""
        index = self.index
        from claif_git.index import best, wanted_of

        wanted = wanted_of(query, role=role, since=since, until=until)
        _check(limit)
        drafts = self._drafts()
        found = index.search(wanted, limit, drafts, progress)
        if drafts:
            found = best([*found, *index.search_in(drafts.values(), wanted, limit)], limit)
        return found

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
        """Close the index, if it was opened."""
        if self._index is not None:
            self._index.close()


def _check(limit: int | None) -> None:
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidInputError(f"limit is a number of 0 or more, not {limit!r}")
