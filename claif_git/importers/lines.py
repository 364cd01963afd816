"""JSON Lines: an object a line, and a problem for every line that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from claif_git.errors import InvalidInputError
from claif_git.importers.conversation import Problem
from claif_git.importers.values import load
from claif_git.model import Json

_BOM = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """One line that holds an object. `number` counts from 1; `text` is the line as it stands, without its end."""

    number: int
    text: str
    data: dict[str, Json]


def read_lines(data: bytes, problems: list[Problem]) -> Iterator[Line]:
    """Give the lines that hold objects, in order; empty ones are skipped, all others are added to `problems`."""
    start, number = len(_BOM) if data.startswith(_BOM) else 0, 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        number += 1
        raw = data[start:end].strip(b" \t\r")
        start = end + 1
        if not raw:
            continue
        try:
            yield _read_line(number, raw)
        except InvalidInputError as error:
            problems.append(Problem(number, error.message))


def _read_line(number: int, raw: bytes) -> Line:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"not UTF-8 at byte {error.start}") from error
    value = load(text)
    if not isinstance(value, dict):
        raise InvalidInputError("not an object")
    return Line(number, text, value)
