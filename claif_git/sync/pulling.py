"""Pulling: what a remote has becomes part of this store's sessions, and nothing that was said is lost by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claif_git.errors import ClaifGitError
from claif_git.git import Oid
from claif_git.history.store_branch import is_purge, taken_out, tombstone_path, tombstone_tip
from claif_git.ids import STORE_BRANCH, without_words
from claif_git.model.times import now
from claif_git.sync.fetching import Fetched, bring, look
from claif_git.sync.local import Local, count_commits, is_covered
from claif_git.sync.naming import grouped
from claif_git.sync.report import Outcome, SyncReport
from claif_git.sync.store_side import StoreSide, take_templates

NONE_THERE = "no session in it"


def fetch(local: Local, remote: str, ids: Sequence[str] | None = None) -> SyncReport:
    """Fetch a remote's sessions without changing ours. RemoteError, RemoteNotFoundError, SessionNotFoundError."""
    report = SyncReport(remote, "fetch")
    before = local.tracked(remote)
    found = _fetched(local, remote, ids, report)
    for name, tip in sorted(found.sessions.items()):
        outcome = Outcome.NEW if name not in before else Outcome.UPDATED
        outcome = Outcome.UP_TO_DATE if before.get(name) == tip else outcome
        report.add(name, outcome, commits=found.commits.get(name, 0))
    _tell_none(report, found, ids)
    return report


def pull(local: Local, remote: str, ids: Sequence[str] | None = None, *, revive: bool = True) -> SyncReport:
    """Fetch a remote's sessions and bring ours up to date. RemoteError, RemoteNotFoundError, SessionNotFoundError.

    Where both sides went on they are merged, and nothing is dropped. What does not pass, or has nothing in common with
    the session of that name here, is a problem of the report; the others go on. What was purged here is not even
    fetched, unless it is named and `revive` says that this is meant.
    """
    report = SyncReport(remote, "pull")
    tracked = local.tracked(remote)
    found = _fetched(local, remote, ids, report, revive=revive)
    _Pull(local, found, tracked, report).run(ids)
    _tell_none(report, found, ids)
    return report


def _tell_none(report: SyncReport, found: Fetched, ids: Sequence[str] | None) -> None:
    """Say that a remote which is not empty has no session: it may be one of code, or another than was meant."""
    if ids is None and not report.sessions and not found.is_empty:
        report.notes.append(f"{report.remote}: {NONE_THERE}")


def _fetched(
    local: Local, remote: str, ids: Sequence[str] | None, report: SyncReport, *, revive: bool = True
) -> Fetched:
    """Look at a remote and bring the branches asked for; report what was set aside, and what it has not got."""
    found = look(local, remote)
    away = {} if ids is not None and revive else _kept_away(local, found)
    known = dict.fromkeys([*found.shown, *local.tips()])
    known.pop(STORE_BRANCH, None)
    chosen = list(found.shown) if ids is None else local.named(ids, known)
    if ids is not None and STORE_BRANCH in found.shown:
        chosen.append(STORE_BRANCH)
    wanted = [name for name in chosen if name in found.shown and name not in away]
    bring(local, found, [*wanted, *found.unfit] if ids is None else wanted)
    for name in sorted(away.keys() & set(chosen)):
        _tell_kept_away(report, name, has_gone_on=found.shown[name] != away[name])
    aside, more = grouped(found.aside, found.unfit)
    for name, reason in sorted(aside.items()):
        report.add(name, Outcome.SET_ASIDE, reason)
    report.notes += [more] if more else []
    report.notes += [f"{remote} is empty: there is nothing to {report.verb} yet"] if found.is_empty else []
    if ids is not None:
        gone = StoreSide(local.repo, found.tips.get(STORE_BRANCH)).tombstones()
        for name in chosen:
            if name not in found.shown and (name not in gone or report.verb == "fetch"):
                report.add(name, Outcome.ABSENT, f"{remote} has no such session")
    return found


def _kept_away(local: Local, found: Fetched) -> dict[str, Oid | None]:
    """Give what a remote shows of sessions that were purged here, with the tips that they had then."""
    ours = local.tips()
    gone = {name: data for name, data in local.tombstones().items() if name in found.shown and name not in ours}
    return {name: tombstone_tip(data) for name, data in gone.items() if is_purge(data)}


def _tell_kept_away(report: SyncReport, name: str, *, has_gone_on: bool) -> None:
    if has_gone_on:
        detail = f"purged here, but it stands elsewhere at {report.remote}; to have it: claif-git pull {name}"
        report.add(name, Outcome.SURVIVED, detail)
    else:
        report.add(name, Outcome.UP_TO_DATE, "purged here; it is not brought back")


def _named(names: Iterable[str], ids: Sequence[str] | None) -> list[str]:
    return sorted(name for name in names if ids is None or any(name.startswith(one) for one in ids))


