"""Deleting sessions, so that they can be had back; and the tombstones that tell other stores."""

from __future__ import annotations

from datetime import datetime, timedelta

from claif_git.errors import ConcurrentUpdateError, SessionNotFoundError, StoreError
from claif_git.git import Commit
from claif_git.history.commits import commit_of
from claif_git.history.store_branch import encode_tombstone
from claif_git.history.store_branch import tombstone_path as tombstone_path  # noqa: PLC0414 - part of this module's names
from claif_git.ids import without_words
from claif_git.model.conditions import Selection
from claif_git.model.session import Session
from claif_git.model.times import now
from claif_git.session import by_git
from claif_git.session.store import DRAFTS, TRASH, unique
from claif_git.session.working import Working

KEPT = timedelta(days=30)
"""How long a deleted session can be restored."""


TRIES = 20
"""How often a deletion starts over because somebody went on with the session meanwhile."""


def to_delete(working: Working, prefix: str) -> str:
    """Give the id that a prefix stands for: a session's, or that of one whose deletion was interrupted."""
    try:
        return working.resolve(prefix)
    except SessionNotFoundError:
        halves = {name: tip for name, tip in working.store.trashed().items() if name.startswith(prefix)}
        found = {name: tip for name, tip in halves.items() if working.store.branch.read(tombstone_path(name)) is None}
        if not prefix or not found:
            raise
        return unique(prefix, found)


def delete(
    working: Working,
    session_id: str,
    *,
    expected: str | None = None,
    tombstone: bytes | None = None,
    told: bool = True,
) -> str:
    """Move a session to the trash, this manager's unsaved turns along; leave a tombstone that names the deleted tip.

    `tombstone` is another store's, to be kept instead of one of our own; without `told` none of our own is left, since
    others are not to follow. `expected` is the tip that it was judged by, so that a session that somebody moved since
    stays (StoreError). Give the tip that can be restored.

    First the trash's ref, then the session's, then the draft's and the tombstone: whatever interrupts this, a second
    call completes it.
    """
    with working.lock:
        working.store.branch.check()
        moment = now()
        buried = working.repo.ref(TRASH + session_id)
        if buried is not None and working.store.tip(session_id) is None:
            tip = branch = _dug_up(working.repo.read_commit(buried))
        else:
            tip, branch = _taken_down(working, session_id, expected, moment)
        working.drafts.discard(session_id)
        draft = working.repo.ref(working.draft_ref(session_id))
        if draft is not None:
            working.repo.move_ref(working.draft_ref(session_id), draft, None)
        said = tombstone or (encode_tombstone(branch, moment) if told else None)
        working.store.branch.write(
            {tombstone_path(session_id): said}, f"delete: {without_words(session_id)}", working.who, moment
        )
        return tip


def _taken_down(working: Working, session_id: str, expected: str | None, moment: datetime) -> tuple[str, str]:
    """Bury a session and remove its ref; give the tip that was buried, and the branch's own.

    The ref is looked at first: what is read afterwards, and buried, holds at least what is removed.
    """
    head = working.store.head(session_id)
    for _ in range(TRIES):
        branch = working.repo.ref(head)
        tip = working.read(session_id).commit
        if branch is None or (expected is not None and branch != expected):
            raise StoreError(f"{session_id} was changed meanwhile, and stays")
        _bury(working, session_id, tip, moment)
        if working.repo.move_ref(head, branch, None):
            return tip, branch
    raise ConcurrentUpdateError(f"others kept going on with {session_id}")


def _bury(working: Working, session_id: str, tip: str, moment: datetime) -> None:
    """Point the trash's ref at a commit on top of the session's tip, whose date says when it was deleted.

    What lies there already and is no part of the session, another of its name, stays reachable as a second parent.
    """
    who, ref = working.who, TRASH + session_id
    before = working.repo.ref(ref)
    parents: tuple[str, ...] = (tip,)
    if before is not None and not working.repo.is_ancestor(_dug_up(working.repo.read_commit(before)), tip):
        parents = (tip, before)
    with working.repo.shared(), working.repo.turn(durable=working.durable) as turn:
        tree = working.repo.read_commit(tip).tree
        subject = f"delete: {without_words(session_id)}"
        commit = commit_of(tree, parents, subject, author=who, committer=who, said=moment, now=moment)
        if not turn.publish(ref, before, turn.add("commit", commit.encode())):
            raise ConcurrentUpdateError(f"{session_id} is being deleted by another process")
        turn.settle()


