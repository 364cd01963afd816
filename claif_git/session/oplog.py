"""What `op log` lists: commits of this store's sessions, and operations, in the order in which they were done."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush, merge
from itertools import islice

from claif_git.git import Commit
from claif_git.history.lineage import Lineage
from claif_git.model.message import MessageRole
from claif_git.model.times import from_seconds
from claif_git.session.operations import Move, Operation
from claif_git.session.past import Key, Past
from claif_git.session.working import Working

_ROLES = frozenset(role.value for role in MessageRole)


def everything(working: Working, limit: int | None) -> list[Operation]:
    """Give what was done to the store, by the log and by the commits of its sessions, the latest first.

    What came with a pull, a clone or an import is told by that alone. The store's own commits, and those of deleted
    sessions, are not among them.
    """
    with working.lock:
        working.flush()
        past = Past(working)
        rows = [(past.key_of(one), one) for one in reversed(past.operations)]
        rows.sort(key=lambda row: row[0], reverse=True)
        both = merge(rows, _Commits(past, working).all(), key=lambda row: row[0], reverse=True)
        return [operation for _, operation in islice(both, limit)]


class _Commits:
    """Walks back from where the sessions stand, by way of what brought them there."""

    def __init__(self, past: Past, working: Working) -> None:
        self._past, self._repo, self._lineage = past, working.repo, Lineage(working.repo)
        self._queue: list[tuple[int, int, str, str, int]] = []
        self._seen: set[str] = set()

    def all(self) -> Iterator[tuple[Key, Operation]]:
        """Give each commit once, under the session that it was first part of, as far as that is still there."""
        for session_id, tip in self._past.tips.items():
            self._reach(self._past.made_in(tip) or session_id, tip, len(self._past.operations), (1 << 80, 0))
        while self._queue:
            moment, line, session_id, oid, limit = heappop(self._queue)
            commit, key = self._repo.read_commit(oid), (-moment, -line)
            yield key, _told(session_id, oid, commit)
            for parent in commit.parents:
                self._reach(self._owner(session_id, parent), parent, limit, key)

    def _owner(self, session_id: str, oid: str) -> str:
        """Name the session of a commit that stands in another's history: by the order, else by its folders."""
        made_in = self._past.made_in(oid)
        if made_in is not None or session_id in self._lineage.folders(oid):
            return made_in or session_id
        owner = self._lineage.owner(oid)
        return owner if owner in self._past.tips else session_id

    def _reach(self, session_id: str, start: str, limit: int, latest: Key) -> None:
        """Put a commit in line, no later than what is built on it; or the one that an operation brought it from."""
        oid: str | None = start
        while (arrival := self._past.arrival(session_id, oid, limit)) is not None:
            limit, move = arrival
            oid = move.old
        if oid is not None and oid not in self._seen:
            self._seen.add(oid)
            moment, line = min(latest, self._past.made_at(session_id, oid))
            heappush(self._queue, (-moment, -line, session_id, oid, limit))


def _told(session_id: str, oid: str, commit: Commit) -> Operation:
    subject = commit.message.partition("\n")[0]
    verb = subject.partition(":")[0]
    return Operation(
        verb="message" if verb in _ROLES else verb,
        session_id=session_id,
        time=from_seconds(commit.commit_time),
        who=commit.author,
        subject=subject,
        moves=(Move(session_id, commit.parents[0] if commit.parents else None, oid),),
        commit=oid,
        id=oid,
    )
