"""A regular expression that messages are looked through with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from claif_git.errors import InvalidInputError
from claif_git.model.search import Snippet

LONGEST_PATTERN = 2000
"""Characters that a pattern may have."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_BEFORE, _AFTER = 60, 90
"""Characters that a snippet shows around the first match."""
_MOST_MARKED = 32


def without_controls(text: str) -> str:
    """Give text as it is searched: control characters, but tabs and line ends, and lone surrogates are spaces."""
    return _UNFIT.sub(" ", text)


class Pattern:
    """A regular expression of Python's; `^` and `$` stand for the ends of each line, `(?i)` for whatever case.

    One can be written that takes for ever on some text: patterns are for people's own searches.
    """

    def __init__(self, pattern: str) -> None:
        """Read a pattern. InvalidInputError if it is none, or longer than LONGEST_PATTERN."""
        if not isinstance(pattern, str):
            raise InvalidInputError(f"a pattern is text, not {type(pattern).__name__}")
        if len(pattern) > LONGEST_PATTERN:
            raise InvalidInputError(f"a pattern has at most {LONGEST_PATTERN:,} characters")
        try:
            self._compiled = re.compile(pattern, re.MULTILINE)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidInputError(f"not a regular expression: {error}") from None

    def find(self, text: str) -> Snippet | None:
        """Give a few words around the first match in a text, in one line; None if nothing matches."""
        first = self._compiled.search(text)
        if first is None:
            return None
        start, end = max(0, first.start() - _BEFORE), first.start() + _AFTER
        cut = [(max(at, start), min(to, end)) for at, to in self._spans(text, first.start()) if at < end]
        return _one_line(text, start, min(end, len(text)), cut)

    def _spans(self, text: str, start: int) -> Iterator[tuple[int, int]]:
        return islice((found.span() for found in self._compiled.finditer(text, start)), _MOST_MARKED)


def _one_line(text: str, start: int, end: int, matches: list[tuple[int, int]]) -> Snippet:
    """Cut a piece out of a text, its runs of blanks as one space, and move the spans of matches along."""
    shown, place = "…" if start else "", {}
    for at in range(start, end):
        place[at] = len(shown)
        if not text[at].isspace():
            shown += text[at]
        elif shown and not shown.endswith(" "):
            shown += " "
    place[end] = len(shown)
    shown = shown.rstrip() + ("…" if end < len(text) else "")
    spans = ((min(place[at], len(shown)), min(place[to], len(shown))) for at, to in matches)
    return Snippet(shown, tuple((at, to) for at, to in spans if at < to))
