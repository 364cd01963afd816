"""A whole store in numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from claif_git.analytics.prices import PRICES_AS_OF, cost_of_many
from claif_git.model import TokenCount
from claif_git.model.spending import Counted, Tally


@dataclass(frozen=True, slots=True)
class Figures:
    """Messages, and what they took.

    sessions              how many show such a message
    messages              each counts once, however many sessions show it
    total_tokens          input and output; input has the cached part in it
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens
                          of the messages that tell them apart
    cost                  US dollars by list price, of the messages whose price is known; None if it is of none
    unpriced_messages     messages with tokens whose price is not known: `cost` is without them
    """

    sessions: int
    messages: int
    total_tokens: int
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    cost: float | None
    unpriced_messages: int


@dataclass(frozen=True, slots=True)
class StoreStats:
    """A store in numbers: all of it, and its groups.

    by          "model", "day" (in UTC), "project", "session", or None
    groups      each with its name; None for messages without a model, or sessions without a project. Days in order, of
                the others the most expensive first, then that with the most tokens
    unreadable  message files that cannot be read, and are in none of the figures; `doctor` names them
    prices_as_of   the date of the list prices
    """

    total: Figures
    by: str | None
    groups: tuple[tuple[str | None, Figures], ...]
    unreadable: int
    prices_as_of: str = PRICES_AS_OF


def store_stats(everything: Counted, by: str | None, grouped: Counted | None) -> StoreStats:
    """Give the figures of a store from what was counted of all of it, and by group."""
    total = _figures(everything.tallies, everything.sessions.get(None, 0))
    parts: defaultdict[str | None, list[Tally]] = defaultdict(list)
    for tally in grouped.tallies if grouped else ():
        parts[tally.group].append(tally)
    counts = grouped.sessions if grouped else {}
    groups = [(name, _figures(parts.get(name, []), counts.get(name, 0))) for name in {**parts, **counts}]
    groups.sort(key=lambda group: (group[0] is None, group[0] or ""))
    if by != "day":
        groups.sort(key=lambda group: (group[1].cost or 0, group[1].total_tokens, group[1].messages), reverse=True)
    return StoreStats(total, by, tuple(groups), everything.unreadable)


def _figures(tallies: Sequence[Tally], sessions: int) -> Figures:
    priced = [(one, _cost(one)) for one in sorted(tallies, key=_order) if one.counted]
    costs = [cost for _, cost in priced if cost is not None]
    total, taken, given, read, write = (sum(one.spent[kind] or 0 for one in tallies) for kind in range(5))
    unpriced = sum(one.counted for one, cost in priced if cost is None)
    messages = sum(one.messages for one in tallies)
    return Figures(sessions, messages, total, taken, given, read, write, sum(costs) if costs else None, unpriced)


def _order(tally: Tally) -> tuple[str, int]:
    """Order so that sums of fractions come out the same wherever the tallies came from."""
    return (tally.model or "", tally.level)


def _cost(tally: Tally) -> float | None:
    if not tally.by_kind:
        return None
    numbers = [number or 0 for number in tally.spent]
    return cost_of_many(tally.model, TokenCount(*numbers[:5]), numbers[5], tally.level)
