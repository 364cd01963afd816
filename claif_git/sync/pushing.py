"""Pushing: what was named, or what the remote has already; nothing else leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from claif_git.errors import ConcurrentUpdateError, DivergedError, InvalidInputError, RemoteError
from claif_git.git import Oid
from claif_git.git.transport import PushResult, RefUpdate
from claif_git.history.store_branch import tombstone_path
from claif_git.ids import STORE_BRANCH
from claif_git.sync.fetching import Fetched, bring, look
from claif_git.sync.local import Local, count_commits
from claif_git.sync.planning import Plan, Planner
from claif_git.sync.remotes import remote_address
from claif_git.sync.report import Outcome, SyncReport
from claif_git.sync.seen import PASSED, Seen, Verdict
from claif_git.sync.store_side import StoreSide, own_templates

_TRIES = 5


def push(
    local: Local,
    remote: str,
    ids: Sequence[str] | None = None,
    *,
    everything: bool = False,
    dry_run: bool = False,
    templates: Sequence[str] = (),
) -> SyncReport:
    """Send the sessions named, or those that the remote has already, or `everything`; deletions go the same ways.

    DivergedError if the remote has turns that this store has not seen, RemoteError if it refuses: the others are sent
    all the same, and the error's `report` says so. SessionNotFoundError, UnknownNameError (templates).
    """
    report = SyncReport(remote, "push", dry_run=dry_run)
    address = remote_address(local.repo, remote)
    if address.kind == "bundle":
        raise InvalidInputError(f"{remote} is a bundle file, which can only be fetched from")
    files = own_templates(local, templates)
    report.templates += sorted(dict.fromkeys(templates))
    found = look(local, remote)
    planner = Planner(local, found, report)
    if ids is None and not everything and planner.vanished():
        planner.hear(_tombstones(local, found))
    plan = planner.plan(ids, everything=everything)
    moving = _Push(local, found, plan, report)
    if dry_run:
        moving.pretend()
    else:
        moving.store(plan.tombstones, files)
        moving.tombstones(moving.sessions())
    _raise_for(plan, report)
    return report


def _tombstones(local: Local, found: Fetched) -> dict[str, bytes]:
    """Give what a remote says of deletions now."""
    if STORE_BRANCH in found.shown:
        bring(local, found, [STORE_BRANCH])
    return StoreSide(local.repo, found.tips.get(STORE_BRANCH)).tombstones()


class _Push:
    """Carries out one plan."""

    def __init__(self, local: Local, found: Fetched, plan: Plan, report: SyncReport) -> None:
        self._local, self._found, self._plan, self._report = local, found, plan, report
        self._remote = report.remote

    def pretend(self) -> None:
        """Report what would be moved."""
        for name, update in self._plan.send.items():
            self._report.add(name, Outcome.SENT, commits=self._commits(update))
        for name in self._plan.delete:
            self._report.add(name, Outcome.DELETED)

    def store(self, tombstones: Mapping[str, bytes], files: Mapping[str, bytes]) -> None:
        """Make the remote's store branch say what it has to, if anything: no tombstone is for what is sent."""
        plan, found = self._plan, self._found
        if not (plan.send or tombstones or files):
            return
        for _ in range(_TRIES):
            if STORE_BRANCH in found.shown:
                bring(self._local, found, [STORE_BRANCH])
            if STORE_BRANCH in found.aside:
                reason = found.aside[STORE_BRANCH]
                self._report.notes.append(f"{self._remote}'s branch {STORE_BRANCH} is left alone: {reason}")
                return
            side = StoreSide(self._local.repo, found.tips.get(STORE_BRANCH))
            if self._is_sent(side, side.changed(self._local, {**self._changes(side, tombstones), **files})):
                for name in tombstones:
                    self._local.track(self._remote, name, None)
                return
            found.shown = look(self._local, self._remote).shown
            found.tips.pop(STORE_BRANCH, None)
        raise ConcurrentUpdateError(f"others kept moving {STORE_BRANCH} at {self._remote}")

    def tombstones(self, deleted: Mapping[str, bytes]) -> None:
        """Leave tombstones of what was just deleted: not before, since the remote may not allow it.

        Until then the remote's branch is noted as it was, so that another push leaves them if this one dies here.
        """
        if deleted:
            self._found = look(self._local, self._remote)
            self._plan.send.clear()
            self.store({name: data for name, data in deleted.items() if name not in self._found.shown}, {})

    def _changes(self, side: StoreSide, tombstones: Mapping[str, bytes]) -> dict[str, bytes | None]:
        there = side.tombstones()
        changes: dict[str, bytes | None] = {
            tombstone_path(name): data for name, data in tombstones.items() if name not in there
        }
        return changes | {tombstone_path(name): None for name in self._plan.send if name in there}

    def _is_sent(self, side: StoreSide, new: Oid) -> bool:
        """Send the store's branch; False if somebody else was faster."""
        if new == side.tip:
            return True
        update = RefUpdate(self._found.heads + STORE_BRANCH, side.tip, new)
        result = self._sent([update])[update.name]
        if result.done:
            self._note({STORE_BRANCH: new})
        elif not result.moved:
            raise RemoteError(f"{self._remote} does not take {STORE_BRANCH}: {result.reason}")
        return result.done

    def sessions(self) -> dict[str, bytes]:
        """Move the sessions, and report each; give the tombstones of those that were deleted."""
        updates = {**self._plan.send, **{name: update for name, (update, _) in self._plan.delete.items()}}
        deleted: dict[str, bytes] = {}
        if not updates:
            return deleted
        results = self._sent(updates.values())
        moved: dict[str, Oid] = {}
        for name, update in updates.items():
            result = results[update.name]
            if not result.done:
                self._not_moved(name, update, result)
            elif update.new is None:
                deleted[name] = self._plan.delete[name].tombstone
                self._report.add(name, Outcome.DELETED)
            else:
                moved[name] = update.new
                self._report.add(name, Outcome.SENT, commits=self._commits(update))
        self._note(moved)
        return deleted

    def _sent(self, updates: Iterable[RefUpdate]) -> dict[str, PushResult]:
        local = self._local
        return local.transport.push(local.repo, self._found.address, updates, local.progress)

    def _not_moved(self, name: str, update: RefUpdate, result: PushResult) -> None:
        if not result.moved:
            self._report.add(name, Outcome.REFUSED, result.reason)
        elif update.new is None:
            self._report.add(name, Outcome.SURVIVED, "it went on at the remote just now: it stays there")
        else:
            self._plan.diverged.append(name)
            self._report.add(name, Outcome.DIVERGED, "somebody pushed to it just now: pull first")

    def _commits(self, update: RefUpdate) -> int:
        return count_commits(self._local.repo, update.new, update.old) if update.new else 0

    def _note(self, tips: Mapping[str, Oid]) -> None:
        """Note where the remote's branches stand; they are ours, so that no fetch need look at them."""
        seen = Seen(self._local.repo, self._remote, self._local.limits)
        for name, tip in tips.items():
            self._local.track(self._remote, name, tip)
            seen.verdicts[name] = Verdict(tip, PASSED)
        seen.save()


def _raise_for(plan: Plan, report: SyncReport) -> None:
    refused = [one for one in report.sessions if one.outcome is Outcome.REFUSED]
    error: RemoteError | None = None
    if plan.diverged:
        error = DivergedError(sorted(plan.diverged), report.remote)
    elif refused:
        names = ", ".join(one.session_id for one in refused[:8])
        error = RemoteError(f"{report.remote} does not take {names}: {refused[0].detail}")
    if error is not None:
        error.report = report
        raise error
