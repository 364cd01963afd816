"""Reads what people type: metadata, moments, numbers of bytes. `typer.BadParameter` for what makes no sense."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.model import as_utc, last_of, now, parse_iso

_AGO = re.compile(r"(\d{1,6})\s*([mhdw])")
_LONGEST = 80
"""Characters of a word that an error repeats."""
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def metadata(words: Iterable[str] | None, option: str = "--metadata") -> dict[str, Any]:
    """Read JSON objects and `key=value` words into one dict; later ones win.

    A value that is JSON is taken as such (`rating=5`, `done=true`, `tags=["a"]`), any other as text.
    """
    found: dict[str, Any] = {}
    for word in words or ():
        found.update(_object(word, option) if word.lstrip().startswith("{") else _pair(word, option))
    return found


def _object(word: str, option: str) -> dict[str, Any]:
    try:
        value = json.loads(word)
    except ValueError as error:
        raise typer.BadParameter(f"{_cut(word)} is not JSON: {error}", param_hint=option) from None
    except RecursionError:
        raise _too_deep(word, option) from None
    return dict(value)


def _pair(word: str, option: str) -> dict[str, Any]:
    key, equals, text = word.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{_cut(word)} is neither key=value nor a JSON object.", param_hint=option)
    try:
        return {key: json.loads(text)}
    except ValueError:
        return {key: text}
    except RecursionError:
        raise _too_deep(word, option) from None


def _too_deep(word: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(f"{_cut(word)} is nested too deep.", param_hint=option)


def _cut(word: str) -> str:
    return repr(word if len(word) <= _LONGEST else f"{word[:_LONGEST]}…")


def span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read --since and --until: from the first moment of what the one names to the last of what the other does."""
    return _moment(since, "--since", parse_iso), _moment(until, "--until", last_of)


def _moment(word: str | None, option: str, read: Callable[[str], datetime]) -> datetime | None:
    """Read an ISO 8601 moment (local time, if it names no zone), or how long ago: `90m`, `12h`, `7d`, `2w`."""
    if word is None:
        return None
    ago = _AGO.fullmatch(word.strip())
    try:
        if ago:
            return as_utc(now() - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        return read(word)
    except (InvalidInputError, OverflowError):
        raise typer.BadParameter(
            f"{word!r} is neither a date and time (2026-11-24, 2026-11-24T21:32) nor an age (90m, 12h, 7d, 2w).",
            param_hint=option,
        ) from None


def between(at: datetime, earliest: datetime | None, latest: datetime | None) -> bool:
    """Whether a moment lies in a span, both ends included; None is open."""
    return (earliest is None or at >= earliest) and (latest is None or at <= latest)


def one_of(word: str | None, known: Iterable[str], option: str) -> str | None:
    """Give `word` if it is one of the known ones."""
    choices = list(known)
    if word is not None and word not in choices:
        raise typer.BadParameter(f"{word!r} is not one of {', '.join(choices)}.", param_hint=option)
    return word


def raw_bytes(path: Path) -> bytes:
    """Read a file, `-` being stdin. OSError."""
    return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()


def mapping_file(path: Path, option: str) -> dict[str, Any]:
    """Read a file of JSON or YAML that holds one mapping."""
    from claif_git.format.handwritten import read

    try:
        return read(text_file(path, option))
    except MalformedError as error:
        raise typer.BadParameter(f"{path}: {error}", param_hint=option) from None


def text_file(path: Path, option: str) -> str:
    """Read a text file, `-` being stdin."""
    try:
        return raw_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{path} is not UTF-8 text.", param_hint=option) from None
