"""One conversation, as it stood at one commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from claif_git.model.message import Message

Loader = Callable[[], list[Message]]


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
    messages    loaded from the store on first use
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
    count: int | None = field(default=None, repr=False, compare=False)
    _messages: list[Message] | None = field(default=None, repr=False, compare=False)

    @property
    def messages(self) -> list[Message]:
        """The messages in conversation order. MalformedError names a file that cannot be read."""
        if self._messages is None:
            self._messages = self.loader() if self.loader else []
        return self._messages

    @messages.setter
    def messages(self, messages: list[Message]) -> None:
        self._messages = list(messages)

    @property
    def message_count(self) -> int:
        """How many messages there are."""
        if self._messages is None and self.count is not None:
            return self.count
        return len(self.messages)
