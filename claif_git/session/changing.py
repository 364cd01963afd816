"""The verbs that change history: each by a new commit on top, but for the purge, which forgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from claif_git.ids import unique
from claif_git.model.message import Message
from claif_git.session import amending, undoing
from claif_git.session.finding import Finder
from claif_git.session.operations import Operation, operations
from claif_git.session.oplog import everything
from claif_git.session.purging import Purged, purge
from claif_git.session.working import Working


class ChangingHistory:
    """A part of SessionManager."""

    _working: Working
    _finding: Finder

    def operations(self) -> list[Operation]:
        """Give what was done to the store that no commit of a session tells, newest first: deletions, undo, pulls."""
        return list(operations(self._working))

    def history(self, *, limit: int | None = 50) -> list[Operation]:
        """Give what was done to the store, newest first: the commits of all sessions, and `operations`."""
        return everything(self._working, limit)

    def undo(self, session_id: str | None = None) -> undoing.Undone:
        """Take the last change of a session back, or of the store. InvalidInputError if there is none."""
        return undoing.undo(self._working, self._alive_or_deleted(session_id) if session_id else None)

    def redo(self, session_id: str | None = None) -> undoing.Undone:
        """Do again what `undo` took back last. InvalidInputError if something else was done since."""
        return undoing.redo(self._working, self._alive_or_deleted(session_id) if session_id else None)

    def _alive_or_deleted(self, prefix: str) -> str:
        """Give the id that a prefix stands for, of a deleted session as well: what is undone may be the deletion."""
        store = self._working.store
        return prefix if store.tip(prefix) else unique(prefix, {**store.trashed(), **store.ids()})

    def reset_session(self, session_id: str, commit: str) -> str:
        """Make a session show what it showed at a commit, by a new commit; give that one."""
        return amending.reset(self._working, self._working.store.resolve(session_id), commit)

    def edit_message(self, session_id: str, message_index: int, content: Any) -> None:
        """Change what a message says, in its own file. MessageIndexError."""
        amending.edit(self._working, self._working.store.resolve(session_id), message_index, content)

    def message_file(self, session_id: str, message_index: int) -> str:
        """Give a message's file as it is, front matter and all, whether it can be read or not. MessageIndexError."""
        return amending.file_of(self._working, self._working.store.resolve(session_id), message_index)

    def mend_message(self, session_id: str, message_index: int, file: str, was: str | None = None) -> None:
        """Put a whole file in the place of a message's that cannot be read. MalformedError if this one cannot either.

        InvalidInputError where the message can be read, or `was` is given and its file is another; MessageIndexError.
        """
        amending.mend(self._working, self._working.store.resolve(session_id), message_index, file, was)

    def leave_out(self, session_id: str, messages: Sequence[Message]) -> None:
        """Leave out messages as they were read, wherever they stand now; one that was changed since stays."""
        amending.leave_out(self._working, self._working.store.resolve(session_id), messages)

    def drop_messages(self, session_id: str, message_indexes: Sequence[int]) -> None:
        """Leave messages out of a session; they stay in history. MessageIndexError."""
        amending.drop(self._working, self._working.store.resolve(session_id), message_indexes)

    def cherry_pick(self, session_id: str, message_indexes: Sequence[int], into: str) -> list[Message]:
        """Say messages of one session again at the end of another; give them as stored. MessageIndexError."""
        return amending.cherry_pick(
            self._working, self._working.store.resolve(session_id), message_indexes, self._working.store.resolve(into)
        )

    def purge_session(self, session_id: str, *, dry_run: bool = False) -> Purged:
        """Remove a session for good, from the trash, drafts, index and operation log too; a tombstone stays.

        Give which remotes still hold copies, and which sessions share turns with it. With `dry_run`, nothing goes.
        """
        if not dry_run:
            self._finding.close()
        return purge(self._working, session_id, dry_run=dry_run)
