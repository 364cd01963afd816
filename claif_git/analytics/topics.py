"""What a conversation is about: words and two-word phrases, ranked by how often and how widely they come up."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from claif_git.analytics.lexicon import stop_words
from claif_git.analytics.prose import is_unspaced, phrases_of

MOST_TOPICS = 12

_SHORTEST = 3
_PHRASE = 1.6
"""How much more a phrase weighs than a word that comes up as often: it says more."""
_COVERED = 0.6
"""A word of which more than this share stands in one ranked phrase is told by the phrase."""

Term = tuple[str, ...]
Places = dict[int, int]
"""How often a term comes up, by the index of the message."""


def topics(texts: Mapping[int, str]) -> list[dict[str, Any]]:
    """Rank the terms of a conversation, given its prose by index of the message.

    Each has `term`, `weight` (1 for the first, above 0) and `messages` (indexes where it comes up, ascending); at
    most MOST_TOPICS. A term's weight is the sum over messages of 1 + ln(times in it), by 1 + ln(messages that have
    it). Phrases count from their second time on. What weighs the same stands in the order in which it came up.
    """
    spoken = {index: phrases_of(text) for index, text in texts.items()}
    found = _count(spoken)
    weights = {term: _weight(term, places) for term, places in found.items() if _counts(term, places)}
    ranked = sorted(weights, key=lambda term: -weights[term])
    chosen = _without_covered(ranked, found)[:MOST_TOPICS]
    return [
        {
            "term": " ".join(term),
            "weight": round(weights[term] / weights[chosen[0]], 6),
            "messages": sorted(found[term]),
        }
        for term in chosen
    ]


def _count(spoken: Mapping[int, list[list[str]]]) -> dict[Term, Places]:
    words = [word for phrases in spoken.values() for phrase in phrases for word in phrase]
    stops, singular = stop_words(words), _singulars(set(words))
    found: dict[Term, Places] = defaultdict(Counter)
    for index, phrases in spoken.items():
        for phrase in phrases:
            for term in _terms([singular.get(word, word) for word in phrase], stops):
                found[term][index] += 1
    return found


def _singulars(words: set[str]) -> dict[str, str]:
    """Give, for words that end in s, the word without it where that is said too."""
    plural = (word for word in words if word.endswith("s") and len(word) > _SHORTEST)
    return {word: word[:-1] for word in plural if word[:-1] in words}


def _terms(words: list[str], stops: frozenset[str]) -> Iterator[Term]:
    """Yield single words, and pairs of neighbours, that no stop word parts."""
    telling = [word if _tells(word) and word not in stops else "" for word in words]
    yield from ((word,) for word in telling if word)
    pairing = ["" if is_unspaced(word) else word for word in telling]
    yield from ((one, two) for one, two in pairwise(pairing) if one and two and one != two)


def _tells(word: str) -> bool:
    return len(word) >= _SHORTEST or not word.isascii()


def _counts(term: Term, places: Places) -> bool:
    return len(term) == 1 or sum(places.values()) > 1


def _weight(term: Term, places: Places) -> float:
    said = math.fsum(1 + math.log(times) for times in places.values())
    return said * (1 + math.log(len(places))) * (_PHRASE if len(term) > 1 else 1)


def _without_covered(ranked: list[Term], found: Mapping[Term, Places]) -> list[Term]:
    """Leave out words that mostly stand in a phrase which is ranked."""
    covered: Counter[str] = Counter()
    for phrase in ranked:
        if len(phrase) > 1:
            for word in phrase:
                covered[word] = max(covered[word], sum(found[phrase].values()))
    return [term for term in ranked if len(term) > 1 or covered[term[0]] <= _COVERED * sum(found[term].values())]
