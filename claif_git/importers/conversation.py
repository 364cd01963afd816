"""What every importer gives: conversations as trees of turns, and what could not be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from claif_git.model import Message


@dataclass(frozen=True, slots=True)
class ImportedTurn:
    """One message and the turn it follows: an index into the conversation's turns, None at a root.

    A parent stands before its children. `message.id` is the source's own id where there is one.
    """

    message: Message
    parent: int | None


@dataclass(frozen=True, slots=True)
class ImportedBranch:
    """One line through the conversation, from its root to `leaf`, an index into the turns.

    `key` is unique within the conversation and stays with the line when the file grows: what is made of a branch
    must be named after its key, never after its place in the list, since a file that grew may have another main line.
    """

    key: str
    title: str | None
    leaf: int
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportedConversation:
    """One conversation. The first branch is the main line: the one that was continued last.

    source      one of KNOWN_SOURCES
    key         the same whenever the same conversation is read, also from a grown file; printable ASCII
    metadata    for the session: the source, its session id, where it happened
    turns       in the order of the source; reading a grown file gives the same turns, then the new ones
    template, parameters, order   as Session has them, where the source knows them
    """

    source: str
    key: str
    title: str | None
    created_at: datetime
    metadata: dict[str, Any]
    turns: tuple[ImportedTurn, ...]
    branches: tuple[ImportedBranch, ...]
    template: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    order: str = "path"

    def line(self, branch: ImportedBranch) -> list[ImportedTurn]:
        """Give the turns of a branch, from the root to its leaf."""
        found = []
        at: int | None = branch.leaf
        while at is not None:
            found.append(self.turns[at])
            at = self.turns[at].parent
        return found[::-1]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read, or not as it stands. `line` counts from 1; None in a file without lines."""

    line: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything that a file held, and everything that was wrong with it."""

    conversations: tuple[ImportedConversation, ...] = ()
    problems: tuple[Problem, ...] = ()
