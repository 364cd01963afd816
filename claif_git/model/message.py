"""One message of a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from claif_git.errors import InvalidInputError
from claif_git.model.blocks import Content, normalise, plain, text_of
from claif_git.model.times import as_utc, now
from claif_git.model.usage import Tokens, normalise_tokens


class MessageRole(StrEnum):
    """Who speaks. `str()` and Jinja's `|title` give the plain word."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


def role_of(role: object) -> MessageRole:
    """Give a role by its word, or by the member of somebody's enum whose value that is. InvalidInputError."""
    word = str.__str__(role) if isinstance(role, str) else str(getattr(role, "value", role))
    try:
        return MessageRole(word)
    except ValueError:
        raise InvalidInputError(f"role is system, user or assistant, not {word[:80]!r}") from None


class Origin(NamedTuple):
    """Where a message was read from: its path below `messages/`, its blob, and the commit that showed it."""

    path: str
    blob: str
    commit: str


@dataclass
class Message:
    """One message: who said what, when.

    role       a MessageRole, or its word
    content    text, or a list of content blocks; plain dicts and the anthropic SDK's objects go in, plain dicts stay
    timestamp  timezone-aware, in UTC; now if not given, a naive one is local time; 1970 to 9990
    metadata   JSON data by text keys
    tokens     a number, or the API's usage as a dict
    id         the source's own id, where there is one: a session holds no two messages with the same
    model      the model that answered, where one did
    copied_from, extra   what the file says beside: the path it was copied from, and keys unknown to this version
    origin     where it was read from; None for one that was not read from a store. Plays no part in ==

    InvalidInputError for anything that could not be stored and read back exactly.
    """

    role: MessageRole
    content: Content
    timestamp: datetime = None  # type: ignore[assignment]  # None goes in, a moment stays
    metadata: dict[str, Any] = None  # type: ignore[assignment]  # None goes in, a dict stays
    tokens: Tokens | None = None
    id: str | None = None
    model: str | None = field(default=None, kw_only=True)
    copied_from: str | None = field(default=None, kw_only=True)
    extra: dict[str, Any] = field(default_factory=dict, kw_only=True)
    origin: Origin | None = field(default=None, kw_only=True, compare=False, repr=False)

    def __post_init__(self) -> None:
        self.role = role_of(self.role)
        self.content = normalise(self.content)
        if self.timestamp is not None and not isinstance(self.timestamp, datetime):
            raise InvalidInputError(f"timestamp is a datetime, not {type(self.timestamp).__name__}")
        self.timestamp = now() if self.timestamp is None else as_utc(self.timestamp)
        if self.metadata is not None and not isinstance(self.metadata, Mapping):
            raise InvalidInputError(f"metadata is a mapping, not {type(self.metadata).__name__}")
        self.metadata = plain(self.metadata or {}, "metadata")
        self.tokens = normalise_tokens(self.tokens)
        self.extra = plain(self.extra, "extra")
        for name in ("id", "model", "copied_from"):
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value):
                raise InvalidInputError(f"{name} is text that is not empty, not {value!r}")

    @property
    def text(self) -> str:
        """What a person reads first: the content if it is text, else its text blocks parted by an empty line."""
        return text_of(self.content)
