"""List prices of models, and what a call's usage costs by them.

The prices are Anthropic's own for its API, in US dollars a million tokens, as published on PRICES_AS_OF. Batches,
fast mode, regions, other hosts and negotiated prices are not in them.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass

from claif_git.model import TokenCount, Tokens, count
from claif_git.model.spending import hour_writes

PRICES_AS_OF = "2026-10-24"

_MILLION = 1_000_000
_WRITE_5M, _WRITE_1H = 1.25, 2.0
"""What writing to the cache costs, as a multiple of fresh input."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a million tokens: fresh input, output, input read from the cache."""

    input: float
    output: float
    cache_read: float


_PRICES: dict[str, Price] = {
    "claude-fable-5-1": Price(10, 50, 0.25),
    "claude-mythos-5-1": Price(10, 50, 0.25),
    "claude-fable-5": Price(10, 50, 1),
    "claude-mythos-5": Price(10, 50, 1),
    "claude-opus-5-5": Price(4, 20, 0.2),
    "claude-opus-5": Price(5, 25, 0.5),
    "claude-opus-4-8": Price(5, 25, 0.5),
    "claude-opus-4-7": Price(5, 25, 0.5),
    "claude-opus-4-6": Price(5, 25, 0.5),
    "claude-opus-4-5": Price(5, 25, 0.5),
    "claude-opus-4-1": Price(15, 75, 1.5),
    "claude-opus-4": Price(15, 75, 1.5),
    "claude-sonnet-5-5": Price(2, 10, 0.1),
    "claude-sonnet-5": Price(2, 10, 0.2),
    "claude-sonnet-4-6": Price(3, 15, 0.3),
    "claude-sonnet-4-5": Price(3, 15, 0.3),
    "claude-sonnet-4": Price(3, 15, 0.3),
    "claude-3-7-sonnet": Price(3, 15, 0.3),
    "claude-3-5-sonnet": Price(3, 15, 0.3),
    "claude-haiku-5-5": Price(0.1, 0.5, 0.01),
    "claude-haiku-4-5": Price(1, 5, 0.1),
    "claude-3-5-haiku": Price(0.8, 4, 0.08),
    "claude-3-opus": Price(15, 75, 1.5),
    "claude-3-haiku": Price(0.25, 1.25, 0.03),
}
_LONG_PROMPTS: dict[str, tuple[int, Price]] = {"claude-haiku-5-5": (100_000, Price(0.5, 2.5, 0.05))}
"""Models whose whole call costs more where the prompt, cached part included, has more tokens than this."""
PRICE_STEPS = tuple(sorted({longest for longest, _ in _LONG_PROMPTS.values()}))
"""All such numbers of tokens."""

_MORE_OF_A_NAME = re.compile(r"-\d{1,2}(?!\d)")
"""What makes `claude-opus-4-9` another model than `claude-opus-4`; a date of eight digits does not."""


def cost_of(model: str | None, tokens: Tokens | None) -> float | None:
    """Give the US dollars a call cost, or None: an unknown model, or tokens that are not told apart by kind."""
    if not isinstance(tokens, Mapping):
        return None
    counted = count(tokens)
    hour = min(hour_writes(tokens), counted.cache_write)
    return cost_of_many(model, counted, hour, level_of(counted.input))


def cost_of_many(model: str | None, counted: TokenCount, hour: int, level: int) -> float | None:
    """Give what calls cost whose prompts were all of one level; `hour` of their cache writes were for an hour."""
    name = _listed(model)
    if name is None:
        return None
    longest, price = _LONG_PROMPTS.get(name, (0, _PRICES[name]))
    if level <= bisect_left(PRICE_STEPS, longest):
        price = _PRICES[name]
    fresh = counted.input - counted.cache_read - counted.cache_write
    write = (counted.cache_write - hour) * _WRITE_5M + hour * _WRITE_1H
    parts = ((fresh + write) * price.input, counted.cache_read * price.cache_read, counted.output * price.output)
    return sum(parts) / _MILLION


def level_of(prompt: int) -> int:
    """Say how many of PRICE_STEPS a prompt of so many tokens exceeds."""
    return bisect_left(PRICE_STEPS, prompt)


def _listed(model: str | None) -> str | None:
    """Find the listed name that a model's name begins with, less a `vendor/` or `vendor.anthropic.` before it."""
    name = (model or "").rpartition("/")[2].rpartition("anthropic.")[2]
    fitting = (listed for listed in _PRICES if name.startswith(listed))
    best = max(fitting, key=len, default=None)
    if best is None or _MORE_OF_A_NAME.match(name, len(best)):
        return None
    return best
