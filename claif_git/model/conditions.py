"""What a list of sessions is narrowed to, and names with `*` in them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model.blocks import Json, plain
from claif_git.model.canonical import canonical
from claif_git.model.session import Session
from claif_git.model.times import as_utc

IS, IS_NOT, CONTAINS = "=", "!=", "~"
_WRITTEN = re.compile(r"([^=~]+?)(!=|=|~)(.*)", re.DOTALL)
_KNOWN = "key=value, key!=value or key~text"
_ANOTHER = "<>!"
"""What a key ends with if an operator was meant that there is not: <=, >=, !~."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What a value has to be: of a session's own fields (template, title, id) or of its metadata.

    `=`, `!=`   the same JSON value, or another or none: 1 and 1.0 are one, True is another; None is what is not there
    `~`         text that occurs in the value, whatever its case; in the JSON of one that is not text
    """

    key: str
    sign: str
    value: Json

    @staticmethod
    def parse(text: str) -> Condition:
        """Read `key=value`, `key!=value` or `key~text`. A value that is JSON is taken as such, any other as text.

        InvalidInputError for what is none of these, and where another operator seems to be meant (==, =~, >=, <=, !~):
        a value that begins so is written as JSON, and a Condition takes any key.
        """
        parts = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
        if parts is None:
            raise InvalidInputError(f"not a condition: {text!r}", hint=_KNOWN)
        key, sign, word = parts[1].strip(), parts[2], parts[3]
        if not key:
            raise InvalidInputError(f"a condition names no key: {text!r}", hint=_KNOWN)
        if key[-1] in _ANOTHER or (sign != CONTAINS and word[:1] in ("=", CONTAINS)):
            hint = f'{_KNOWN}; a value that begins with = or ~ stands in quotes: key="=x"'
            raise InvalidInputError(f"the operators of a condition are =, != and ~: {text!r}", hint=hint)
        return Condition(key, sign, word if sign == CONTAINS else _typed(word))

    def holds(self, session: Session) -> bool:
        """Tell whether it holds for a session."""
        own = {"template": session.template, "title": session.title, "id": session.id}
        return self.holds_for([session.metadata.get(self.key), own.get(self.key)])

    def holds_for(self, values: Sequence[Json]) -> bool:
        """Tell whether it holds where the key has these values; None for none."""
        there = [value for value in values if value is not None]
        if self.sign == CONTAINS:
            wanted = str(self.value).casefold()
            return any(wanted in _as_text(value).casefold() for value in there)
        same = (not there) if self.value is None else canonical(self.value) in map(canonical, there)
        return same == (self.sign == IS)


def _typed(word: str) -> Json:
    try:
        return plain(json.loads(word), "condition")
    except (ValueError, RecursionError):  # InvalidInputError is a ValueError: NaN and the like are words too
        return word


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Selection:
    """What sessions are listed: those for which all conditions hold, changed in a span, in which a model spoke.

    Both ends of the span are in it. `model` may hold `*` for any characters.
    """

    conditions: tuple[Condition, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None

    @staticmethod
    def of(
        equal: Mapping[str, Any] | None,
        where: Iterable[str | Condition],
        since: datetime | None,
        until: datetime | None,
        model: str | None,
    ) -> Selection:
        """Give what is asked for. InvalidInputError for conditions that are none, and times out of range."""
        if equal is not None and not isinstance(equal, Mapping):
            raise InvalidInputError(f"a filter is a mapping, not {type(equal).__name__}")
        if isinstance(where, (str, Condition)):
            raise InvalidInputError("conditions are a list", hint='where=["key=value"]')
        given = [one if isinstance(one, Condition) else Condition.parse(one) for one in where]
        conditions = (*(Condition(key, IS, value) for key, value in plain(equal or {}, "filter").items()), *given)
        first, last = (None if moment is None else as_utc(moment) for moment in (since, until))
        return Selection(conditions, first, last, model_name(model))

    def holds(self, session: Session, spoke: Callable[[Session, str], bool]) -> bool:
        """Tell whether a session is to be listed; `spoke` tells whether one of its models has a name."""
        return (
            all(condition.holds(session) for condition in self.conditions)
            and (self.since is None or session.updated_at >= self.since)
            and (self.until is None or session.updated_at <= self.until)
            and (self.model is None or spoke(session, self.model))
        )


def model_name(name: str | None) -> str | None:
    """Give a model's name as it is asked for. InvalidInputError if it is no text."""
    if name is not None and not (isinstance(name, str) and name):
        raise InvalidInputError(f"a model is named by text that is not empty, not {name!r}")
    return name


def is_named(pattern: str, name: str | None) -> bool:
    """Tell whether a name is the one asked for; `*` stands for any characters."""
    if name is None or "*" not in pattern:
        return name == pattern
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None
