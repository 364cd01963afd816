"""Text as the index keeps it, and what a person asks as the index is asked.

The words are SQLite's (`unicode61`): case and diacritics do not count. Where a script puts no spaces between its words,
and for pictographs, each character is a word of its own, so that any run of them finds itself.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from claif_git.model.pattern import without_controls
from claif_git.model.search import Snippet

LONGEST_QUERY = 2000
"""Characters of a query that are looked at."""
MOST_TERMS = 64
"""Words and phrases of a query that are looked at."""

START, END, _SEAM = "\x02", "\x03", "\x01"
"""Around a match in what SQLite gives, and between characters that are words. Text is freed of them on its way in."""

_NO_LETTERS = "".join(
    chr(code)
    for first, last in ((0x2100, 0x214F), (0x2190, 0x23FF), (0x2500, 0x25FF), (0x2800, 0x28FF))
    for code in range(first, last + 1)
)
"""Symbols that draw lines and arrows rather than say something; they part words."""
_PARTING = "¦©®°" + _NO_LETTERS
TOKENIZER = f"unicode61 remove_diacritics 2 categories 'L* N* Co So' separators '{_PARTING}'"

_ALONE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean: its particles stick to the word
    "\u2460-\u24ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"  # pictographs
    "\u2e80-\ua4cf\uf900-\ufaff\U0001b000-\U0001b2ff\U00020000-\U0003ffff"  # Chinese and Japanese
)
_TERM = re.compile(r'"([^"]*)(?:"|\Z)(\*?)|([^\s"]+)')


def kept(text: str) -> str:
    """Give text as the index keeps it: without control characters, with seams around what is a word by itself."""
    clean = without_controls(text)
    if clean.isascii():
        return clean
    alone, seams = _scripts()
    return seams.sub(_SEAM, clean) if alone.search(clean) else clean


@cache
def _scripts() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Give what finds a character that is a word by itself, and the seams around it. Lists need neither."""
    return re.compile(f"[{_ALONE}]"), re.compile(f"(?s)(?<=[{_ALONE}])(?=.)|(?<=.)(?=[{_ALONE}])")


def told(text: str) -> str:
    """Give back what `kept` was given, less its control characters."""
    return text.replace(_SEAM, "")


def expression(query: str) -> str:
    """Give a query as FTS5 takes it: words that all have to occur, "a phrase", prefix*. "" if it holds no word.

    Any text is one. Only its first LONGEST_QUERY characters and MOST_TERMS terms are looked at.
    """
    terms: list[str] = []
    for found in _TERM.finditer(without_controls(query[:LONGEST_QUERY])):
        phrase, starred, word = found.groups()
        text, star = (word, word.endswith("*")) if phrase is None else (phrase, bool(starred))
        if any(map(_speaks, text)):
            terms.append(f'"{kept(text)}"{"*" if star and _speaks(text.rstrip("*")[-1]) else ""}')
    return " ".join(terms[:MOST_TERMS])


def _speaks(char: str) -> bool:
    category = unicodedata.category(char)
    return (category[0] in "LN" or category in {"Co", "So"}) and char not in _PARTING


def snippet(marked: str) -> Snippet:
    """Make a Snippet of text with START and END around what matched: one line, the spans beside it."""
    line = " ".join(marked.replace(_SEAM, "").split())
    line = line.replace(f"{END}{START}", "").replace(f"{END} {START}", " ")
    text, *matches = line.split(START)
    spans: list[tuple[int, int]] = []
    for match in matches:
        words, end, rest = match.partition(END)
        if end:
            spans.append((len(text), len(text) + len(words)))
        text += words + rest
    return Snippet(text.replace(END, ""), tuple(spans))
