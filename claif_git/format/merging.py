"""Two edits of one file: three-way, key by key.

Where both sides changed the same key, ours stands and the conflict is named with both values. Without a conflict the
result is the same, byte for byte, whichever side is ours.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.messages import decode_kept, encode
from claif_git.format.settings import decode_setting, encode_setting
from claif_git.model import Json, Message, MessageRole, iso


class Conflict(NamedTuple):
    """A key that both sides changed: `metadata.<key>`, `content`, a key of the front matter, or `file` for all of it.

    A value is None where that side has removed the key. In content, an attachment shows as its path.
    """

    key: str
    ours: Json
    theirs: Json


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged file, and what both sides had changed."""

    data: bytes
    conflicts: list[Conflict] = field(default_factory=list)


class _Absent:
    def __repr__(self) -> str:
        return "absent"


_ABSENT: Any = _Absent()
_UNITS = ("role", "timestamp", "id", "tokens", "model", "content", "copied_from")


def merge_message(base: bytes | None, ours: bytes, theirs: bytes) -> Merged:
    """Merge two edits of a message file; `base` is None where both sides added it, or is ignored if malformed."""
    return _merged(base, ours, theirs, _merge_messages)


def merge_setting(base: bytes | None, ours: bytes, theirs: bytes) -> Merged:
    """Merge two edits of a setting: one unit."""
    return _merged(base, ours, theirs, _merge_settings)


def _merged(
    base: bytes | None, ours: bytes, theirs: bytes, merge: Callable[[bytes | None, bytes, bytes], Merged]
) -> Merged:
    if theirs in (ours, base):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    try:
        return merge(base, ours, theirs)
    except (MalformedError, InvalidInputError):
        return Merged(ours, [Conflict("file", _shown(ours), _shown(theirs))])


def _shown(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _merge_settings(base: bytes | None, ours: bytes, theirs: bytes) -> Merged:
    (key, mine), (their_key, other) = decode_setting(ours), decode_setting(theirs)
    if key != their_key:
        return Merged(ours, [Conflict("file", _shown(ours), _shown(theirs))])
    before = _before(base, decode_setting)
    old = before[1] if before is not None and before[0] == key else _ABSENT
    conflicts: list[Conflict] = []
    return Merged(encode_setting(key, _unit(key, (old, mine, other), conflicts)), conflicts)


def _merge_messages(base: bytes | None, ours: bytes, theirs: bytes) -> Merged:
    mine, other = decode_kept(ours), decode_kept(theirs)
    before = _before(base, decode_kept)
    conflicts: list[Conflict] = []
    result = copy.copy(mine)
    for name in _UNITS:
        sides = (_value(before, name), _value(mine, name), _value(other, name))
        value = _unit(name, sides, conflicts)
        setattr(result, name, None if value is _ABSENT else value)
    result.metadata = _mapping(before.metadata if before else {}, mine.metadata, other.metadata, "metadata.", conflicts)
    result.extra = _mapping(before.extra if before else {}, mine.extra, other.extra, "", conflicts)
    return Merged(encode(result).data, conflicts)


def _before(base: bytes | None, read: Callable[[bytes], Any]) -> Any:
    if base is None:
        return None
    try:
        return read(base)
    except MalformedError:
        return None


def _value(message: Message | None, name: str) -> Any:
    value = getattr(message, name) if message is not None else None
    return _ABSENT if value is None else value


def _mapping(
    base: dict[str, Json], ours: dict[str, Json], theirs: dict[str, Json], prefix: str, conflicts: list[Conflict]
) -> dict[str, Json]:
    merged: dict[str, Json] = {}
    for key in _ordered(base, ours.keys() | theirs.keys()):
        sides = (base.get(key, _ABSENT), ours.get(key, _ABSENT), theirs.get(key, _ABSENT))
        value = _unit(prefix + key, sides, conflicts)
        if value is not _ABSENT:
            merged[key] = value
    return merged


def _ordered(base: dict[str, Json], keys: Iterable[str]) -> list[str]:
    """Old keys in their order, new ones sorted: the same from both sides."""
    left = set(keys)
    return [key for key in base if key in left] + sorted(left - base.keys())


def _unit(key: str, sides: tuple[Any, Any, Any], conflicts: list[Conflict]) -> Any:
    base, ours, theirs = sides
    if _same(ours, theirs) or _same(theirs, base):
        return ours
    if _same(ours, base):
        return theirs
    conflicts.append(Conflict(key, _told(ours), _told(theirs)))
    return ours


def _told(side: Any) -> Json:
    """Give a side of a conflict as plain data."""
    if side is _ABSENT:
        return None
    if isinstance(side, datetime):
        return iso(side)
    return str(side) if isinstance(side, MessageRole) else side


def _same(one: Any, other: Any) -> bool:
    """Compare as JSON does and Python does not: 1 is not 1.0 and not true. The order of keys counts: it is stored."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return bool(one == other)
