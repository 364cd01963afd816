"""Deleting sessions, so that they can be had back; and the tombstones that tell other stores."""

from __future__ import annotations

from datetime import datetime, timedelta

from claif_git.errors import SessionNotFoundError, StoreError
from claif_git.git import Commit
from claif_git.history.commits import commit_of
from claif_git.history.store_branch import encode_tombstone
from claif_git.history.store_branch import tombstone_path as tombstone_path  # noqa: PLC0414 - part of this module's names
from claif_git.model.session import Session
from claif_git.model.times import now
from claif_git.session.reading import newest_first, session_of
from claif_git.session.store import DRAFTS, TRASH, unique
from claif_git.session.working import Working

KEPT = timedelta(days=30)
"""How long a deleted session can be restored."""


def delete(working: Working, session_id: str, *, expected: str | None = None, tombstone: bytes | None = None) -> None:
    """Move a session to the trash, this manager's unsaved turns along; leave a tombstone that names the deleted tip.

    `tombstone` is another store's, to be kept instead of one of our own; `expected` the tip that it was judged by, so
    that a session that somebody moved since stays (StoreError).

    First the trash's ref, then the session's, then the tombstone: whatever interrupts this, a second call completes it.
    """
    with working.lock:
        tip = working.read(session_id).commit
        head = working.store.head(session_id)
        branch = working.repo.ref(head)
        if expected is not None and branch != expected:
            raise StoreError(f"{session_id} was changed meanwhile, and stays")
        moment = now()
        _bury(working, session_id, tip, moment)
        if not working.repo.move_ref(head, branch, None):
            raise SessionNotFoundError(session_id, hint="it was changed or deleted by another process; try again")
        for ref, draft in working.repo.refs(f"{DRAFTS}{session_id}/").items():
            if ref == working.draft_ref(session_id):
                working.repo.move_ref(ref, draft, None)
        working.drafts.discard(session_id)
        said = tombstone or encode_tombstone(branch, moment)
        working.store.branch.write({tombstone_path(session_id): said}, f"delete: {session_id}", working.who, moment)


def _bury(working: Working, session_id: str, tip: str, moment: datetime) -> None:
    """Point the trash's ref at a commit on top of the session's tip, whose date says when it was deleted."""
    who = working.who
    ref = TRASH + session_id
    with working.repo.shared():
        with working.repo.writer(durable=working.durable) as writer:
            tree = working.repo.read_commit(tip).tree
            commit = commit_of(
                tree, (tip,), f"delete: {session_id}", author=who, committer=who, said=moment, now=moment
            )
            oid = writer.add("commit", commit.encode())
        if not working.repo.move_ref(ref, working.repo.ref(ref), oid):
            raise StoreError(f"{session_id} is being deleted by another process")


def restore(working: Working, prefix: str) -> str:
    """Take a session out of the trash again; give its id. SessionNotFoundError, AmbiguousIdError, StoreError."""
    with working.lock:
        session_id = unique(prefix, working.store.trashed())
        ref = TRASH + session_id
        buried = working.repo.ref(ref)
        if buried is None:
            raise SessionNotFoundError(prefix, hint="see: claif-git session list --trash")
        tip = _dug_up(working.repo.read_commit(buried))
        if not working.repo.move_ref(working.store.head(session_id), None, tip):
            raise StoreError(f"a session {session_id} exists again", hint="delete or rename that one first")
        working.store.branch.write({tombstone_path(session_id): None}, f"restore: {session_id}", working.who, now())
        working.repo.move_ref(ref, buried, None)
        return session_id


def _dug_up(commit: Commit) -> str:
    return commit.parents[0]


def listed(working: Working) -> list[Session]:
    """Give the sessions in the trash, newest deletion first by their last change."""
    found: list[Session] = []
    for session_id, buried in working.store.trashed().items():
        tip = _dug_up(working.repo.read_commit(buried))
        found.append(session_of(working.peek(session_id, tip)))
    return newest_first(found)


def expire(working: Working, *, dry_run: bool = False) -> list[str]:
    """Empty the trash of what was deleted longer ago than KEPT; give the ids."""
    gone: list[str] = []
    for session_id, buried in working.store.trashed().items():
        deleted = working.repo.read_commit(buried).commit_time
        if deleted < (now() - KEPT).timestamp():
            gone.append(session_id)
            if not dry_run:
                working.repo.move_ref(TRASH + session_id, buried, None)
    return gone
