"""Content blocks: plain JSON data, whatever they were when they came in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from claif_git.errors import InvalidInputError

Json: TypeAlias = Any
Block: TypeAlias = dict[str, Json]
Content: TypeAlias = str | list[Block]

MAX_INT_DIGITS = 4000
"""Python refuses to turn longer integers into text and back (sys.int_info.default_max_str_digits is 4300)."""
_INT_LIMIT = 10**MAX_INT_DIGITS
MAX_DEPTH = 200
"""Lists and mappings nested deeper than this cannot be stored."""


def plain(value: object, what: str = "value", depth: int = 0) -> Json:
    """Copy `value` into plain JSON data: dict, list, str, int, float, bool, None. `depth` is how deep it stands itself.

    Objects of the anthropic SDK (anything with `model_dump`) give what the API had sent. Tuples become lists.
    InvalidInputError for anything that JSON cannot hold (bytes, NaN, infinities, keys that are not text), and past
    MAX_DEPTH, as in data that hold themselves.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # the word itself, where str() of an enum's member gives its name
    if isinstance(value, int):
        if not -_INT_LIMIT < value < _INT_LIMIT:
            raise InvalidInputError(f"{what}: an integer of more than {MAX_INT_DIGITS} digits cannot be stored")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidInputError(f"{what}: {value} cannot be stored; JSON has no such number")
        return float(value)
    return _nested(value, what, depth)


def _nested(value: object, what: str, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise InvalidInputError(f"{what}: nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {_key(key, what): plain(item, what, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, what, depth + 1) for item in value]
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return plain(dump(mode="json", exclude_unset=True), what, depth + 1)
    raise InvalidInputError(f"{what}: {type(value).__name__} is not JSON data")


def _key(key: object, what: str) -> str:
    if not isinstance(key, str):
        raise InvalidInputError(f"{what}: the key {key!r} is not text")
    return str.__str__(key)


def normalise(content: object) -> Content:
    """Give message content as a `str` or a list of block dicts, copied. InvalidInputError for anything else."""
    if isinstance(content, str):
        return str.__str__(content)
    if content is None or isinstance(content, (bytes, Mapping)) or not isinstance(content, Iterable):
        raise InvalidInputError(f"content is text or a list of blocks, not {type(content).__name__}")
    blocks = [plain(block, "content block") for block in content]
    for block in blocks:
        if not isinstance(block, dict):
            raise InvalidInputError(f"a content block is a mapping with a type, not {type(block).__name__}")
    return blocks


def text_of(content: Content) -> str:
    """Give what a person reads first: the text, or the text blocks parted by an empty line."""
    if isinstance(content, str):
        return content
    parts = (block.get("text") for block in content if block.get("type") == "text")
    return "\n\n".join(part for part in parts if isinstance(part, str))


def searchable(content: Content) -> str:
    """Give everything in the content that a search should find: text, thinking, tool names, inputs and results."""
    if isinstance(content, str):
        return content
    return "\n".join(_words(content))


_OPAQUE = frozenset({"data", "signature", "id", "tool_use_id", "type", "media_type", "cache_control"})


def _words(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in _OPAQUE:
                yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
