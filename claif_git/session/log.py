"""The turns of a session: what each commit of its history did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git import Commit
from claif_git.history.additions import Additions
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.times import from_seconds
from claif_git.model.usage import Tokens
from claif_git.session.forest import family
from claif_git.session.working import Working


@dataclass(frozen=True, slots=True)
class Turn:
    """One commit of a session.

    kind           "message" if it added messages, else the subject's first word: session, drop, merge, …
    message_index  where the first message that it added stands now; None if it added none, or that is dropped
    model, tokens  of that message: who answered; a number, the API's usage, or None
    parents        the commits before it
    sessions       the sessions that end here
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
    sessions: tuple[str, ...] = ()


def turns(working: Working, session_id: str, *, brief: bool = False, branches: bool = False) -> Iterator[Turn]:
    """Give the commits of a session's history as they are asked for, newest first, a child before its parents.

    brief     read no message: `model` and `tokens` stay None
    branches  those of the sessions that were branched from it as well; a number is then the session's own where it
              shows the message, else that in the branch
    """
    own = working.read(session_id)
    found = [own, *(working.read(other) for other in (family(working, session_id) if branches else ()))]
    ends = defaultdict(list)
    for snapshot in found:
        ends[snapshot.commit].append(snapshot.session_id)
    reader = _Reader(working, found, brief=brief)
    for oid, commit in reader.additions.walk(ends):
        yield replace(reader.turn(oid, commit), sessions=tuple(ends.get(oid, ())))


def turn_at(working: Working, snapshot: Snapshot, commit: str) -> Turn:
    """Give one commit of a session's history as a turn."""
    return _Reader(working, [snapshot]).turn(commit, working.repo.read_commit(commit))


class _Reader:
    """Tells what commits did; numbers are those of the first of `snapshots` that shows the message."""

    def __init__(self, working: Working, snapshots: list[Snapshot], *, brief: bool = False) -> None:
        self.additions = Additions(working.repo)
        self._snapshot, self._brief = snapshots[0], brief
        self._indexes: dict[str, int] = {}
        for snapshot in snapshots:
            for index, entry in enumerate(snapshot.shown):
                self._indexes.setdefault(entry.path, index)

    def turn(self, oid: str, commit: Commit) -> Turn:
        """Tell of one commit."""
        added = self.additions.of(commit) if len(commit.parents) < 2 else []
        entry = next((entry for entry in added if entry.path in self._indexes), added[0] if added else None)
        subject = commit.message.partition("\n")[0]
        turn = Turn(
            commit=oid,
            parents=commit.parents,
            author=commit.author,
            time=from_seconds(commit.author_time),
            subject=subject,
            kind="message" if added else subject.partition(":")[0].strip() or "commit",
        )
        return turn if entry is None else self._with_message(turn, entry, self._indexes)

    def _with_message(self, turn: Turn, entry: Entry, indexes: Mapping[str, int]) -> Turn:
        named = layout.parse_message_name(entry.path.rpartition("/")[2])
        placed = replace(turn, message_index=indexes.get(entry.path), role=named.role if named else None)
        if self._brief:
            return placed
        try:
            head = self._snapshot.head(entry)
        except MalformedError:
            return placed
        return replace(placed, model=head.model, tokens=head.tokens)
