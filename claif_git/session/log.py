"""The turns of a session: what each commit of its history did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git import Commit
from claif_git.git.trees import Folder
from claif_git.history.placing import Entry
from claif_git.history.removed import missing
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.model.usage import Tokens
from claif_git.session.working import Working


@dataclass(frozen=True, slots=True)
class Turn:
    """One commit of a session.

    kind           "message" if it added messages, else the subject's first word: session, drop, merge, …
    message_index  where the first message that it added stands now; None if it added none, or that is dropped
    tokens         of that message: a number, the API's usage, or None
    parents        the commits before it
    """

    commit: str
    parents: tuple[str, ...]
    author: str
    time: datetime
    subject: str
    kind: str
    message_index: int | None = None
    role: str | None = None
    model: str | None = None
    tokens: Tokens | None = None


def turns(working: Working, session_id: str) -> Iterator[Turn]:
    """Give the commits of a session's history, newest first, a child before its parents."""
    snapshot = working.read(session_id)
    indexes = {entry.path: index for index, entry in enumerate(snapshot.shown)}
    for oid, commit in working.repo.walk([snapshot.commit]):
        yield _turn(working, snapshot, oid, commit, indexes)


def _turn(working: Working, snapshot: Snapshot, oid: str, commit: Commit, indexes: dict[str, int]) -> Turn:
    subject = commit.message.partition("\n")[0]
    added = _added(working, commit)
    entry = next((entry for entry in added if entry.path in indexes), added[0] if added else None)
    kind = "message" if added and len(commit.parents) < 2 else subject.partition(":")[0].strip() or "commit"
    turn = Turn(
        commit=oid,
        parents=commit.parents,
        author=commit.author,
        time=datetime.fromtimestamp(commit.author_time, UTC),
        subject=subject,
        kind=kind,
    )
    return turn if entry is None or kind != "message" else _with_message(turn, snapshot, entry, indexes.get(entry.path))


def _with_message(turn: Turn, snapshot: Snapshot, entry: Entry, index: int | None) -> Turn:
    named = layout.parse_message_name(entry.path.rpartition("/")[2])
    role = named.role if named else None
    try:
        head = snapshot.head(entry)
    except MalformedError:
        return Turn(turn.commit, turn.parents, turn.author, turn.time, turn.subject, turn.kind, index, role)
    return Turn(
        turn.commit, turn.parents, turn.author, turn.time, turn.subject, turn.kind, index, role, head.model, head.tokens
    )


def _added(working: Working, commit: Commit) -> list[Entry]:
    """Give the messages that a commit has and no parent of it had, in path order."""
    here = folder_at(working.repo, commit.tree).folder(layout.MESSAGES)
    parents = [working.repo.read_commit(parent).tree for parent in commit.parents]
    before = [folder_at(working.repo, tree).folder(layout.MESSAGES) for tree in parents]
    new = missing(here, before[0] if before else Folder(lambda _: b""))
    return sorted(entry for entry in new if all(other.get(entry.path) is None for other in before[1:]))
