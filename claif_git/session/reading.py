"""From a snapshot to what a caller reads: sessions, lists of them, and choices of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from claif_git.errors import InvalidInputError, MalformedError, MessageIndexError
from claif_git.format import layout
from claif_git.history.description import created_at, title_of
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot, updated_at
from claif_git.model.blocks import Json
from claif_git.model.conditions import IS, Condition, is_named, model_name
from claif_git.model.message import Message, MessageRole
from claif_git.model.session import Session
from claif_git.model.spending import model_of
from claif_git.model.times import as_utc

Known = Callable[[Snapshot, int | None], "list[Message | Entry] | None"]
"""Gives the (last so many) messages of a snapshot from where that is quicker than git, if they are there.

An Entry stands for one that is not.
"""


OnMalformed = Callable[[MalformedError], object]
"""Is told of what in a session cannot be read."""


def told_of(session: Session, on_malformed: OnMalformed | None) -> Session:
    """Give a session back, once somebody is told of what in it cannot be read. MalformedError where nobody listens."""
    if on_malformed is None:
        _ = session.messages
        return session
    for problem in session.problems:
        on_malformed(problem)
    return session


def not_known(_snapshot: Snapshot, _count: int | None) -> None:
    """Know nothing: everything is read from git."""


def session_of(snapshot: Snapshot, known: Known = not_known) -> Session:
    """Give what a session says of itself; its messages are read on first use."""
    settings = snapshot.settings
    created = created_at(snapshot)
    return Session(
        id=snapshot.session_id,
        created_at=created,
        updated_at=updated_at(snapshot, created),
        metadata=dict(settings.metadata),
        template=settings.template,
        title=title_of(snapshot),
        parameters=dict(settings.parameters),
        order=settings.order,
        tip=snapshot.commit,
        loader=lambda: _messages(snapshot, known),
        problems_loader=lambda: snapshot.problems,
    )


def _messages(snapshot: Snapshot, known: Known) -> list[Message | MalformedError]:
    found = known(snapshot, None)
    if found is None:
        return snapshot.messages()
    return [item if isinstance(item, Message) else snapshot.messages([item])[0] for item in found]


def matches(session: Session, wanted: Mapping[str, Json]) -> bool:
    """Tell whether a session has every wanted value: of its own fields (template, title, id) or of its metadata.

    1 and 1.0 are the same value, True is another; None is what is not there.
    """
    return all(Condition(key, IS, value).holds(session) for key, value in wanted.items())


def newest_first(sessions: Iterable[Session]) -> list[Session]:
    """Order sessions by their latest change, newest first; ties by id."""
    return sorted(
        sorted(sessions, key=lambda session: session.id), key=lambda session: session.updated_at, reverse=True
    )


def entry_at(snapshot: Snapshot, index: int) -> tuple[int, Entry]:
    """Give the position and the entry of a message; a negative index counts from the end. MessageIndexError."""
    count = len(snapshot.shown)
    if isinstance(index, bool) or not isinstance(index, int):
        raise InvalidInputError(f"a message index is a number, not {index!r}")
    if not -count <= index < count:
        raise MessageIndexError(index, count)
    return index % count, snapshot.shown[index]


def choose(
    snapshot: Snapshot,
    *,
    limit: int | None = None,
    role: MessageRole | str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    known: Known = not_known,
) -> list[Message]:
    """Give the latest `limit` messages that fit, oldest first. Only as many files are read as that takes.

    MalformedError for a message that cannot be read.
    """
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 0):
        raise InvalidInputError(f"a limit is a number from 0, not {limit!r}")
    fits = condition(role, since, until)
    found: list[Message] = []
    held = known(snapshot, limit if role is None and since is None and until is None else None)
    for item in reversed(snapshot.shown if held is None else held):
        if limit is not None and len(found) >= limit:
            break
        if isinstance(item, Entry) and role is not None and not _may_be(snapshot, item, str(role)):
            continue
        message = snapshot.message(item) if isinstance(item, Entry) else item
        if fits(message):
            found.append(message)
    return found[::-1]


def _may_be(snapshot: Snapshot, entry: Entry, role: str) -> bool:
    """Tell whether a message can have a role: its name says so, or its file, where somebody edited that by hand."""
    named = layout.parse_message_name(entry.path.rpartition("/")[2])
    if named is None or named.role == role:
        return True
    try:
        return snapshot.head(entry).role == role
    except MalformedError:
        return False


def condition(
    role: MessageRole | str | None, since: datetime | None, until: datetime | None, model: str | None = None
) -> Callable[[Message], bool]:
    """Give what tells whether a message fits: said in a span, both ends in it, by a role, by a model.

    InvalidInputError for a role that is none, and times out of range.
    """
    if role is not None and str(role) not in {item.value for item in MessageRole}:
        raise InvalidInputError(f"role is system, user or assistant, not {str(role)!r}")
    start, end = (as_utc(moment) if moment is not None else None for moment in (since, until))
    name = model_name(model)

    def fits(message: Message) -> bool:
        return (
            (role is None or message.role == str(role))
            and (start is None or message.timestamp >= start)
            and (end is None or message.timestamp <= end)
            and (name is None or is_named(name, model_of(message)))
        )

    return fits
