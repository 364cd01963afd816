"""One commit of a session: the turn that it is, or what it changed."""

from __future__ import annotations

from dataclasses import dataclass

from claif_git.diff import SessionDiff, compare
from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.additions import Additions
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message
from claif_git.session.log import Turn, turn_at
from claif_git.session.revisions import Revision
from claif_git.session.working import Working


@dataclass(frozen=True, slots=True)
class Shown:
    """What a REV names.

    turn      the commit
    message   what was said, as it stands now, or as the commit has it if it is left out by now; None if nothing was
    edited    whether it stands otherwise now than the commit has it
    changes   what the commit changed, beside its (first) parent; None for a turn
    """

    revision: Revision
    turn: Turn
    message: Message | MalformedError | None = None
    edited: bool = False
    changes: SessionDiff | None = None


def show(working: Working, revision: Revision) -> Shown:
    """Give one turn, or what another commit changed."""
    then = working.peek(revision.session_id, revision.commit)
    now = working.read(revision.session_id) if working.store.tip(revision.session_id) else then
    turn = turn_at(working, now, revision.commit)
    path = revision.path or _said(working, then)
    if path is None:
        return Shown(revision, turn, changes=_changes(working, then))
    blobs = {side: side.root.file(f"{layout.MESSAGES}/{path}") for side in (now, then)}
    source = now if turn.message_index is not None and blobs[now] else then
    message = source.messages([Entry(path, blobs[source] or "")])[0]
    return Shown(revision, turn, message, blobs[now] not in (None, blobs[then]))


def _said(working: Working, then: Snapshot) -> str | None:
    """Give the message that a commit added, the last if it added several; None if it added none, or is a merge."""
    commit = working.repo.read_commit(then.commit)
    added = Additions(working.repo).of(commit) if len(commit.parents) < 2 else []
    return added[-1].path if added else None


def _changes(working: Working, then: Snapshot) -> SessionDiff:
    parents = working.repo.read_commit(then.commit).parents
    if not parents:
        return compare(Snapshot(working.repo, then.session_id, "", Folder(_nothing)), then)
    return compare(working.peek(then.session_id, parents[0]), then, parents[0])


def _nothing(oid: str) -> bytes:
    raise AssertionError(f"an empty folder reads nothing, but was asked for {oid}")
