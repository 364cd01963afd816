"""Token counts: a plain number, or the API's usage with input, output and cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from claif_git.errors import InvalidInputError
from claif_git.model.blocks import plain

Tokens: TypeAlias = int | dict[str, Any]
"""An int, or the API's usage as it came: input_tokens, output_tokens, cache_creation_input_tokens, …"""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens by kind. `total` is input and output, the cached part of the input included; all 0 or more."""

    total: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    def __add__(self, other: TokenCount) -> TokenCount:
        return TokenCount(
            self.total + other.total,
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
        )


def normalise_tokens(tokens: object) -> Tokens | None:
    """Give tokens as None, an int of 0 or more, or a plain dict of the API's usage. InvalidInputError otherwise."""
    if tokens is None:
        return None
    if isinstance(tokens, int) and not isinstance(tokens, bool):
        if tokens < 0:
            raise InvalidInputError(f"tokens cannot be negative: {tokens}")
        return int(plain(tokens, "tokens"))
    if isinstance(tokens, Mapping) or hasattr(tokens, "model_dump"):
        usage: dict[str, Any] = plain(tokens, "tokens")
        return usage
    raise InvalidInputError(f"tokens are a number or the API's usage, not {type(tokens).__name__}")


def count(tokens: Tokens | None) -> TokenCount:
    """Break tokens down by kind. A plain number has only a total."""
    if tokens is None:
        return TokenCount()
    if isinstance(tokens, int):
        return TokenCount(total=tokens)
    read, write = _number(tokens, "cache_read_input_tokens"), _number(tokens, "cache_creation_input_tokens")
    taken, given = _number(tokens, "input_tokens") + read + write, _number(tokens, "output_tokens")
    return TokenCount(taken + given, taken, given, read, write)


def _number(usage: Mapping[str, Any], key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
