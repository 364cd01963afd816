"""How this store stands beside a remote, by what was last seen of it: no network, nothing is moved."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from claif_git.format import layout
from claif_git.git import Oid
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import is_purge
from claif_git.ids import STORE_BRANCH
from claif_git.sync.fetching import Fetched
from claif_git.sync.local import Local, count_commits
from claif_git.sync.naming import fit
from claif_git.sync.planning import Plan, Planner
from claif_git.sync.remotes import remote_address
from claif_git.sync.report import SyncReport
from claif_git.sync.seen import Seen
from claif_git.sync.store_side import StoreSide


class State(StrEnum):
    """How a session stands beside the remote's."""

    UP_TO_DATE = "up-to-date"
    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    UNRELATED = "unrelated"
    LOCAL = "local"
    REMOTE = "remote"
    DELETED = "deleted"
    DELETED_THERE = "deleted-there"


_STATES = {
    (True, False): State.AHEAD,
    (False, True): State.BEHIND,
    (True, True): State.DIVERGED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One session.

    tip      where it stands here, or else there; of a purged one the commit is not here
    state    LOCAL: the remote has none; REMOTE: only the remote has it; DELETED, DELETED_THERE: one side deleted it
    ahead    how many commits are here and not there; `behind`: the other way round
    leaves   whether the next push (with no session named) moves it at the remote, or deletes it there
    """

    session_id: str
    tip: Oid
    state: State
    ahead: int = 0
    behind: int = 0
    leaves: bool = False


def standings(local: Local, remote: str | None) -> list[Standing]:
    """Give how all sessions stand beside a remote (None: beside none), by name. RemoteNotFoundError."""
    if remote is None:
        return list(_Standings(local, {}, (), Plan()).all())
    tracked = local.tracked(remote)
    fitting = fit(tracked, local.tips().keys() | local.tombstones().keys())
    names = {name: tip for name, tip in tracked.items() if name in fitting}
    gone = StoreSide(local.repo, names.get(STORE_BRANCH)).tombstones()
    shown = {name: tip for name, tip in names.items() if name not in gone and local.repo.has(tip)}
    purged = _purged(local, remote, {*tracked, *gone})
    shown |= purged
    found = Fetched(remote, remote_address(local.repo, remote), local.heads, shown)
    plan = Planner(local, found, SyncReport(remote, "push", dry_run=True)).plan(None, everything=False)
    return list(_Standings(local, shown, gone, plan, purged).all())


def _purged(local: Local, remote: str, known: Collection[str]) -> dict[str, Oid]:
    """Give what a remote had of sessions that were purged here, and has not been told of: nothing of it is here."""
    ours = local.tips()
    names = {name for name, data in local.tombstones().items() if is_purge(data) and name not in ours}
    verdicts = Seen(local.repo, remote, local.limits).verdicts if names - set(known) else {}
    return {name: verdicts[name].tip for name in names - set(known) if name in verdicts}


class _Standings:
    """The comparison. `shown` is where the remote's branches stood, `gone` are the deletions that it knows of.

    Of what was `purged` here it is only known where it stood there.
    """

    def __init__(
        self, local: Local, shown: Mapping[str, Oid], gone: Iterable[str], plan: Plan, purged: Collection[str] = ()
    ) -> None:
        self._local, self._shown, self._gone, self._plan, self._purged = local, shown, set(gone), plan, purged
        self._ours = {name: tip for name, tip in local.tips().items() if is_session(local, tip)}
        self._buried = local.tombstones()

    def all(self) -> Iterable[Standing]:
        """Give every session that one of both has."""
        theirs = {name for name, tip in self._shown.items() if name in self._purged or self._is_session(name, tip)}
        for name in sorted({*self._ours, *theirs}):
            ours = self._ours.get(name)
            yield self._absent(name) if ours is None else self._present(name, ours)

    def _is_session(self, name: str, tip: Oid) -> bool:
        return name != STORE_BRANCH and is_session(self._local, tip)

    def _absent(self, name: str) -> Standing:
        tip = self._shown[name]
        if name in self._purged:
            return Standing(name, tip, State.DELETED, leaves=name in self._plan.delete)
        behind = count_commits(self._local.repo, tip, None)
        if name not in self._buried:
            return Standing(name, tip, State.REMOTE, behind=behind)
        return Standing(name, tip, State.DELETED, behind=behind, leaves=name in self._plan.delete)

    def _present(self, name: str, ours: Oid) -> Standing:
        repo, theirs = self._local.repo, self._shown.get(name)
        if theirs is None:
            state = State.DELETED_THERE if name in self._gone else State.LOCAL
            return Standing(name, ours, state, count_commits(repo, ours, None), leaves=name in self._plan.send)
        if theirs == ours:
            return Standing(name, ours, State.UP_TO_DATE)
        ahead, behind = count_commits(repo, ours, theirs), count_commits(repo, theirs, ours)
        state = _STATES[bool(ahead), bool(behind)]
        if state is State.DIVERGED and not repo.merge_bases(ours, theirs):
            state = State.UNRELATED
        return Standing(name, ours, state, ahead, behind, leaves=name in self._plan.send)


def is_session(local: Local, tip: Oid) -> bool:
    """Say whether a commit of ours is a session's."""
    root = folder_at(local.repo, local.repo.read_commit(tip).tree)
    return isinstance(root.get(layout.SESSIONS), Folder)
