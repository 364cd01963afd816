"""A session at one commit: what it shows, in order, and what its settings say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Protocol

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.format.drops import Drop, decode_drop
from claif_git.format.messages import Head, decode, head
from claif_git.git.trees import Folder
from claif_git.history.growth import grown
from claif_git.history.placing import Entry, Stray, latest_stamp, message_files
from claif_git.history.settings import CHRONOLOGICAL, Settings, read_settings
from claif_git.model.message import Message, Origin
from claif_git.model.times import from_seconds


class Objects(Protocol):
    """What a snapshot reads from: a Repository, or a stand-in that also holds what is not written yet."""

    def read(self, oid: str) -> tuple[str, bytes]:
        """Give an object's kind and bytes; StoreError if it is missing or damaged."""


def folder_at(objects: Objects, tree: str) -> Folder:
    """Give a tree as a Folder that reads from `objects`."""

    def read(oid: str) -> bytes:
        kind, data = objects.read(oid)
        if kind != "tree":
            raise StoreError(f"{oid} is a {kind}, not a tree")
        return data

    return Folder(read, tree)


class Snapshot:
    """A session at a commit. All that it gives is read once, when it is asked for; nothing ever changes."""

    def __init__(self, objects: Objects, session_id: str, commit: str, root: Folder, commit_time: float = 0) -> None:
        self.objects, self.session_id, self.commit, self.root = objects, session_id, commit, root
        self.commit_time = commit_time

    def blob(self, oid: str) -> bytes:
        """Read a blob. StoreError if it is missing, damaged, or something else."""
        kind, data = self.objects.read(oid)
        if kind != "blob":
            raise StoreError(f"{oid} is a {kind}, not a blob")
        return data

    @cached_property
    def latest(self) -> str:
        """The latest stamp that the tree knows of; "" for none."""
        return latest_stamp(self.root)

    @cached_property
    def _below_messages(self) -> list[Entry | Stray]:
        return list(message_files(self.root.folder(layout.MESSAGES)))

    @cached_property
    def files(self) -> list[Entry]:
        """Every message file in path order, dropped ones included."""
        return [item for item in self._below_messages if isinstance(item, Entry)]

    @cached_property
    def drops(self) -> dict[str, Drop]:
        """The drop files by path, in name order; one that cannot be read is empty, and a problem."""
        found: dict[str, Drop] = {}
        for name, _ in self.root.folder(layout.DROPS).ordered():
            path = f"{layout.DROPS}/{name}"
            blob = self.root.file(path)
            try:
                found[path] = decode_drop(self.blob(blob)) if blob and layout.drop_stamp(name) else Drop((), ())
            except (MalformedError, StoreError) as error:
                found[path] = Drop((), ())
                self._problem(error, path)
        return found

    @cached_property
    def dropped(self) -> frozenset[str]:
        """The paths that the drop files leave out, in the end."""
        left_out: set[str] = set()
        for drop in self.drops.values():
            left_out.update(drop.drop)
            left_out.difference_update(drop.keep)
        return frozenset(left_out)

    @cached_property
    def twins(self) -> dict[str, str]:
        """Message files that repeat an earlier one's id: their path to that one's. Only the first is shown."""
        by_hash: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.files:
            by_hash[_hash8(entry.path)].append(entry)
        return {
            path: first
            for entries in by_hash.values()
            if len(entries) > 1
            for path, first in self._twins_among(entries).items()
        }

    def _twins_among(self, entries: list[Entry]) -> dict[str, str]:
        first: dict[str, str] = {}
        twins: dict[str, str] = {}
        for entry in entries:
            message_id = self.id_of(entry)
            if message_id is None:
                continue
            if message_id in first:
                twins[entry.path] = first[message_id]
            else:
                first[message_id] = entry.path
        return twins

    @cached_property
    def _ids(self) -> dict[str, str | None]:
        """Own ids by path, as far as they are known. The snapshots of a chain share them: an id never changes."""
        return {}

    def id_of(self, entry: Entry) -> str | None:
        """Give a message's own id; None if it has none or cannot be read."""
        if entry.path not in self._ids:
            try:
                self._ids[entry.path] = head(self.blob(entry.blob)).id
            except (MalformedError, StoreError):
                return None
        return self._ids[entry.path]

    @cached_property
    def shown(self) -> list[Entry]:
        """The messages of the conversation, in its order: a position here is a message index."""
        return [entry for entry in self.ordered() if entry.path not in self.dropped]

    def ordered(self) -> list[Entry]:
        """Give the messages in the conversation's order, those that are left out included."""
        entries = [entry for entry in self.files if entry.path not in self.twins]
        return self.in_order(entries) if self.settings.order == CHRONOLOGICAL else entries

    def in_order(self, entries: Iterable[Entry]) -> list[Entry]:
        """Put messages into the conversation's order."""
        if self.settings.order == CHRONOLOGICAL:
            return sorted(entries, key=lambda entry: (stamp_in(entry.path), entry.path))
        return sorted(entries)

    @cached_property
    def settings(self) -> Settings:
        """What the session's folder says."""
        return read_settings(self.root, self.session_id, self.blob)

    @cached_property
    def is_session(self) -> bool:
        """Whether this is a conversation at all: a branch without `sessions/` is somebody's own."""
        return isinstance(self.root.get(layout.SESSIONS), Folder)

    def message(self, entry: Entry) -> Message:
        """Read a message. MalformedError names session, file and line."""
        return self.message_as(entry, self.blob(entry.blob))

    def message_as(self, entry: Entry, file: bytes) -> Message:
        """Read a message whose file would hold these bytes. MalformedError names session, file and line."""
        origin = Origin(entry.path, entry.blob, self.commit)
        try:
            return decode(file, self.attachment, origin=origin)
        except MalformedError as error:
            raise error.located(session_id=self.session_id, path=f"{layout.MESSAGES}/{entry.path}") from None

    def head(self, entry: Entry) -> Head:
        """Read what stands in a message's front matter. MalformedError names session, file and line."""
        try:
            return head(self.blob(entry.blob))
        except MalformedError as error:
            raise error.located(session_id=self.session_id, path=f"{layout.MESSAGES}/{entry.path}") from None

    def attachment(self, path: str) -> bytes:
        """Read an attachment. MalformedError if the tree has none at `path`."""
        blob = self.root.file(path)
        if blob is None:
            raise MalformedError(f"the attachment {path} is missing")
        return self.blob(blob)

    def messages(self, entries: Sequence[Entry] | None = None) -> list[Message | MalformedError]:
        """Read messages (all that are shown, if none are named); one that cannot be read gives its error."""
        read: list[Message | MalformedError] = []
        for entry in self.shown if entries is None else entries:
            try:
                read.append(self.message(entry))
            except MalformedError as error:
                read.append(error)
        return read

    @cached_property
    def _drop_problems(self) -> list[MalformedError]:
        return []

    def _problem(self, error: Exception, path: str) -> None:
        self._drop_problems.append(MalformedError(str(error), session_id=self.session_id, path=path))

    @property
    def problems(self) -> list[MalformedError]:
        """What in the tree breaks the format, beside the messages themselves."""
        strays = [
            MalformedError("not a message's name", session_id=self.session_id, path=f"{layout.MESSAGES}/{item.path}")
            for item in self._below_messages
            if isinstance(item, Stray)
        ]
        _ = self.drops
        return [*strays, *self.settings.problems, *self._drop_problems]

    @cached_property
    def _by_hash(self) -> dict[str, list[str]]:
        """Paths by hash8. Shared by the snapshots of a chain: later ones add to it, so look what it names up."""
        paths: dict[str, list[str]] = defaultdict(list)
        for entry in self.files:
            paths[_hash8(entry.path)].append(entry.path)
        return paths

    def find_id(self, message_id: str, hash8: str) -> Entry | None:
        """Give the message whose own id this is, shown or dropped; None if the tree holds none."""
        for path in self._by_hash.get(hash8, ()):
            blob = self.root.file(f"{layout.MESSAGES}/{path}")
            if blob and self.id_of(Entry(path, blob)) == message_id:
                return Entry(path, blob)
        return None

    def renamed(self, session_id: str) -> Snapshot:
        """Give the same commit as another session would see it."""
        return Snapshot(self.objects, session_id, self.commit, self.root, self.commit_time)

    def carry_from(self, before: Snapshot, latest: str) -> None:
        """Take over what a change of settings leaves as it was: the messages, what is left out, and the clock."""
        self.__dict__["latest"] = latest
        for name in ("drops", "dropped", "files", "twins", "_below_messages", "_by_hash", "_ids", "_drop_problems"):
            if name in before.__dict__:
                self.__dict__[name] = before.__dict__[name]

    def note_id(self, path: str, message_id: str | None) -> None:
        """Note the own id of a message that is being added."""
        self._ids[path] = message_id

    def grown_to(self, commit: str, root: Folder, when: float) -> Snapshot | None:
        """Give the snapshot at a later commit with all that is known here carried on.

        None where it has other things that are new than messages at the end, or messages that are left out, or may be
        twins. Only what differs is read.
        """
        new = grown(self.root, root)
        if new is None or not self._come_last(new):
            return None
        latest = max([self.latest, *(stamp for entry in new for stamp in _stamps(entry.path))])
        return self.followed_by(commit, root, new, latest, when)

    def _come_last(self, new: Sequence[Entry]) -> bool:
        """Tell whether messages that somebody else added can be put behind those that are known here."""
        known = self.__dict__
        if not known.keys() & {"files", "_below_messages"} or not new:
            return True
        if self._below_messages and new[0].path <= self._below_messages[-1].path:
            return False
        if self.settings.order == CHRONOLOGICAL or not self.dropped.isdisjoint(entry.path for entry in new):
            return False
        hashes = {_hash8(entry.path) for entry in new}
        return len(hashes) == len(new) and not any(self._by_hash.get(hash8) for hash8 in hashes)

    def followed_by(self, commit: str, root: Folder, appended: Iterable[Entry], latest: str, when: float) -> Snapshot:
        """Give the snapshot after a commit that only appended messages, with all that is known here carried on."""
        after = Snapshot(self.objects, self.session_id, commit, root, when)
        after.__dict__["latest"] = latest
        new = list(appended)
        known = self.__dict__
        for name in ("drops", "dropped", "twins", "settings", "_drop_problems", "_ids"):
            if name in known:
                after.__dict__[name] = known[name]
        for name in ("files", "shown", "_below_messages"):
            if name in known:
                after.__dict__[name] = [*known[name], *new]
        if "_by_hash" in known:
            after.__dict__["_by_hash"] = self._by_hash
            for entry in new:
                self._by_hash[_hash8(entry.path)].append(entry.path)
        return after


def stamp_in(path: str) -> str:
    """Give the stamp in a message's path; the digits of its seconds end it, and start at a fixed place."""
    name = path.rpartition("/")[2]
    return name[: name.index("-", 20)]


def _stamps(path: str) -> list[str]:
    """Give the stamps of a message's name and of the folders that it is in."""
    *folders, _ = path.split("/")
    runs = [run.stamp for run in map(layout.parse_run_name, folders) if run]
    return [*runs, stamp_in(path)]


def _hash8(path: str) -> str:
    return path[-11:-3]


def updated_at(snapshot: Snapshot, created_at: datetime) -> datetime:
    """Give when the session last changed.

    The latest of `created_at`, the tip's commit time and, up to a second past that (commit times are whole seconds),
    the stamp of the newest message.
    """
    committed = from_seconds(snapshot.commit_time)
    newest = layout.moment_of(snapshot.latest) if snapshot.latest else committed
    within = newest if 0 <= (newest - committed).total_seconds() < 1 else committed
    return max(created_at, within)
