"""The commits of an import: the same, to the byte, on every machine that reads the same file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from claif_git.format.header import SessionHeader
from claif_git.format.messages import identity
from claif_git.git.trees import Add, Folder
from claif_git.history.change import Change
from claif_git.history.commits import Signature, author_of, commit_of, one_line, subject_of
from claif_git.history.settings import PATH_ORDER
from claif_git.history.snapshot import Objects, Snapshot
from claif_git.ids import writer_token
from claif_git.model.blocks import Json
from claif_git.model.message import Message
from claif_git.model.times import from_seconds

IMPORTER = Signature("claif-git import", "import@invalid")
SPEAKER = Signature("user", "user@invalid")


@dataclass(frozen=True)
class Line:
    """What a chain says of itself. `source` names the line in the source's own words, for the writer's token."""

    session_id: str
    source: tuple[str, ...]
    header: SessionHeader
    title: str | None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    order: str = PATH_ORDER


class Chain:
    """Appends commits to an import's own line of history."""

    def __init__(self, line: Line, objects: Objects, add: Add, start: Snapshot | None = None) -> None:
        self._line, self._add, self._objects = line, add, objects
        self._token = writer_token("import", *line.source)
        self.tip = start if start is not None else Snapshot(objects, line.session_id, "", Folder(lambda _: b""))

    def begin(self, fork: Snapshot | None) -> None:
        """Make the line's first commit, on the turn that it forked from if it did. It says only what never changes."""
        self.tip = (fork or self.tip).renamed(self._line.session_id)
        change = self._change(self._line.header.created_at)
        change.start(self._line.header, None, {})
        self._commit(change, f"import: {self._line.session_id}", self._line.header.created_at)

    def append(self, message: Message) -> None:
        """Add a turn as a commit, with the source's own dates."""
        change = self._change(message.timestamp)
        change.append(message)
        if change.appended:
            author = author_of(message, SPEAKER)
            self._commit(change, subject_of(message), message.timestamp, author)

    def settle(self) -> None:
        """Say what the source says of the conversation now, where that is not what the line says already."""
        held = self.tip.settings
        change = self._change(self._line.header.created_at)
        if self._line.title != held.title:
            change.set_title(self._line.title)
        new = {key: value for key, value in self._line.metadata.items() if repr(held.metadata.get(key)) != repr(value)}
        change.set_metadata(new)
        if self._line.order != held.order:
            change.set_order(self._line.order)
        if change.root.oid is None:
            when = max([self._line.header.created_at, *self._last_said()])
            self._commit(change, f"session: {one_line(self._line.title or self._line.session_id)}", when)

    def _last_said(self) -> list[datetime]:
        return [from_seconds(self.tip.commit_time)]

    def _change(self, moment: datetime) -> Change:
        return Change(self.tip, self._token, self._add, moment)

    def _commit(self, change: Change, subject: str, when: datetime, author: Signature = IMPORTER) -> None:
        parents = (self.tip.commit,) if self.tip.commit else ()
        tree = change.root.write(self._add)
        commit = commit_of(tree, parents, subject, author=author, committer=IMPORTER, said=when, now=when)
        oid = self._add("commit", commit.encode())
        if change.only_appends:
            self.tip = self.tip.followed_by(oid, change.root, change.appended, change.latest, commit.commit_time)
            return
        after = Snapshot(self._objects, self._line.session_id, oid, change.root, commit.commit_time)
        after.carry_from(self.tip, change.latest)
        self.tip = after


def missing_from(held: Snapshot | None, messages: Sequence[Message]) -> list[Message]:
    """Give the messages that a chain does not hold yet, in order; equal ones are counted, not confused."""
    have = Counter(entry.path[-11:-3] for entry in held.files) if held is not None else Counter[str]()
    if not have:
        return list(messages)
    new: list[Message] = []
    for message in messages:
        hash8 = identity(message)
        if have[hash8] > 0:
            have[hash8] -= 1
        else:
            new.append(message)
    return new
