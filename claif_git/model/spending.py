"""What messages cost: which model answered, and how many tokens of which kind that took."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from claif_git.errors import InvalidInputError
from claif_git.model.blocks import Json
from claif_git.model.canonical import canonical
from claif_git.model.message import Message
from claif_git.model.usage import Tokens, count, normalise_tokens

MOST_TOKENS = 10**12
"""A message that claims to have taken more of a kind is counted with so many, which keeps every sum in 64 bits."""

GROUPS = ("model", "day", "project", "session")
"""What the spending of a store can be told apart by."""


class Spent(NamedTuple):
    """Tokens by kind: a message's, or the sums of many. `hour_write` is the part of `cache_write` kept for an hour.

    `input` and the kinds after it are None where a message says only how many there were in all.
    """

    total: int
    input: int | None
    output: int | None
    cache_read: int | None
    cache_write: int | None
    hour_write: int | None


class Tally(NamedTuple):
    """Messages that can be priced as one: of one group and one model, all or none with tokens by kind.

    level     how many of the lengths at which a model's price changes their prompts exceed
    messages  how many; `counted`: those that have tokens
    """

    group: str | None
    model: str | None
    by_kind: bool
    level: int
    messages: int
    counted: int
    spent: Spent


@dataclass(slots=True)
class Counted:
    """What the messages of a store took. A message that several sessions show counts once in each group.

    sessions    how many have such a message, by group
    unreadable  message files that cannot be read, and count nowhere
    """

    tallies: list[Tally] = field(default_factory=list)
    sessions: dict[str | None, int] = field(default_factory=dict)
    unreadable: int = 0


def tokens_of(message: Message) -> Tokens | None:
    """Give a message's tokens, from where they stand: `tokens`, or `metadata["tokens"]`; None where there are none."""
    if message.tokens is not None:
        return message.tokens
    try:
        return normalise_tokens(message.metadata.get("tokens"))
    except InvalidInputError:
        return None


def model_of(message: Message) -> str | None:
    """Give the model that answered, from where it stands: `model`, or `metadata["model"]`."""
    told = message.model or message.metadata.get("model")
    return told if isinstance(told, str) and told else None


def hour_writes(usage: Mapping[str, Any]) -> int:
    """Give how many tokens a call wrote to the cache that keeps them for an hour."""
    split = usage.get("cache_creation")
    value = split.get("ephemeral_1h_input_tokens") if isinstance(split, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def spent_by(message: Message) -> Spent | None:
    """Give what one message took; None if it has no tokens."""
    tokens = tokens_of(message)
    if tokens is None:
        return None
    counted = count(tokens)
    if not isinstance(tokens, Mapping):
        return Spent(min(counted.total, MOST_TOKENS), None, None, None, None, None)
    hour = min(hour_writes(tokens), counted.cache_write)
    kinds = (counted.input, counted.output, counted.cache_read, counted.cache_write, hour)
    return Spent(*(min(number, MOST_TOKENS) for number in (counted.total, *kinds)))


def project_of(metadata: Mapping[str, Json]) -> str | None:
    """Give the project that a session belongs to: its metadata's `project`, else the last folder of its `cwd`.

    A project that is a number, true or false is named by its JSON.
    """
    named, folder = metadata.get("project"), metadata.get("cwd")
    if isinstance(named, (int, float)):
        return canonical(named)
    if isinstance(named, str) and named:
        return named
    last = re.split(r"[\\/]", folder.rstrip("\\/"))[-1] if isinstance(folder, str) else ""
    return last or None
