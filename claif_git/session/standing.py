"""How the sessions stand: beside a remote, by what was last seen of it, and what is not saved here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from claif_git.errors import RemoteNotFoundError
from claif_git.ids import unique
from claif_git.session.reading import session_of
from claif_git.session.remotes import ORIGIN, local_side
from claif_git.session.saving import Draft, drafts
from claif_git.session.working import Working
from claif_git.sync import Standing, State, last_seen, remotes, standings


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """One session: its title, how it stands beside the remote's (`State`), and what is not saved.

    ahead, behind   commits that are only here, and only there
    leaves          whether the next push, with no session named, moves it at the remote or deletes it there
    unsaved         commits in drafts that its branch has not; `crashed`: some of them a dead process left behind
    """

    session_id: str
    title: str
    state: State
    ahead: int = 0
    behind: int = 0
    leaves: bool = False
    unsaved: int = 0
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """The sessions by name, beside `remote` ("" if there is none) as it was last `seen` (None: never)."""

    remote: str
    seen: datetime | None
    sessions: list[SessionStatus] = field(default_factory=list)


def status(working: Working, ids: Sequence[str] | None, remote: str) -> StoreStatus:
    """Give the status of the sessions named, or of all. Nothing is fetched. SessionNotFoundError, RemoteNotFoundError.

    A store without any `origin` is fine: then every session stands alone.
    """
    local, known = local_side(working), remote in remotes(working.repo)
    if not known and remote != ORIGIN:
        raise RemoteNotFoundError(remote)
    found = {one.session_id: one for one in standings(local, remote if known else None)}
    chosen = sorted(found) if ids is None else sorted({unique(name, found, working.store.trashed) for name in ids})
    unsaved = _Unsaved(working)
    rows = [unsaved.beside(found[name]) for name in chosen]
    return StoreStatus(remote if known else "", last_seen(working.repo, remote) if known else None, rows)


class _Unsaved:
    """The drafts of a store, by session."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._drafts: dict[str, list[Draft]] = {}
        for draft in drafts(working):
            self._drafts.setdefault(draft.session_id, []).append(draft)

    def beside(self, one: Standing) -> SessionStatus:
        """Give a session's standing together with what is not saved of it."""
        own = self._drafts.get(one.session_id, [])
        return SessionStatus(
            one.session_id,
            self._title(one),
            one.state,
            one.ahead,
            one.behind,
            one.leaves,
            self._commits(one.session_id, own) if own else 0,
            any(not draft.alive for draft in own),
        )

    def _title(self, one: Standing) -> str:
        if not self._working.repo.has(one.tip):
            return ""  # it was purged: nothing is known of it but where it stood
        return session_of(self._working.peek(one.session_id, one.tip)).title or ""

    def _commits(self, session_id: str, own: Sequence[Draft]) -> int:
        branch = self._working.store.tip(session_id)
        walk = self._working.repo.walk([draft.tip for draft in own], [branch] if branch else [])
        return sum(1 for _ in walk)
