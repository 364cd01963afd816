"""What a comparison gives: plain values, and the same as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from claif_git.diff.words import Run
from claif_git.errors import MalformedError
from claif_git.model import Json, Message, iso

Read = Message | MalformedError


@dataclass(frozen=True, slots=True)
class Only:
    """A message that one side shows and the other does not; `dropped`: the other holds it, and leaves it out."""

    index: int
    message: Read
    dropped: bool = False

    def to_data(self) -> dict[str, Json]:
        """Give it as JSON data."""
        return {**message_data(self.index, self.message), "dropped": self.dropped}


class Field(NamedTuple):
    """A part of a message beside its content: `key` is `model`, `tokens`, `metadata.KEY` and so on."""

    key: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Changed:
    """A message that both sides show, not in the same words.

    by       who changed it since the fork: "a", "b" or "both"; "" where there is no common ancestor to tell by
    before   as side a has it; `after` as side b does
    content  how its text became the other, run by run; empty where only the fields differ
    fields   what differs beside the content
    """

    index_a: int
    index_b: int
    by: str
    before: Read
    after: Read
    content: tuple[Run, ...] = ()
    fields: tuple[Field, ...] = ()

    def to_data(self) -> dict[str, Json]:
        """Give it as JSON data."""
        return {
            "index_a": self.index_a,
            "index_b": self.index_b,
            "by": self.by,
            "before": message_data(self.index_a, self.before),
            "after": message_data(self.index_b, self.after),
            "content": [list(run) for run in self.content],
            "fields": [field._asdict() for field in self.fields],
        }


class SettingChange(NamedTuple):
    """A setting that differs: `title`, `order`, `template`, `parameters` or `metadata.KEY`; None where it is unset."""

    key: str
    a: Json
    b: Json


@dataclass(frozen=True, slots=True)
class SessionDiff:
    """Two sessions, or two states of one, side by side.

    a, b               their ids; `commit_a` and `commit_b` say where they stood
    fork               the newest commit that both have, or None for strangers
    shared             how many messages they begin with alike (one that was edited since is among them)
    common             how many messages both show, wherever those stand
    only_a, only_b     what one shows and the other does not, in order
    changed, settings  what both have, and differs
    """

    a: str
    b: str
    commit_a: str
    commit_b: str
    fork: str | None
    shared: int
    common: int
    only_a: tuple[Only, ...] = ()
    only_b: tuple[Only, ...] = ()
    changed: tuple[Changed, ...] = ()
    settings: tuple[SettingChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether both say the same."""
        return not (self.only_a or self.only_b or self.changed or self.settings)

    def to_data(self) -> dict[str, Any]:
        """Give it as JSON data, in the shape that docs/cli.md describes."""
        return {
            "a": self.a,
            "b": self.b,
            "commit_a": self.commit_a,
            "commit_b": self.commit_b,
            "fork": self.fork,
            "shared": self.shared,
            "common": self.common,
            "only_a": [only.to_data() for only in self.only_a],
            "only_b": [only.to_data() for only in self.only_b],
            "changed": [changed.to_data() for changed in self.changed],
            "settings": [setting._asdict() for setting in self.settings],
        }


def message_data(index: int, message: Read) -> dict[str, Json]:
    """Give a message as JSON data; one that cannot be read says why in `problem`."""
    if isinstance(message, MalformedError):
        return {"index": index, "problem": str(message)}
    return {
        "index": index,
        "role": message.role.value,
        "timestamp": iso(message.timestamp),
        "content": message.content,
        "id": message.id,
        "model": message.model,
        "tokens": message.tokens,
        "metadata": message.metadata,
    }
