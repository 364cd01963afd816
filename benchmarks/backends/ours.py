"""claif-git, by its public API: what is measured includes all that a caller gets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import claif_git
from benchmarks.workload import Conversation, Said, characters, used
from claif_git import Message, SessionManager

_WHO = "Bench Person <bench@example.org>"
_AT_ONCE = 200


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.store, self._names = folder / "store", folder / "ids.json"
        self.ids: dict[str, str] = json.loads(self._names.read_text()) if self._names.exists() else {}
        self.manager: SessionManager
        self._cloned: SessionManager | None = None
        self._sides: tuple[str, ...] = ()
        self._told = 0

    def open(self) -> None:
        self.manager = SessionManager(self.store, author=_WHO)

    def close(self) -> None:
        self.manager.close()
        if self._cloned is not None:
            self._cloned.close()

    def fill(self, conversations: Iterable[Conversation]) -> None:
        waiting = list(conversations)
        for at in range(0, len(waiting), _AT_ONCE):
            with self.manager.batch():
                for talk in waiting[at : at + _AT_ONCE]:
                    made = self.manager.create_session(talk.title, metadata=talk.metadata)
                    self.ids[talk.key] = made
                    for said in talk:
                        self.manager.add_message(made, message(said))
        self._names.write_text(json.dumps(self.ids))
        self.manager.gc()

    def append(self, talk: Conversation, said: Said) -> None:
        self.manager.add_message(self.ids[talk.key], message(said))

    def load(self, talk: Conversation) -> int:
        return sum(touched(read) for read in self.manager.get_session(self.ids[talk.key]).messages)

    def last(self, talk: Conversation, count: int) -> int:
        return sum(touched(read) for read in self.manager.get_messages(self.ids[talk.key], limit=count))

    def listing(self, project: str | None) -> int:
        found = self.manager.list_sessions({"project": project} if project else None)
        for session in found:
            used(session.id, session.title, session.created_at, session.updated_at, session.metadata["project"])
            used(session.message_count, session.template, session.parameters, session.order)
        return len(found)

    def search(self, word: str) -> int:
        hits = self.manager.search_sessions(word, limit=20)
        return sum(bool(hit.snippet and hit.session_id and hit.timestamp and hit.role) for hit in hits)

    def branch(self, talk: Conversation, index: int) -> None:
        self.manager.branch_session(self.ids[talk.key], index)

    # what only we are asked for

    def id_of(self, talk: Conversation) -> str:
        return self.ids[talk.key]

    def branch_bytes(self, talk: Conversation, index: int) -> int:
        """Branch, and give the bytes of the new objects and refs."""
        before = _weight(self.store)
        self.branch(talk, index)
        return _weight(self.store) - before

    def diverge(self, talk: Conversation, count: int) -> None:
        """Make two branches of a session, each with some messages of its own, for `merge`."""
        self._sides = tuple(self.manager.branch_session(self.ids[talk.key]) for _ in range(2))
        for side, session_id in enumerate(self._sides):
            for at in range(count):
                said = Conversation(800_000 + side, 0).said(self._told + at)
                self.manager.add_message(session_id, message(said))
        self._told += count

    def merge(self) -> None:
        self.manager.merge_sessions(*self._sides)

    def reindex(self) -> int:
        """Build the index anew; give its size in bytes."""
        return self.manager.reindex().bytes

    def import_files(self, folder: str) -> int:
        """Import every file of a folder; give how many sessions that made."""
        return sum(len(self.manager.import_file(path).sessions) for path in sorted(Path(folder).iterdir()))

    def one_by_one(self, talk: Conversation) -> None:
        """Say a conversation again, each message by itself."""
        made = self.manager.create_session(talk.title)
        for said in talk:
            self.manager.add_message(made, message(said))

    def clone_from(self, address: str) -> None:
        claif_git.clone(address, self.store.with_name("clone")).close()

    def fetch_turn(self) -> None:
        self._clone().fetch()

    def say_in_clone(self, key: str) -> str:
        """Add a message to a session of the clone; give the session's id."""
        number, length = key.split("-")[1:]
        talk = Conversation(int(number), int(length))
        found = next(made for made in self._clone().list_sessions() if made.title == talk.title)
        self._clone().add_message(found.id, message(talk.said(talk.length + 700)))
        return found.id

    def push_turn(self, session_id: str) -> None:
        self._clone().push([session_id])

    def _clone(self) -> SessionManager:
        if self._cloned is None:
            self._cloned = SessionManager(self.store.with_name("clone"), author=_WHO)
        return self._cloned


def message(said: Said) -> Message:
    """Give a message as a caller would make it."""
    return Message(said.role, said.blocks or said.text, said.time, said.metadata, said.tokens)  # type: ignore[arg-type]


def touched(read: Message) -> int:
    """Read every field of a message."""
    used(read.role, read.timestamp.year, read.metadata["file"], read.tokens, read.id, read.model, read.origin)
    return characters(read.content)


def _weight(store: Path) -> int:
    """Give the bytes of a store's objects and refs."""
    files = (path for part in ("objects", "refs") for path in (store / part).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)
