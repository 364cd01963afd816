"""What a push is to move: each session beside what the remote shows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from claif_git.format import layout
from claif_git.git import Oid
from claif_git.git.transport import RefUpdate
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import is_purge, tombstone_tip
from claif_git.ids import STORE_BRANCH
from claif_git.sync.fetching import Fetched
from claif_git.sync.local import Local, is_covered
from claif_git.sync.report import Outcome, SyncReport
from claif_git.sync.store_side import StoreSide


class Deletion(NamedTuple):
    """A session to delete at a remote, and the tombstone to leave once it is gone."""

    update: RefUpdate
    tombstone: bytes


@dataclass
class Plan:
    """Sessions to send and to delete; tombstones of what is gone there already; what cannot be sent."""

    send: dict[str, RefUpdate] = field(default_factory=dict)
    delete: dict[str, Deletion] = field(default_factory=dict)
    tombstones: dict[str, bytes] = field(default_factory=dict)
    diverged: list[str] = field(default_factory=list)


class Planner:
    """Makes the plan of one push, and reports what needs no moving."""

    def __init__(self, local: Local, found: Fetched, report: SyncReport) -> None:
        self._local, self._found, self._report = local, found, report
        self._ours = local.tips()
        self._gone = {name: data for name, data in local.tombstones().items() if name not in self._ours}
        self._tracked = local.tracked(report.remote)
        self._plan = Plan()
        self._buried: dict[str, bytes] | None = None

    def vanished(self) -> set[str]:
        """Give the sessions that the remote had when it was last looked at, and has no more."""
        return {name for name in self._ours if name in self._tracked and name not in self._found.shown}

    def hear(self, tombstones: Mapping[str, bytes]) -> None:
        """Report what a remote says of deletions, where it had said nothing of them when it was last looked at."""
        before = self._buried = StoreSide(self._local.repo, self._tracked.get(STORE_BRANCH)).tombstones()
        for name in sorted(self.vanished() & tombstones.keys() - before.keys()):
            went_on, purged = self._went_on(name, tombstones[name]), is_purge(tombstones[name])
            again = f"claif-git push {name} sends it again" if purged else "the next push sends it again"
            if went_on:
                self._report.add(
                    name, Outcome.SURVIVED, f"deleted there, but it went on here since: it stays, and {again}"
                )
            else:
                self._report.add(name, Outcome.BEHIND, "deleted there: a pull moves it to the trash")

    def plan(self, ids: Sequence[str] | None, *, everything: bool) -> Plan:
        """Give what is to move: the sessions named, or those that the remote has, or all. SessionNotFoundError."""
        for name in sorted(self._chosen(ids, everything=everything)):
            if name in self._gone:
                self._deletion(name, self._gone[name], has_had=name in self._tracked)
            else:
                self._sending(name, self._ours[name])
        return self._plan

    def _chosen(self, ids: Sequence[str] | None, *, everything: bool) -> Iterable[str]:
        known = {**self._ours, **self._gone}
        if ids is not None:
            return self._local.named(ids, known)
        sent = set(self._ours) if everything else self._survivors()
        due = {name for name in self._gone if name in self._tracked}  # of a push that ended before it had left them
        return [name for name in known if name in self._found.shown or name in sent or name in due]

    def _survivors(self) -> set[str]:
        """Give the sessions that others deleted there, and that went on here: they go there again, to those others.

        What was purged does not: that it is gone for good was somebody's wish.
        """
        buried = self._buried
        if buried is None:
            buried = StoreSide(self._local.repo, self._tracked.get(STORE_BRANCH)).tombstones()
        names = [name for name in self._ours if name in buried and name in self._tracked]
        return {name for name in names if not is_purge(buried[name]) and self._went_on(name, buried[name])}

    def _went_on(self, name: str, tombstone: bytes) -> bool:
        repo, ours = self._local.repo, self._ours[name]
        return not any(is_covered(repo, ours, tip) for tip in (tombstone_tip(tombstone), self._tracked[name]))

    def _sending(self, name: str, tip: Oid) -> None:
        repo, theirs = self._local.repo, self._found.shown.get(name)
        if theirs == tip:
            self._report.add(name, Outcome.UP_TO_DATE)
        elif not _is_session(self._local, tip):
            return
        elif theirs is None or is_covered(repo, theirs, tip):
            self._plan.send[name] = RefUpdate(self._found.heads + name, theirs, tip)
        elif is_covered(repo, tip, theirs):
            self._report.add(name, Outcome.BEHIND, "the remote is ahead: pull")
        elif self._is_unrelated(theirs, tip):
            detail = "another session of the same id there, without a commit in common; to send ours, rename it"
            self._report.add(name, Outcome.REFUSED, detail)
        else:
            self._plan.diverged.append(name)
            self._report.add(name, Outcome.DIVERGED, "the remote holds turns that this store has not seen: pull first")

    def _is_unrelated(self, theirs: Oid, ours: Oid) -> bool:
        """Say whether a remote's session is another than ours, as far as it is known here: a pull would not help."""
        repo = self._local.repo
        return repo.has(theirs) and not repo.merge_bases(theirs, ours)

    def _deletion(self, name: str, tombstone: bytes, *, has_had: bool) -> None:
        """Delete at the remote what was deleted here, if the remote has nothing that went on since."""
        theirs = self._found.shown.get(name)
        if theirs is None:
            if has_had:
                self._plan.tombstones[name] = tombstone
            self._report.add(name, Outcome.UP_TO_DATE, "deleted here, and not at the remote")
        elif self._is_what_was_deleted(theirs, tombstone):
            self._plan.delete[name] = Deletion(RefUpdate(self._found.heads + name, theirs, None), tombstone)
        else:
            detail = "deleted here, but it went on at the remote since: it stays there"
            self._report.add(name, Outcome.SURVIVED, detail)

    def _is_what_was_deleted(self, theirs: Oid, tombstone: bytes) -> bool:
        """Say whether a remote holds no more than was deleted; of what was purged it is only known where it ended."""
        tip = tombstone_tip(tombstone)
        return theirs == tip if is_purge(tombstone) else is_covered(self._local.repo, theirs, tip)


def _is_session(local: Local, tip: Oid) -> bool:
    root = folder_at(local.repo, local.repo.read_commit(tip).tree)
    return isinstance(root.get(layout.SESSIONS), Folder)
