"""What the harness asks of a backend. One that cannot do something does not have the method, and is shown as «—»."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from benchmarks.workload import Conversation, Said


def places(folder: Path) -> dict[str, str]:
    """Give the variables that keep a backend from a user's own files: it finds those of an empty home instead."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "LLM_USER_PATH": str(home / "llm")}


class Backend(Protocol):
    """A way to keep conversations in a folder. Making one is cheap and opens nothing; `open` is part of what is timed.

    Methods that read give a number that depends on every field they read, so that nothing lazy is left unread.
    """

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> None:
        """Make the store if there is none, and get ready to read and write."""

    def close(self) -> None:
        """Let go of it."""

    def fill(self, conversations: Iterable[Conversation]) -> None:
        """Put whole conversations in, in whatever way is fastest; this is never timed."""

    def append(self, talk: Conversation, said: Said) -> None:
        """Add a message. When this returns, it has to survive a power cut."""

    def load(self, talk: Conversation) -> int:
        """Read a conversation, every field of every message; give the characters said."""


class Finder(Protocol):
    """What some can do beside."""

    def last(self, talk: Conversation, count: int) -> int:
        """Read the last messages."""

    def listing(self, project: str | None) -> int:
        """Read all fields of all sessions (of one project, if named), newest first; give how many there are."""

    def search(self, word: str) -> int:
        """Find the twenty best hits, each with a snippet; give how many were found."""

    def branch(self, talk: Conversation, index: int) -> None:
        """Make a session that shows messages 0 to `index` of another."""