def restore(working: Working, prefix: str) -> tuple[str, str | None]:
    """Take a session out of the trash again; give its id, and where it stood before: None where it was gone.

    SessionNotFoundError, AmbiguousIdError, StoreError.

    Where the session came back meanwhile, since others went on with it, what was deleted is merged into it. StoreError
    where another session has its name now. Whatever interrupts this, a second call completes it.
    """
    with working.lock:
        session_id = unique(prefix, working.store.trashed())
        working.store.branch.check()
        ref, head = TRASH + session_id, working.store.head(session_id)
        buried = working.repo.ref(ref)
        if buried is None:
            raise SessionNotFoundError(prefix, hint="see: claif-git session list --trash")
        tip = _dug_up(working.repo.read_commit(buried))
        there = None
        if not working.repo.move_ref(head, None, tip):
            there = working.repo.ref(head)
            if there is None or not working.repo.merge_bases(tip, there):
                raise StoreError(
                    f"a session {session_id} exists again", hint=f"rename it first: git branch -m {session_id} NAME"
                )
            working.join(session_id, head, tip)
        _raise_stone(working, session_id)
        _take_out(working, ref, buried)
        return session_id, there


def put_back(working: Working, session_id: str, tip: str, verb: str = "restore") -> None:
    """Let a session stand again where it stood, from the trash; what the trash holds beyond that stays there.

    `verb`: what this is to the store's branch. A deletion that was restored does not come again by a pull.

    SessionNotFoundError if the trash has been emptied of it, StoreError if a session has its name now.
    """
    with working.lock:
        ref = TRASH + session_id
        buried = working.repo.ref(ref)
        if buried is None or not working.repo.is_ancestor(tip, buried):
            raise SessionNotFoundError(session_id, hint="see: claif-git session list --trash")
        if not working.repo.move_ref(working.store.head(session_id), None, tip):
            raise StoreError(f"a session {session_id} exists again")
        _raise_stone(working, session_id, verb)
        drop_covered(working, session_id, tip)


def drop_covered(working: Working, session_id: str, tip: str) -> None:
    """Take a session out of the trash that is there again, if that holds all of it; another of its name stays."""
    ref = TRASH + session_id
    buried = working.repo.ref(ref)
    if buried is not None and working.repo.is_ancestor(_dug_up(working.repo.read_commit(buried)), tip):
        _take_out(working, ref, buried)


def _raise_stone(working: Working, session_id: str, verb: str = "restore") -> None:
    """Take a session's tombstone away."""
    subject = f"{verb}: {without_words(session_id)}"
    working.store.branch.write({tombstone_path(session_id): None}, subject, working.who, now())


def _take_out(working: Working, ref: str, buried: str) -> None:
    """Take the latest of its name out of the trash; what lay there before it lies there again."""
    _, *before = working.repo.read_commit(buried).parents
    working.repo.move_ref(ref, buried, before[0] if before else None)


def _dug_up(commit: Commit) -> str:
    return commit.parents[0]


def listed(working: Working, wanted: Selection) -> list[Session]:
    """Give the sessions in the trash that are selected, newest first by their last change."""
    tips = {session_id: _dug_up(commit) for session_id, _, commit in working.store.commits(TRASH)}
    return by_git.selected(by_git.readable(working, tips), wanted)


def expire(working: Working, *, dry_run: bool = False) -> list[str]:
    """Empty the trash of what was deleted longer ago than KEPT; give the ids."""
    gone: list[str] = []
    for session_id, buried, commit in working.store.commits(TRASH):
        if commit.commit_time < (now() - KEPT).timestamp():
            gone.append(session_id)
            if not dry_run:
                working.repo.move_ref(TRASH + session_id, buried, None)
                _forget_drafts(working, session_id)
    return gone


def _forget_drafts(working: Working, session_id: str) -> None:
    if working.store.tip(session_id) is None:
        for ref, draft in working.repo.refs(f"{DRAFTS}{session_id}/").items():
            working.repo.move_ref(ref, draft, None)
