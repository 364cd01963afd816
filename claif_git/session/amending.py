"""Reset, edit, drop and cherry-pick: each a new commit on top, so that other stores can follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from claif_git.errors import InvalidInputError, SessionNotFoundError
from claif_git.history.change import Change
from claif_git.history.commits import one_line
from claif_git.history.placing import Entry
from claif_git.history.resetting import reset_to
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message
from claif_git.session.reading import entry_at
from claif_git.session.working import Note, Working


def reset(working: Working, session_id: str, commit: str) -> str:
    """Make a session show what it showed at a commit, by a new commit; give that one."""
    target = working.peek(session_id, commit)
    if not target.is_session:
        raise SessionNotFoundError(commit, hint="that commit holds no conversation")

    def build(change: Change) -> Note | None:
        reset_to(change, target)
        return Note(f"reset: to {commit[:12]}") if change.root.oid is None else None

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


def file_of(working: Working, session_id: str, index: int) -> str:
    """Give a message's file as text; bytes that are no UTF-8 as escapes. MessageIndexError."""
    snapshot = working.read(session_id)
    return _text_of(snapshot, entry_at(snapshot, index)[1])


def _text_of(snapshot: Snapshot, entry: Entry) -> str:
    return snapshot.blob(entry.blob).decode("utf-8", "backslashreplace")


def mend(working: Working, session_id: str, index: int, file: str, was: str | None) -> None:
    """Replace the file of a message that cannot be read. MalformedError if the new one cannot be read either.

    InvalidInputError for a message that can be read, or whose file is not what it `was`: what was mended or moved up
    meanwhile is not written over.
    """

    def build(change: Change) -> Note:
        position, entry = entry_at(change.before, index)
        if isinstance(change.before.messages([entry])[0], Message):
            raise InvalidInputError(f"message {position} can be read: there is nothing to mend")
        if was is not None and _text_of(change.before, entry) != was:
            raise InvalidInputError(f"message {position} is another now: nothing was changed", hint="look again")
        data = file.encode("utf-8", "surrogatepass")
        mended = change.before.message_as(entry, data)
        change.put_blob(entry.path, change.add("blob", data))
        return Note(f"mend: message {position}: {one_line(mended.text)}")

    working.write(session_id, build)


def leave_out(working: Working, session_id: str, messages: Sequence[Message]) -> None:
    """Leave out these messages, wherever they stand now; one that was changed since it was read stays."""
    read = {(message.origin.path, message.origin.blob) for message in messages if message.origin}

    def build(change: Change) -> Note | None:
        paths = {entry.path for entry in change.before.shown if tuple(entry) in read}
        change.drop(paths)
        return _dropped(paths)

    working.write(session_id, build)


def drop(working: Working, session_id: str, indexes: Sequence[int]) -> None:
    """Leave messages out; they stay in history. MessageIndexError."""

    def build(change: Change) -> Note | None:
        paths = {entry_at(change.before, index)[1].path for index in indexes}
        change.drop(paths)
        return _dropped(paths)

    working.write(session_id, build)


def _dropped(paths: set[str]) -> Note | None:
    return Note(f"drop: {len(paths)} message{'s' * (len(paths) != 1)}") if paths else None


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
