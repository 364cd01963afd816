"""The list that a person edits to merge by hand, as `git rebase -i` has it. Pure: text in, text out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from claif_git.cli.terminal import one_line
from claif_git.errors import InvalidInputError
from claif_git.model import Message

_LINE = re.compile(r"(pick|p|drop|d)\s+#?(\d+)(?:\s.*)?")
_SNIPPET = 72

_HELP = """
# Merging {other} into {into}: {count} past the fork.
#
# p, pick <message> = keep it
# d, drop <message> = leave it out (as does deleting its line)
#
# Messages are taken in the order of the lines. With no line left, the merge is called off.
"""


def written(messages: Sequence[Message], other: str, into: str) -> str:
    """Write the list: a line a message, all picked, and how to edit it."""
    lines = [f"pick #{number} {message.role}  {_snippet(message)}" for number, message in enumerate(messages)]
    counted = "1 message" if len(messages) == 1 else f"{len(messages)} messages"
    return "\n".join(lines) + "\n" + _HELP.format(other=one_line(other), into=one_line(into), count=counted)


def _snippet(message: Message) -> str:
    text = one_line(message.text) or "(no text)"
    return text if len(text) <= _SNIPPET else f"{text[: _SNIPPET - 1]}…"


def chosen(text: str, messages: Sequence[Message]) -> list[Message]:
    """Read the list back: the messages to keep, in order.

    InvalidInputError names a line that says neither pick nor drop, a number that is not there, or one named twice.
    """
    kept: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        index = _index(number, stripped, len(messages))
        if not stripped.startswith("d"):
            if index in kept:
                raise InvalidInputError(f"line {number} of the pick list: #{index} is picked twice")
            kept.append(index)
    return [messages[index] for index in kept]


def _index(number: int, line: str, count: int) -> int:
    found = _LINE.fullmatch(line)
    if not found:
        raise InvalidInputError(f"line {number} of the pick list is neither pick nor drop: {line[:60]!r}")
    if int(found[2]) >= count:
        raise InvalidInputError(f"line {number} of the pick list: there is no #{found[2]}")
    return int(found[2])