class _Pull:
    """One pull, once all is here. `tracked` says where the remote's sessions stood before."""

    def __init__(self, local: Local, found: Fetched, tracked: dict[str, Oid], report: SyncReport) -> None:
        self._local, self._found, self._tracked, self._report = local, found, tracked, report
        self._side = StoreSide(local.repo, found.tips.get(STORE_BRANCH))

    def run(self, ids: Sequence[str] | None) -> None:
        """Make what is new ours, take in what went on, bury what was deleted there."""
        ours, buried = self._local.tips(), self._local.tombstones()
        sessions = self._found.sessions
        new = {name: tip for name, tip in sessions.items() if name not in ours and name not in buried}
        made = self._local.adopt(new) if new else set()
        for name, tip in sorted(sessions.items()):
            if name in made:
                self._report.add(name, Outcome.NEW, commits=self._found.commits.get(name, 0))
            else:
                self._take(name, tip, buried.get(name))
        there = self._side.tombstones()
        for name in _named(there, ids):
            if name not in self._found.shown and name in ours:
                self._bury(name, ours[name], there[name])
        self._report.templates += take_templates(self._local, self._side, self._report.remote)

    def _take(self, name: str, tip: Oid, tombstone: bytes | None) -> None:
        """Bring one session's tip into the branch of its name."""
        ours = self._local.repo.ref(self._local.heads + name)
        try:
            if ours is not None:
                self._advance(name, ours, tip)
            elif tombstone is not None:
                self._come_back(name, tip, tombstone)
            else:
                self._local.join(name, tip)
                self._report.add(name, Outcome.NEW, commits=self._found.commits.get(name, 0))
        except ClaifGitError as error:  # one session that cannot be merged does not keep the others waiting
            self._report.add(name, Outcome.REFUSED, error.message)

    def _come_back(self, name: str, tip: Oid, tombstone: bytes) -> None:
        """Take a session that was deleted here: only if it went on since, or was restored. A purged one was named."""
        local, purged = self._local, is_purge(tombstone)
        restored = taken_out(local.repo, self._found.tips.get(STORE_BRANCH), tombstone_path(name), tombstone)
        went_on = not is_covered(local.repo, tip, tombstone_tip(tombstone))
        if not purged and not restored and not went_on:
            self._report.add(name, Outcome.UP_TO_DATE, "deleted here; it is not brought back")
            return
        local.join(name, tip)
        local.branch.write({tombstone_path(name): None}, f"restore: {without_words(name)}", local.who, now())
        if purged:
            commits = self._found.commits.get(name, 0)
            self._report.add(name, Outcome.NEW, "purged here before; it was named, and is back", commits)
        elif self._is_another(tip, tombstone_tip(tombstone)):
            detail = "another session of the id of one that was deleted here, which stays in the trash"
            self._report.add(name, Outcome.NEW, detail, self._found.commits.get(name, 0))
        else:
            detail = f"deleted here, but {'it went on' if went_on else 'restored'} elsewhere since: it is back"
            if not is_covered(local.repo, tombstone_tip(tombstone) or tip, tip):
                detail += f"; what was only here is in the trash, and joins it by claif-git session restore {name}"
            self._report.add(name, Outcome.SURVIVED, detail)

    def _is_another(self, tip: Oid, deleted: Oid | None) -> bool:
        """Say whether a session of a remote is none that was deleted here, though it has its name."""
        repo = self._local.repo
        return deleted is not None and repo.has(deleted) and not repo.merge_bases(tip, deleted)

    def _advance(self, name: str, ours: Oid, tip: Oid) -> None:
        bases = self._local.repo.merge_bases(ours, tip)
        if tip in bases:
            self._report.add(name, Outcome.UP_TO_DATE)
        elif not bases:
            self._report.add(
                name,
                Outcome.REFUSED,
                "another session of the same id, without a commit in common: they are never united by themselves",
            )
        else:
            conflicts = self._local.join(name, tip)
            outcome = Outcome.FAST_FORWARD if ours in bases else Outcome.MERGED
            self._report.add(name, outcome, conflicts, count_commits(self._local.repo, tip, ours))

    def _bury(self, name: str, ours: Oid, tombstone: bytes) -> None:
        """Honour a deletion made elsewhere, unless the session went on here.

        The deleted tip may never have come here. What the remote had at our last look lies before it all the same,
        since a remote's branch only moves forward. A deletion that this store knew of, and that was taken back here, is
        no news; unless what was taken back is the pull that brought it.
        """
        repo, remote = self._local.repo, self._report.remote
        if taken_out(repo, repo.ref(self._local.branch.ref), tombstone_path(name), tombstone, "restore:"):
            detail = f"deleted at {remote}, but restored here since: it stays, and claif-git push {name} sends it again"
            self._report.add(name, Outcome.SURVIVED, detail)
            return
        if not is_covered(repo, ours, tombstone_tip(tombstone)) and not is_covered(repo, ours, self._tracked.get(name)):
            named = is_purge(tombstone) or name not in self._tracked  # what this store deleted there itself, too
            again = f"claif-git push {name} sends it again" if named else "the next push sends it again"
            detail = f"deleted at {remote}, but it went on here since: it stays, and {again}"
            self._report.add(name, Outcome.SURVIVED, detail)
            return
        try:
            self._local.bury(name, ours, tombstone)
        except ClaifGitError as error:
            self._report.add(name, Outcome.SURVIVED, error.message)
            return
        self._local.track(remote, name, None)
        self._report.add(name, Outcome.DELETED, f"deleted at {remote}; it is in the trash")
