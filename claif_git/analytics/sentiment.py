"""How a message sounds: a lexicon's words, turned by negation and weighed by what stands before them."""

from __future__ import annotations

import math
import re

from claif_git.analytics.lexicon import valences
from claif_git.analytics.prose import APOSTROPHE

_TOKEN = re.compile(
    rf"[^\W\d_]+(?:['{APOSTROPHE}-][^\W\d_]+)*|[:;]-?[()dD](?!\w)|[\u2600-\u27bf\U0001f300-\U0001faff]\ufe0f?"
)
_CLAUSE = re.compile(r"[.!?;\n]+|,\s+(?=but\b)")
_SUFFIXES = ("s", "d", "ed", "ing", "ly")
_NEGATIONS = frozenset(
    {
        *("not", "no", "never", "none", "nothing", "nobody", "nowhere", "neither", "nor", "cannot", "without"),
        *("cant", "dont", "didnt", "doesnt", "isnt", "wasnt", "wont", "hardly", "barely", "scarcely", "rarely"),
    }
)
_STRONGER = frozenset(
    {
        *("very", "really", "extremely", "absolutely", "completely", "totally", "incredibly", "so", "too", "super"),
        *("truly", "deeply", "especially", "highly", "remarkably", "particularly", "utterly", "entirely", "quite"),
        *("such", "most", "much"),
    }
)
_WEAKER = frozenset(
    {
        *("slightly", "somewhat", "fairly", "rather", "bit", "little", "almost", "partly", "kinda", "sorta", "mildly"),
        *("marginally", "less"),
    }
)
_REACH = 3
"""How many words before a word turn or weigh it."""
_TURNED, _MORE, _LESS = -0.7, 1.35, 0.6
_AFTER_BUT, _BEFORE_BUT = 1.4, 0.6
_FLATNESS = 15.0
"""How much must be said before a score comes near 1: one word of value 2 gives 0.46."""


def sentiment(text: str) -> float:
    """Score a text from -1 (bad) over 0 (neutral, or no word known) to 1 (good). English."""
    total = math.fsum(_clause(clause) for clause in _CLAUSE.split(text.lower()))
    return round(total / math.sqrt(total * total + _FLATNESS), 4)


def _clause(clause: str) -> float:
    words = [word.replace(APOSTROPHE, "'") for word in _TOKEN.findall(clause)]
    scores = [_score(words, at) for at in range(len(words))]
    if "but" not in words:
        return math.fsum(scores)
    turn = len(words) - 1 - words[::-1].index("but")
    return _BEFORE_BUT * math.fsum(scores[:turn]) + _AFTER_BUT * math.fsum(scores[turn:])


def _score(words: list[str], at: int) -> float:
    score = _valence(words[at])
    if not score:
        return 0.0
    before = words[max(0, at - _REACH) : at]
    if any(word in _NEGATIONS or word.endswith("n't") for word in before):
        score *= _TURNED
    if before and before[-1] in _STRONGER:
        score *= _MORE
    elif before and before[-1] in _WEAKER:
        score *= _LESS
    return score


def _valence(word: str) -> float:
    known = valences()
    if word in known:
        return known[word]
    if word in _NEGATIONS or word in _STRONGER or word in _WEAKER:
        return 0.0
    stems = (word[: -len(suffix)] for suffix in _SUFFIXES if word.endswith(suffix) and len(word) > len(suffix) + 2)
    return next((known[stem] for stem in stems if stem in known), 0.0)
