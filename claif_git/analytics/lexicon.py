"""Our own word lists, read from the package's data once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

_ENGLISH = "en"
_SPOKEN = 0.12
"""The share of a text's words that must be in a language's stop list for that list to be used."""


@cache
def stop_lists() -> dict[str, frozenset[str]]:
    """Give the stop words by language. A file's line `[en]` begins a language's."""
    lists: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in _lines("stop_words.txt"):
        if line.startswith("["):
            current = lists.setdefault(line.strip("[]"), set())
        else:
            current.update(line.split())
    return {language: frozenset(words) for language, words in lists.items()}


def stop_words(words: Iterable[str]) -> frozenset[str]:
    """Give the stop words for a text with these words: English ones, and those of languages that it seems to speak."""
    heard = list(words)
    lists = stop_lists()
    spoken = [
        stops
        for language, stops in lists.items()
        if language != _ENGLISH and heard and sum(word in stops for word in heard) >= _SPOKEN * len(heard)
    ]
    return lists[_ENGLISH].union(*spoken)


@cache
def valences() -> dict[str, float]:
    """Give how good (up to 3) or bad (down to -3) a word is. A line holds a value and the words that have it."""
    scores: dict[str, float] = {}
    for line in _lines("sentiment_en.txt"):
        value, *words = line.split()
        scores.update(dict.fromkeys(words, float(value)))
    return scores


def _lines(name: str) -> list[str]:
    text = files("claif_git.analytics").joinpath("data", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
