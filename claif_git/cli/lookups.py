"""Shows where messages come from, and lines that match a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from claif_git.cli.paint import DIM, FOUND, PLACE, paint
from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import ago, stamp
from claif_git.cli.views import table

if TYPE_CHECKING:
    from claif_git.session.blaming import Blame
    from claif_git.session.grepping import Found

_SHORT = 10
_WIDEST = 500
"""Characters of a line that are shown around what matches; some lines of tool results hold megabytes."""


def blame(out: Output, found: Sequence[Blame]) -> None:
    """List where messages come from."""
    when = ago if out.pretty else stamp
    rows = [
        (
            one.commit[:_SHORT],
            f"#{one.index}",
            one.branch,
            one.author.partition(" <")[0] if out.pretty else one.author,
            one.role,
            when(one.time),
            one.text,
        )
        for one in found
    ]
    table(out, ("commit", "#", "branch", "author", "role", "said", "text"), rows)


def found_lines(out: Output, found: Iterable[Found]) -> None:
    """Print lines that match as they come: in a pipe cells parted by tabs; on a terminal what matches is marked."""
    for one in found:
        place = f"{one.session_id}#{one.message_index}" if one.message_index is not None else one.commit[:_SHORT]
        text, spans = _window(one.line, one.spans)
        if not out.pretty:
            out.row((place, one.number, one.role, one.state, text))
            continue
        state = f"{one.state}, {one.session_id} " if one.message_index is None else ""
        where = paint(out, f"{one_line(place)}:{one.number}:", PLACE)
        out.rendered(f"{where} {paint(out, state, DIM)}{_marked(out, text, spans)}\n")


def _window(line: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Cut a very long line around its first match."""
    if len(line) <= _WIDEST:
        return line, list(spans)
    start = max(0, min(spans[0][0] - _WIDEST // 4, len(line) - _WIDEST))
    end = start + _WIDEST
    before, after = "…" if start else "", "…" if end < len(line) else ""
    shift = len(before) - start
    inside = [(max(a, start) + shift, min(b, end) + shift) for a, b in spans if a < end and b > start]
    return f"{before}{line[start:end]}{after}", inside


def _marked(out: Output, text: str, spans: Sequence[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += [paint(out, text[at:start]), paint(out, text[start:end], FOUND)]
        at = end
    return "".join([*parts, paint(out, text[at:])]).replace("\t", " ")
