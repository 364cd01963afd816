"""Undo and redo, reset, and small edits: each a new commit on top, so that other stores can follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from claif_git.errors import InvalidInputError, SessionNotFoundError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.change import Change
from claif_git.history.commits import one_line
from claif_git.history.resetting import reset_to
from claif_git.history.snapshot import folder_at
from claif_git.model.message import Message
from claif_git.session import trash
from claif_git.session.operations import Operation, operations, record
from claif_git.session.reading import entry_at
from claif_git.session.working import Note, Working

MOVES = frozenset({"fast-forward", "pull", "import"})
"""Operations that moved a session's ref over commits which others made, and are taken back in one step."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What undo or redo did: to which session, what it took back (or did again), and the commit that it made of it."""

    session_id: str
    subject: str
    commit: str | None


def undo(working: Working, session_id: str | None) -> Undone:
    """Take the last change of a session back, or of the store. InvalidInputError if there is nothing to take back."""
    with working.lock:
        last = _last_operation(working, session_id)
        target = session_id or _last_changed(working, last)
        if last is not None and last.session_id == target and last.verb == "delete":
            return _undelete(working, last)
        if (
            last is not None
            and last.session_id == target
            and (last.verb, last.new) == ("restore", _tip(working, target))
        ):
            return _taken_away(working, target, last.subject)
        return _step_back(working, target)


def redo(working: Working, session_id: str | None) -> Undone:
    """Do again what undo took back last. InvalidInputError if nothing was, or something else was done since."""
    with working.lock:
        last = next((item for item in operations(working) if session_id in (None, item.session_id)), None)
        if last is None:
            raise InvalidInputError("nothing to redo")
        if last.verb == "undo" and last.new is None:
            return Undone(trash.restore(working, last.session_id), "restored", _noted(working, "redo", last))
        if last.verb == "undo" and last.old is None:
            if working.store.tip(last.session_id) != last.new:  # it was gone on with: it is not to be deleted unasked
                raise InvalidInputError("nothing to redo", hint="redo follows an undo, with nothing done in between")
            trash.delete(working, last.session_id)
            record(working, "delete", last.session_id, last.new, None)
            return Undone(last.session_id, "deleted", None)
        return _step_forward(working, last.session_id)


def _tip(working: Working, session_id: str) -> str:
    return working.read(session_id).commit


def _taken_away(working: Working, session_id: str, subject: str) -> Undone:
    """Put a session into the trash, since what is undone is that it is there."""
    tip = _tip(working, session_id)
    trash.delete(working, session_id)
    record(working, "undo", session_id, tip, None)
    return Undone(session_id, subject, None)


def _noted(working: Working, verb: str, last: Operation) -> str | None:
    tip = working.store.tip(last.session_id)
    record(working, verb, last.session_id, None, tip, pos=tip, redo=None)
    return tip


def _last_operation(working: Working, session_id: str | None) -> Operation | None:
    return next((item for item in operations(working) if session_id in (None, item.session_id)), None)


def _last_changed(working: Working, last: Operation | None) -> str:
    """Name the session that was changed last, by its tip's commit time or by the log."""
    latest, name = (last.time.timestamp(), last.session_id) if last is not None else (-1.0, "")
    for session_id, tip in working.store.ids().items():
        commit = working.repo.read_commit(tip)
        if commit.commit_time > latest:
            latest, name = commit.commit_time, session_id
    if not name:
        raise InvalidInputError("nothing to undo")
    return name


def _undelete(working: Working, last: Operation) -> Undone:
    trash.restore(working, last.session_id)
    tip = working.store.tip(last.session_id)
    record(working, "undo", last.session_id, None, tip, pos=tip)
    return Undone(last.session_id, last.subject, tip)


def _steps(working: Working, session_id: str) -> dict[str, Operation]:
    """Give the undo and redo operations of a session by the commit that they made: the newest of each."""
    found: dict[str, Operation] = {}
    for item in operations(working):
        if item.session_id == session_id and item.new and item.verb in {"undo", "redo", *MOVES}:
            found.setdefault(item.new, item)
    return found


