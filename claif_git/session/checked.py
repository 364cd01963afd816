"""Which history of a session has been looked through for files that somebody removed with plain git.

The mark on disk is a convenience: without it, or with a damaged one, the whole history is looked through once more.
"""

from __future__ import annotations

import re
from pathlib import Path

from claif_git.git import Repository
from claif_git.history.placing import Entry
from claif_git.history.removed import find_removed

MARK_EVERY = 64
"""Commits walked or made before the mark on disk moves."""
_WORTH_A_MARK = 16
"""The same, where a manager is closed: fewer are looked through as fast as a file is made."""
_OID = re.compile(rb"[0-9a-f]{40}")


class Checked:
    """Remembers, for each session, the tip up to which all is sound."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._folder: Path = repo.path / "claif" / "checked"
        self._known: dict[str, str] = {}
        self._since_mark: dict[str, int] = {}

    def removed(self, session_id: str, tip: str) -> list[Entry]:
        """Give the message files that were removed with plain git, up to `tip`."""
        known = self._known.get(session_id) or self._read_mark(session_id)
        if known == tip:
            return []
        found, walked = find_removed(self._repo, tip, known)
        if not found:
            self.moved(session_id, tip, walked)
        return found

    def grew(self, session_id: str, before: str, after: str) -> None:
        """Note that a commit's only child added to its tree and took nothing out: it is as sound as that."""
        if self._known.get(session_id) == before:
            self.moved(session_id, after)

    def moved(self, session_id: str, tip: str, commits: int = 1) -> None:
        """Note that all is sound up to `tip`."""
        self._known[session_id] = tip
        self._since_mark[session_id] = self._since_mark.get(session_id, 0) + commits
        if self._since_mark[session_id] >= MARK_EVERY:
            self._since_mark[session_id] = 0
            self._write_mark(session_id, tip)

    def close(self) -> None:
        """Move marks on disk, so that the next process has little to look through."""
        for session_id, count in self._since_mark.items():
            if count >= _WORTH_A_MARK:
                self._write_mark(session_id, self._known[session_id])
        self._since_mark.clear()

    def _read_mark(self, session_id: str) -> str | None:
        try:
            data = (self._folder / session_id).read_bytes()
        except OSError:
            return None
        oid = data.strip()
        return oid.decode() if _OID.fullmatch(oid) and self._repo.has(oid.decode()) else None

    def _write_mark(self, session_id: str, tip: str) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / session_id).write_text(tip + "\n", encoding="ascii")
        except OSError:
            return  # a read-only or full disk: the next writer looks through the history again
