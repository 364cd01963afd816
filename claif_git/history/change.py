"""A change to one session, built on a snapshot: messages put, edited or dropped, settings set; then a root tree."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

from claif_git.errors import InvalidInputError
from claif_git.format import layout
from claif_git.format.drops import Drop, encode_drop
from claif_git.format.header import SessionHeader, encode_header
from claif_git.format.messages import encode, identity
from claif_git.format.settings import encode_setting, metadata_file
from claif_git.git.trees import Add, Folder
from claif_git.history.placing import Entry, place
from claif_git.history.settings import CHRONOLOGICAL, settings_owner
from claif_git.history.snapshot import Snapshot, stamp_in
from claif_git.model.blocks import Json
from claif_git.model.exchanges import starts_exchange
from claif_git.model.message import Message


class Change:
    """Collects what changes. `root` is the tree so far; `appended` what was added at the end, in order.

    `only_appends` holds while nothing but that has happened, so that what is known of the snapshot can be carried on.
    """

    def __init__(self, before: Snapshot, writer: str, add: Add, now: datetime) -> None:
        self.before, self.writer, self.add, self.now = before, writer, add, now
        self.root: Folder = before.root
        self._latest: str | None = None
        self._drops: list[Drop] = []
        self.appended: list[Entry] = []
        self.only_appends = True

    @property
    def latest(self) -> str:
        """The latest stamp in the tree so far."""
        return self.before.latest if self._latest is None else self._latest

    @property
    def known_latest(self) -> str | None:
        """That, if it was looked for."""
        return self.before.__dict__.get("latest") if self._latest is None else self._latest

    def take_root(self, root: Folder, latest: str) -> None:
        """Go on from another tree, such as a union; `latest` is the latest stamp in it."""
        self.only_appends = False
        self.root, self._latest = root, max(self.latest, latest)

    def append(self, message: Message) -> Entry:
        """Put a message at the end; one whose own id the session holds is not put again."""
        hash8 = identity(message)
        held = self.before.find_id(message.id, hash8) if message.id else None
        if held is not None:
            return held
        stamp = layout.later_stamp(message.timestamp, self.latest)
        folder = place(self.root, self.writer, stamp, opens=starts_exchange(message))
        self._latest = stamp
        entry = self._put(f"{folder}/{layout.message_name(stamp, message.role, hash8)}", message)
        self.before.note_id(entry.path, message.id)
        self.appended.append(entry)
        return entry

    def insert_before(self, path: str, message: Message) -> Entry:
        """Put a message right before the one at `path`, into that one's page.

        It goes before messages that are left out there as well, so that what is put in and dropped again and again, as
        a summary is, does not use up the time between two neighbours. InvalidInputError where none is left.
        """
        self.only_appends = False
        folder, _, _ = path.rpartition("/")
        high = stamp_in(path)
        names = self.root.folder(f"{layout.MESSAGES}/{folder}").items
        paths = [f"{folder}/{name}" for name in names if layout.parse_message_name(name)]
        if self.before.settings.order == CHRONOLOGICAL:  # the message before it may stand in any page
            paths += [entry.path for entry in self.before.files]
        left_out = set(self.before.dropped)
        for drop in self._drops:
            left_out = left_out.union(drop.drop).difference(drop.keep)
        earlier = [other for other in paths if stamp_in(other) < high]
        low = max((stamp_in(other) for other in earlier if other not in left_out), default="")
        first = min((stamp_in(other) for other in earlier if stamp_in(other) > low), default=high)
        stamp = layout.stamp_between(low, first)
        return self._put(f"{folder}/{layout.message_name(stamp, message.role, identity(message))}", message)

    def rewrite(self, path: str, message: Message) -> Entry:
        """Put an edited message in its own place. Its name, which is its identity, stays."""
        self.only_appends = False
        return self._put(path, message)

    def put_blob(self, path: str, blob: str) -> None:
        """Put a message file back, or in, whose blob is stored already."""
        self.only_appends = False
        self.root = self.root.put(f"{layout.MESSAGES}/{path}", blob)

    def drop(self, drop: Iterable[str], keep: Iterable[str] = ()) -> None:
        """Leave messages out, or take them in again, by a new drop file."""
        self.only_appends = False
        paths = Drop(tuple(sorted(drop)), tuple(sorted(keep)))
        self._drops.append(paths)
        if not paths.drop and not paths.keep:
            return
        data = encode_drop(paths)
        stamp = self._latest = layout.later_stamp(self.now, self.latest)
        hash8 = hashlib.sha256(data).hexdigest()[:8]
        self.root = self.root.put(layout.drop_path(stamp, self.writer, hash8), self.add("blob", data))

    def start(
        self, header: SessionHeader, title: str | None, metadata: Mapping[str, Json], order: str | None = None
    ) -> None:
        """Give the session its own folder, and the tree what every tree of ours has."""
        self.only_appends = False
        folder = layout.session_folder(self.before.session_id)
        self.root = self.root.put(layout.ATTRIBUTES_FILE, self.add("blob", layout.ATTRIBUTES))
        self.root = self.root.put(f"{folder}/{layout.HEADER_FILE}", self.add("blob", encode_header(header)))
        if title is not None:
            self.set_title(title)
        if order is not None:
            self.set_order(order)
        self.set_metadata(metadata)

    def set_title(self, title: str | None) -> None:
        """Set the title; None takes it away (the file stays, and holds null)."""
        self._set(layout.TITLE_FILE, "title", title)

    def set_order(self, order: str) -> None:
        """Set the order in which the messages are shown."""
        self._set(layout.ORDER_FILE, "order", order)

    def set_metadata(self, metadata: Mapping[str, Json]) -> None:
        """Set metadata by key; a key set to None goes (its file stays, and holds null)."""
        for key, value in metadata.items():
            if value is None and key not in self.before.settings.metadata:
                continue
            self._set(f"{layout.METADATA}/{metadata_file(key)}", key, value)

    def _set(self, path: str, key: str, value: Json) -> None:
        self.only_appends = False
        self._own_folder()
        file = f"{layout.session_folder(self.before.session_id)}/{path}"
        self.root = self.root.put(file, self.add("blob", encode_setting(key, value)))

    def _own_folder(self) -> None:
        """Give a branch that was made with plain git a folder of its own, with what the other's said so far."""
        own = layout.session_folder(self.before.session_id)
        if isinstance(self.root.get(own), Folder):
            return
        owner = settings_owner(self.root, self.before.session_id)
        if owner:
            self.root = self.root.put(own, self.root.folder(layout.session_folder(owner)))
        else:
            header = encode_header(SessionHeader(self.now))
            self.root = self.root.put(f"{own}/{layout.HEADER_FILE}", self.add("blob", header))

    def _put(self, path: str, message: Message) -> Entry:
        encoded = encode(message)
        blob = self.add("blob", encoded.data)
        for attachment, payload in encoded.attachments.items():
            if self.root.file(attachment) is None:
                self.root = self.root.put(attachment, self.add("blob", payload))
        full = f"{layout.MESSAGES}/{path}"
        if len(full) > 1000:
            raise InvalidInputError(f"the path of a message grew too long: {full[:80]}…")
        self.root = self.root.put(full, blob)
        return Entry(path, blob)