def _step_back(working: Working, session_id: str) -> Undone:
    tip = _tip(working, session_id)
    steps = _steps(working, session_id)
    position = _position(steps, tip)
    subject = working.repo.read_commit(position).message.partition("\n")[0]
    moved = steps.get(position)
    is_move = moved is not None and moved.verb in MOVES
    earlier = moved.old if moved is not None and is_move else _before(working, session_id, position)
    if earlier is None:
        return _taken_away(working, session_id, moved.subject if moved is not None and is_move else subject)
    after = reset(working, session_id, earlier, f"undo: {one_line(subject)}")
    record(working, "undo", session_id, tip, after, pos=earlier, redo=tip)
    return Undone(session_id, subject, after)


def _position(steps: dict[str, Operation], commit: str) -> str:
    """Give the commit whose state a commit has: an undo's or a redo's is another's."""
    step = steps.get(commit)
    while step is not None and step.pos and step.pos != commit:
        commit = step.pos
        step = steps.get(commit)
    return commit


def _before(working: Working, session_id: str, commit: str) -> str | None:
    """Give the commit before one of a session's; None if that is the one that made the session."""
    parents = working.repo.read_commit(commit).parents
    own = layout.session_folder(session_id)
    for parent in parents:
        root = folder_at(working.repo, working.repo.read_commit(parent).tree)
        if isinstance(root.get(own), Folder):
            return parent
    tree = folder_at(working.repo, working.repo.read_commit(commit).tree)
    return None if isinstance(tree.get(own), Folder) else (parents[0] if parents else None)


def _step_forward(working: Working, session_id: str) -> Undone:
    tip = _tip(working, session_id)
    steps = _steps(working, session_id)
    step = steps.get(tip)
    if step is None or not step.redo:
        raise InvalidInputError("nothing to redo", hint="redo follows an undo, with nothing done in between")
    again = steps.get(step.redo)
    subject = working.repo.read_commit(_position(steps, step.redo)).message.partition("\n")[0]
    after = reset(working, session_id, step.redo, f"redo: {one_line(subject)}")
    position = again.pos if again is not None and again.verb in {"undo", "redo"} else step.redo
    record(working, "redo", session_id, tip, after, pos=position, redo=again.redo if again is not None else None)
    return Undone(session_id, subject, after)


def reset(working: Working, session_id: str, commit: str, subject: str | None = None) -> str:
    """Make a session show what it showed at a commit, by a new commit; give that one."""
    target = working.peek(session_id, commit)
    if not target.is_session:
        raise SessionNotFoundError(commit, hint="that commit holds no conversation")

    def build(change: Change) -> Note | None:
        reset_to(change, target)
        return Note(subject or f"reset: to {commit[:12]}") if change.root.oid is None else None

    return working.write(session_id, build).commit


def edit(working: Working, session_id: str, index: int, content: Any) -> None:
    """Change what a message says, in its own file. MessageIndexError."""

    def build(change: Change) -> Note | None:
        position, entry = entry_at(change.before, index)
        message = change.before.message(entry)
        edited = replace(message, content=content)
        if repr(edited.content) == repr(message.content):
            return None
        change.rewrite(entry.path, edited)
        return Note(f"edit: message {position}: {one_line(edited.text)}")

    working.write(session_id, build)


def drop(working: Working, session_id: str, indexes: Sequence[int]) -> None:
    """Leave messages out; they stay in history. MessageIndexError."""

    def build(change: Change) -> Note | None:
        paths = {entry_at(change.before, index)[1].path for index in indexes}
        change.drop(paths)
        return Note(f"drop: {len(paths)} message{'s' * (len(paths) != 1)}") if paths else None

    working.write(session_id, build)


def cherry_pick(working: Working, session_id: str, indexes: Sequence[int], into: str) -> list[Message]:
    """Say messages of one session again in another, at its end, with `copied_from`; give them as stored."""
    snapshot = working.read(session_id)
    chosen = [snapshot.message(entry_at(snapshot, index)[1]) for index in indexes]
    copies = [replace(message, id=None, copied_from=_origin(message), origin=None) for message in chosen]
    placed: list[Any] = []

    def build(change: Change) -> Note | None:
        placed[:] = [change.append(copy) for copy in copies]
        words = f"{len(copies)} messages" if len(copies) != 1 else one_line(copies[0].text)
        return Note(f"cherry-pick: {words}") if placed else None

    after = working.write(into, build)
    return [after.message(entry) for entry in placed]


def _origin(message: Message) -> str | None:
    return message.origin.path if message.origin else message.copied_from
