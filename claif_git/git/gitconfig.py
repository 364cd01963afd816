"""A repository's `config` file: read, and changed line by line so that a person's comments stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import InvalidInputError

_SECTION = re.compile(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_ENTRY = re.compile(r"\s*([A-Za-z][\w-]*)\s*(=?)(.*)", re.DOTALL)
_KEY = re.compile(r"([\w-]+)\.(?:([^\n\x00]+)\.)?([A-Za-z][A-Za-z0-9-]*)")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A value, and the lines of the file (from, to) that hold it. `head`: it stands on its section's own line."""

    key: str
    value: str
    start: int
    end: int
    head: bool


class GitConfig:
    """One config file. Includes are not followed, and no other file is asked."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, key: str) -> str | None:
        """Give the last value of `section.name` or `section.sub.name`, or None."""
        wanted = normal_key(key)
        found = None
        for name, value in self.items():
            if name == wanted:
                found = value
        return found

    def items(self) -> Iterator[tuple[str, str]]:
        """Give all keys (section and name in lower case) and values, in the file's order."""
        for entry in _entries(self._lines()):
            yield entry.key, entry.value

    def _lines(self) -> list[str]:
        try:
            text = self._path.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            return []
        return [line + "\n" for line in text.removesuffix("\n").split("\n")] if text else []

    def with_value(self, key: str, value: str | None) -> bytes:
        """Give the file's new content with `key` set once to `value`, or without it."""
        wanted = normal_key(key)
        lines = self._lines()
        old = [entry for entry in _entries(lines) if entry.key == wanted]
        place = old[-1].start if old else None
        for entry in reversed(old):
            lines[entry.start : entry.end] = [_header_of(lines[entry.start])] if entry.head else []
        if value is not None:
            _insert(lines, key, f"\t{key.rpartition('.')[2]} = {_quoted(value)}\n", place)
        return "".join(lines).encode("utf-8", "surrogateescape")


def normal_key(key: str) -> str:
    """Give a key as it is compared: section and name in lower case. InvalidInputError if it is none."""
    parts = _KEY.fullmatch(key)
    if not parts:
        raise InvalidInputError(f"not a config key: {key!r}")
    section, sub, name = parts[1].lower(), parts[2], parts[3].lower()
    return f"{section}.{sub}.{name}" if sub else f"{section}.{name}"


def _insert(lines: list[str], key: str, line: str, place: int | None) -> None:
    """Put a line where the old value stood, else at the end of its section, else in a new section at the end."""
    section, _, _ = normal_key(key).rpartition(".")
    ends = list(_section_ends(lines, section))
    if ends and place is not None and any(start < place <= end for start, end in ends):
        lines.insert(place, line)
        return
    if ends:
        lines.insert(ends[-1][1], line)
        return
    name, _, sub = section.partition(".")
    escaped = sub.replace("\\", "\\\\").replace('"', '\\"')
    lines += [f'[{name} "{escaped}"]\n' if sub else f"[{name}]\n", line]


def _section_ends(lines: list[str], section: str) -> Iterator[tuple[int, int]]:
    """Give (line of the header, line after the last) of each part of the file that belongs to `section`."""
    start, current = 0, ""
    for at, name in [*_headers(lines), (len(lines), "")]:
        if current == section and current:
            yield start, at
        start, current = at, name


def _headers(lines: list[str]) -> Iterator[tuple[int, str]]:
    for at, line in enumerate(lines):
        if found := _SECTION.match(line):
            yield at, _section_name(found)


def _section_name(found: re.Match[str]) -> str:
    if found[2] is None:
        return found[1].lower()
    return f"{found[1].lower()}.{_ESCAPED.sub(lambda mark: mark[1], found[2])}"


def _header_of(line: str) -> str:
    found = _SECTION.match(line)
    return (found[0] if found else "") + "\n"


def _entries(lines: list[str]) -> Iterator[_Entry]:
    section, at = "", 0
    while at < len(lines):
        line, start, head = lines[at], at, False
        if found := _SECTION.match(line):
            section, line, head = _section_name(found), line[found.end() :], True
        at += 1
        if not (entry := _ENTRY.match(line)):
            continue
        value, text = "", entry[3]
        while True:
            part, more = _read_value(text)
            value += part
            if not more or at >= len(lines):
                break
            text = lines[at]
            at += 1
        yield _Entry(f"{section}.{entry[1].lower()}", value if entry[2] else "true", start, at, head)


def _read_value(text: str) -> tuple[str, bool]:
    """Read one line of a value, and say whether it goes on in the next."""
    out: list[str] = []
    kept, quoted, at = 0, False, 0
    text = text.removesuffix("\n").removesuffix("\r") + "\n"
    while text[at] != "\n":
        mark = text[at]
        at += 1
        if mark == '"':
            quoted = not quoted
            kept = len(out)
        elif mark == "\\":
            if text[at] == "\n":
                return "".join(out).lstrip(), True
            out.append(_ESCAPES.get(text[at], text[at]))
            at, kept = at + 1, len(out)
        elif mark in "#;" and not quoted:
            break
        elif out or quoted or not mark.isspace():
            out.append(mark)
            kept = len(out) if quoted or not mark.isspace() else kept
    return "".join(out[:kept]), False


def _quoted(value: str) -> str:
    if "\x00" in value:
        raise InvalidInputError("a config value cannot hold a NUL")
    for plain, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\b", "\\b")):
        value = value.replace(plain, escape)
    return f'"{value}"'
