"""One conversation, as it stood at one commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from claif_git.errors import MalformedError
from claif_git.model.message import Message

Loader = Callable[[], list[Message | MalformedError]]


@dataclass
class Session:
    """A conversation. Changing it changes nothing in the store; SessionManager's verbs do that.

    id          the session's full id
    metadata    JSON data by text keys; a key whose value is None does not appear
    created_at, updated_at   timezone-aware, UTC
    template    the template's name it was made from, or None
    title       or None
    parameters  what the template suggests for calls: temperature, max_tokens, model, …
    order       "path" or "chronological"
    tip         the commit it was read from (40 hex digits)
    messages    loaded from the store on first use; MalformedError if one cannot be read: `readable` and `problems` give
                what can, and why the rest cannot
    message_count   how many those are, without loading them where that is known
    """

    id: str
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, Any] = field(default_factory=dict)
    template: str | None = None
    title: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    order: str = "path"
    tip: str = ""
    loader: Loader | None = field(default=None, repr=False, compare=False)
    problems_loader: Callable[[], list[MalformedError]] | None = field(default=None, repr=False, compare=False)
    count: int | None = field(default=None, repr=False, compare=False)
    _read: list[Message | MalformedError] | None = field(default=None, repr=False, compare=False)

    def _loaded(self) -> list[Message | MalformedError]:
        if self._read is None:
            self._read = self.loader() if self.loader else []
            for index, message in enumerate(self._read):
                if isinstance(message, MalformedError):
                    name = f"{self.id}#{index}"
                    message.hint = f"to mend it: claif-git edit {name}; to leave it out: claif-git drop {name}"
        return self._read

    @property
    def messages(self) -> list[Message]:
        """The messages in conversation order; a position here is a message index. MalformedError names a bad file."""
        read = self._loaded()
        for message in read:
            if isinstance(message, MalformedError):
                raise message
        return cast("list[Message]", read)

    @messages.setter
    def messages(self, messages: list[Message]) -> None:
        self._read = list(messages)

    @property
    def readable(self) -> list[tuple[int, Message]]:
        """The messages that can be read, each with its index."""
        return [(index, message) for index, message in enumerate(self._loaded()) if isinstance(message, Message)]

    @property
    def problems(self) -> list[MalformedError]:
        """What in the session breaks the format, message by message and beside."""
        broken = [message for message in self._loaded() if isinstance(message, MalformedError)]
        return broken + (self.problems_loader() if self.problems_loader else [])

    @property
    def message_count(self) -> int:
        """How many messages there are."""
        if self._read is None and self.count is not None:
            return self.count
        return len(self._loaded())
