"""Files of `key: value` lines: the writer, the scanner of what it wrote, and the way to the strict reader of the rest.

A value is JSON in the line of its key, or a list with one item a line below it. Only the roles and moments as we write
them stand unquoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.values import MAX_KEY, dump_key, dumps, load_key, loads, unlike_in_yaml
from claif_git.model import Json, as_utc
from claif_git.model.times import EARLIEST, LATEST

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_MOMENT_LENGTH = 27
_WORDS = frozenset({"system", "user", "assistant"})
_COMMON = frozenset({"role", "timestamp", "id", "tokens", "model", "metadata", "value"})
_KEY = re.compile(r"[a-z][a-z0-9_]*")


def line(key: str, value: Json) -> str:
    """Write one `key: value` line, its end included."""
    return f"{dump_key(key)}: {dumps(value)}\n"


def listing(key: str, items: Iterable[str]) -> str:
    """Write a list below its key, one item (JSON already) a line; an empty one in the key's line."""
    text = "".join(f"- {item}\n" for item in items)
    return f"{key}:\n{text}" if text else f"{key}: []\n"


def scan(text: str, *, unread: str = "") -> dict[str, Json] | None:
    """Read lines that we wrote. None for anything else, which may still be good YAML.

    The items of the list below the key `unread` stay text, for callers that do not look at them.
    """
    values: dict[str, Json] = {}
    below: list[Json] | None = None
    key = ""
    lines = text.split("\n")
    if lines.pop() or unlike_in_yaml(text):
        return None
    try:
        for each in lines:
            if below is not None and each[:2] == "- ":
                below.append(each if key == unread else loads(each[2:]))
                continue
            key, rest = _parted(each)
            if key in values or below == []:
                return None
            below = None
            if not rest:
                below = values[key] = []
            else:
                values[key] = _value(rest[1:])
    except ValueError:
        return None
    return None if below == [] else values


def _value(text: str) -> Json:
    if text in _WORDS or (len(text) == _MOMENT_LENGTH and _MOMENT.fullmatch(text)):
        return text
    return loads(text)


def _parted(text: str) -> tuple[str, str]:
    """Part a line into its key and what follows the colon: empty, or a space and the value."""
    if text[:1] == '"':
        key, end = load_key(text)
        colon, rest = text[end : end + 1], text[end + 1 :]
    else:
        key, colon, rest = text.partition(":")
        if key not in _COMMON and (not _KEY.fullmatch(key) or len(key) > MAX_KEY):
            raise ValueError("not a key")
    if colon != ":" or (rest and rest[0] != " "):
        raise ValueError("not a line of ours")
    return key, rest


def read_lines(data: bytes) -> dict[str, Json]:
    """Read a whole file of `key: value` lines, ours or a person's. MalformedError for anything but a mapping."""
    text = decoded(data)
    values = scan(text)
    if values is not None:
        return values
    from claif_git.format import handwritten  # brings PyYAML, for which what we wrote need not wait

    return handwritten.read(text.removeprefix("\ufeff"))


def decoded(data: bytes, *, first_line: int = 1) -> str:
    """Decode UTF-8; MalformedError names the line of the first byte that is none."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line_number = first_line + data.count(b"\n", 0, error.start)
        raise MalformedError(f"not UTF-8: byte {data[error.start]:#04x}", line=line_number) from None


def moment(value: Json, what: str) -> datetime:
    """Read a moment, ours or in any form that YAML takes for one; one without a zone is in UTC. MalformedError else."""
    if not isinstance(value, str):
        raise MalformedError(f"{what} is a moment such as 2026-11-24T21:32:05.123456Z")
    try:
        if len(value) == _MOMENT_LENGTH:
            read = datetime.fromisoformat(value)
            if read.tzinfo is UTC and EARLIEST <= read < LATEST:
                return read
    except ValueError:
        pass
    from claif_git.format import handwritten

    try:
        return as_utc(handwritten.moment(value))
    except InvalidInputError as error:
        raise MalformedError(f"{what}: {error}") from None


def line_of(text: str, key: str, *, first_line: int = 1) -> int | None:
    """Find the line that a key stands in, for an error about its value."""
    starts = (f"{key}:", f'"{key}":', f"'{key}':", f"{key} :")
    for number, each in enumerate(text.split("\n"), first_line):
        if each.startswith(starts):
            return number
    return None
