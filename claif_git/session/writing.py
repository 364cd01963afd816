"""The verbs that change one session: make it, say something, edit, trim, set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.format.header import SessionHeader
from claif_git.git.trees import Add, Folder
from claif_git.history.change import Change
from claif_git.history.commits import Signature, author_of, one_line, subject_of
from claif_git.history.placing import Entry
from claif_git.history.replace import replace_messages
from claif_git.history.snapshot import Snapshot
from claif_git.ids import new_session_id
from claif_git.model.blocks import Json, plain
from claif_git.model.message import Message, MessageRole, Origin
from claif_git.model.times import now
from claif_git.session.reading import entry_at
from claif_git.session.working import Note, Working
from claif_git.templates import SessionTemplate

Check = Callable[[Change], None]
"""Looks at a session before it changes, and raises if it may not."""


def checked_metadata(metadata: Mapping[str, Any] | None) -> dict[str, Json]:
    """Give metadata as plain data. InvalidInputError if it is none."""
    if metadata is not None and not isinstance(metadata, Mapping):
        raise InvalidInputError(f"metadata is a mapping, not {type(metadata).__name__}")
    data: dict[str, Json] = plain(metadata or {}, "metadata")
    return data


def checked_title(title: object) -> str | None:
    """Give a title back. InvalidInputError if it is not text."""
    if title is not None and not isinstance(title, str):
        raise InvalidInputError(f"a title is text, not {type(title).__name__}")
    return title


def checked_message(message: object) -> Message:
    """Give a copy of a message, looked through again: its fields may have been set to anything. InvalidInputError."""
    if not isinstance(message, Message):
        raise InvalidInputError(f"a message is a Message, not {type(message).__name__}")
    return replace(message)


def create(
    working: Working,
    title: str | None,
    template: SessionTemplate | None,
    metadata: Mapping[str, Any] | None,
    parameters: Mapping[str, Any] | None = None,
) -> str:
    """Make a session and give its id: its settings in one commit, its template's system message in the next."""
    moment = now()
    session_id = new_session_id(checked_title(title), moment)
    own = checked_metadata(metadata)
    under = checked_metadata(template.default_metadata if template else None)
    suggested = {**(template.suggested_parameters if template else {}), **checked_metadata(parameters)}
    header = SessionHeader(moment, template.name if template else None, suggested)
    opening = template.system_message if template else None

    made: list[Snapshot] = []

    def build(add: Add) -> str:
        before = Snapshot(working.repo, session_id, "", Folder(lambda _: b""))
        change = Change(before, working.token(session_id), add, moment)
        change.start(header, title, {**under, **own})
        made[:] = [working.commit(change, Note(f"session: {one_line(title or session_id)}", said=moment))]
        if opening:
            message = Message(MessageRole.SYSTEM, opening, moment)
            change = Change(made[0], working.token(session_id), add, moment)
            change.append(message)
            made[:] = [working.commit(change, Note(subject_of(message), said=moment))]
        return made[0].commit

    working.create(session_id, build)
    working.remember(made[0])
    return session_id


def add(
    working: Working, session_id: str, message: Message, author: str | None = None, check: Check | None = None
) -> Message:
    """Add a message at the end, as one commit; give it as it is stored. One whose id is there already is not added."""
    message = checked_message(message)
    placed: list[Entry] = []
    was_there: list[bool] = []

    def build(change: Change) -> Note | None:
        if check is not None:
            check(change)
        placed[:] = [change.append(message)]
        was_there[:] = [not change.appended]
        speaker = Signature.parse(author) if author else author_of(message, working.who)
        return Note(subject_of(message), speaker, message.timestamp) if change.appended else None

    after = working.write(session_id, build, reads=check is not None)
    if was_there[0]:
        return after.message(placed[0])
    message.origin = Origin(placed[0].path, placed[0].blob, after.commit)
    return message


def set_title(working: Working, session_id: str, title: str | None) -> None:
    """Set or take away a session's title."""
    checked_title(title)

    def build(change: Change) -> Note | None:
        if change.before.settings.title == title:
            return None
        change.set_title(title)
        return Note(f"session: title: {one_line(title)}" if title else "session: no title")

    working.write(session_id, build)


def set_metadata(working: Working, session_id: str, metadata: Mapping[str, Any]) -> None:
    """Merge keys into a session's metadata; a key set to None goes."""
    data = checked_metadata(metadata)

    def build(change: Change) -> Note | None:
        held = change.before.settings.metadata
        new = {key: value for key, value in data.items() if not same_json(held.get(key), value)}
        change.set_metadata(new)
        return Note(f"session: {one_line(', '.join(sorted(new)))}") if new else None

    working.write(session_id, build)


def same_json(one: Json, other: Json) -> bool:
    """Tell whether two values would be written alike: 1, 1.0 and True are three."""
    return repr(one) == repr(other)


def set_message_metadata(working: Working, session_id: str, index: int, metadata: Mapping[str, Any]) -> None:
    """Merge keys into a message's metadata, in its own file; a key set to None goes. MessageIndexError."""
    data = checked_metadata(metadata)

    def build(change: Change) -> Note | None:
        position, entry = entry_at(change.before, index)
        message = change.before.message(entry)
        merged = {key: value for key, value in {**message.metadata, **data}.items() if value is not None}
        if same_json(merged, message.metadata):
            return None
        change.rewrite(entry.path, replace(message, metadata=merged, origin=message.origin))
        return Note(f"message {position}: {one_line(', '.join(sorted(data)))}")

    working.write(session_id, build)


def set_messages(working: Working, session_id: str, messages: Sequence[Message]) -> None:
    """Replace a session's messages in one commit; what is not among them is dropped, and stays in history."""
    wanted = [checked_message(message) for message in messages]
    commits = {message.origin.commit for message in wanted if message.origin}

    def build(change: Change) -> Note | None:
        dropped = replace_messages(change, wanted, _read_at(working, change.before, commits))
        return Note(f"drop: {dropped} message{'s' * (dropped != 1)}" if dropped else "messages: replaced")

    working.write(session_id, build)


def _read_at(working: Working, before: Snapshot, commits: set[str]) -> Snapshot:
    """Give the session as it stood when the caller read it, so that nothing added since is dropped.

    Of several commits the earliest counts, since what is not shown there may be unknown to the caller. Commits that are
    no part of this session's history say nothing; where there are no others, what stands now counts.
    """
    unseen = {commit for commit in commits if working.repo.has(commit)}
    earliest = before.commit
    for commit, _ in working.repo.walk([before.commit] if unseen else []):
        if commit in unseen:
            earliest = commit
            unseen.discard(commit)
        if not unseen:
            break
    return before if earliest == before.commit else working.peek(before.session_id, earliest)
