"""The prose of a message: what a person would read aloud. Code, addresses, markup and what tools said are not in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claif_git.model import Message

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_INDENTED = re.compile(r"(?: {4}|\t)")
_INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`).{1,500}?(?<!`)\1(?!`)", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\([^()\s]{1,2000}\)")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_TOKEN = re.compile(r"\S+")
_FILE_ENDING = re.compile(r"\w\.[a-z][a-z0-9]{0,4}$", re.IGNORECASE)
_OUTER = ".,;:!?()[]{}<>\"'*"

APOSTROPHE = "\u2019"
_WORD = re.compile(rf"[^\W\d_]+(?:['{APOSTROPHE}-][^\W\d_]+)*")
_BREAK = re.compile(r"[.!?;:,()\[\]{}\"“”«»…|\n]+")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f\U00020000-\U0002fa1f]")
"""Scripts that are written without spaces: their runs are read two characters at a time."""
_LONGEST_WORD = 40


def prose_of(message: Message) -> str:
    """Give a message's text without code blocks, inline code, addresses, tags, paths and identifiers."""
    text = "\n".join(_outside_code(message.text))
    text = _LINK_TARGET.sub("] ", _INLINE_CODE.sub(" ", text))
    text = _TAG.sub(" ", text)
    return _TOKEN.sub(lambda token: " " if _names_a_thing(token[0]) else token[0], text)


def _names_a_thing(token: str) -> bool:
    """Tell an address, a path, a file's name or an identifier: `/etc/hosts`, `setup.py`, `snake_case`, `call()`."""
    if any(sign in token for sign in ("://", "_", "\\", "()")) or token.count("/") > 1:
        return True
    bare = token.strip(_OUTER)
    starts = ("/", "./", "../", "~/", "www.", "mailto:")
    return bare.startswith(starts) or "@" in bare[1:-1] or _FILE_ENDING.search(bare[-7:]) is not None


def _outside_code(text: str) -> Iterator[str]:
    """Yield the lines outside fenced and indented code. A fence that is not closed holds all to the end."""
    fence = ""
    blank, listed, indented = True, False, False
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip(mark[1][0] + " \t"):
                fence = ""
            continue
        if mark:
            fence = mark[1]
            continue
        indented = bool(_INDENTED.match(line)) and not listed and (blank or indented)
        if not line.strip():
            blank = True
        elif not indented:
            blank = False
            listed = bool(_LIST_ITEM.match(line)) or (listed and line[:1].isspace())
            yield line


def words_of(text: str) -> list[str]:
    """Give the words, in lower case; runs of a script without spaces as overlapping pairs of characters."""
    return [word for piece in phrases_of(text) for word in piece]


def phrases_of(text: str) -> list[list[str]]:
    """Give the words by the stretches that punctuation and line ends leave."""
    return [words for piece in _BREAK.split(text.lower()) if (words := list(_words(piece)))]


def is_unspaced(word: str) -> bool:
    """Tell whether a word is of a script without spaces, and so perhaps none."""
    return _UNSPACED.search(word) is not None


def _words(piece: str) -> Iterator[str]:
    for match in _WORD.finditer(piece):
        word = match[0].replace(APOSTROPHE, "'")
        if is_unspaced(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif len(word) <= _LONGEST_WORD:
            yield word
