"""Who said each message of a session, in which commit, and on which branch it first stood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git import Commit
from claif_git.history.additions import Additions
from claif_git.history.commits import one_line
from claif_git.history.lineage import Lineage
from claif_git.history.placing import Entry
from claif_git.history.settings import settings_owner
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message
from claif_git.model.times import iso
from claif_git.session.working import Working


@dataclass(frozen=True, slots=True)
class Blame:
    """One message and where it comes from.

    commit   the one that added it; `author` is who said it, as `Name <mail>`
    branch   the session that it was first part of, which may be deleted by now
    model    that answered, where one did and the message says so
    text     its first line, cut
    """

    index: int
    commit: str
    branch: str
    author: str
    role: str
    model: str | None
    time: datetime
    text: str

    def to_data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        return {name: getattr(self, name) for name in self.__slots__} | {"time": iso(self.time)}


def blame(working: Working, session_id: str) -> list[Blame]:
    """Give where each message of a session comes from, in its order. Each commit of its history is looked at once."""
    snapshot = working.read(session_id)
    wanted = {entry.path for entry in snapshot.shown}
    additions = Additions(working.repo)
    origins: dict[str, tuple[str, Commit]] = {}
    for oid, commit in additions.walk([snapshot.commit]):
        # The oldest commit is met last: a file that was taken away with git and put back was said when it first came.
        origins.update({entry.path: (oid, commit) for entry in additions.of(commit) if entry.path in wanted})
    branches = _Branches(working, snapshot)
    found: list[Blame] = []
    for index, (entry, read) in enumerate(zip(snapshot.shown, snapshot.messages(), strict=True)):
        oid, commit = origins[entry.path]
        role, moment = _named(entry)
        told = read if isinstance(read, Message) else None
        found.append(
            Blame(
                index=index,
                commit=oid,
                branch=branches.of(oid),
                author=commit.author,
                role=role,
                model=told.model if told else None,
                time=told.timestamp if told else moment,
                text=_first_line(read),
            )
        )
    return found


def _named(entry: Entry) -> tuple[str, datetime]:
    name = layout.parse_message_name(entry.path.rpartition("/")[2])
    if name is None:  # pragma: no cover - an entry is a file that is named as a message is
        raise AssertionError(entry.path)
    return name.role, layout.moment_of(name.stamp)


def _first_line(read: Message | MalformedError) -> str:
    if isinstance(read, MalformedError):
        return f"(cannot be read: {one_line(str(read))})"
    return next(filter(None, map(one_line, read.text.splitlines())), "")


class _Branches:
    """Names the branch of a commit, as a session sees it: a branch that plain git made or renamed has no folder."""

    def __init__(self, working: Working, snapshot: Snapshot) -> None:
        self._lineage, self._name = Lineage(working.repo), snapshot.session_id
        self._folder = settings_owner(snapshot.root, self._name)
        other = working.store.tip(self._folder) if self._folder != self._name else None
        hidden = [other] if other else []
        walked = working.repo.walk([snapshot.commit], hidden) if self._folder != self._name else ()
        self._own = {oid for oid, _ in walked}

    def of(self, commit: str) -> str:
        owner = self._lineage.owner(commit)
        return self._name if owner in ("", self._folder) and commit in self._own else owner
