"""A session in numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from claif_git.analytics.prices import PRICES_AS_OF, cost_of
from claif_git.analytics.timing import is_persons, response_times
from claif_git.model import Message, MessageRole, Session, TokenCount, count
from claif_git.model.spending import model_of, tokens_of


def session_stats(session: Session) -> dict[str, Any]:
    """Count a session's messages, tokens, seconds and dollars; JSON data. Never fails on an empty session.

    message_count          all messages that can be read; the others are in none of the figures
    by_role                how many by `system`, `user` and `assistant`
    user_turns             user messages that a person wrote: those that hold only results of tools do not count
    total_tokens           input and output; from each message's tokens, or else its metadata's `tokens`
    input_tokens, output_tokens, cache_read_tokens, cache_write_tokens
                           where the usage tells them apart; input has the cached part in it
    avg_response_time      mean seconds from a person's message to the assistant's next; None without one
    user_assistant_ratio   user_turns by assistant messages; None without an assistant
    duration               seconds between the earliest and the latest message
    models                 messages by model, most used first
    cost                   US dollars by list price, of the messages whose price is known; None if it is of none
    unpriced_messages      messages with tokens whose price is not known: `cost` is without them
    prices_as_of           the date of the list prices
    """
    messages = [message for _, message in session.readable]
    roles = Counter(str(message.role) for message in messages)
    turns, answers = sum(map(is_persons, messages)), roles[MessageRole.ASSISTANT]
    return {
        "message_count": len(messages),
        "by_role": {str(role): roles[str(role)] for role in MessageRole},
        "user_turns": turns,
        **_token_stats(messages),
        "avg_response_time": _mean([seconds for _, seconds in response_times(messages)]),
        "user_assistant_ratio": turns / answers if answers else None,
        "duration": _duration(messages),
        "models": _models(messages),
        **_cost_stats(messages),
    }


def _token_stats(messages: Sequence[Message]) -> dict[str, int]:
    total = sum((count(tokens_of(message)) for message in messages), TokenCount())
    return {
        "total_tokens": total.total,
        "input_tokens": total.input,
        "output_tokens": total.output,
        "cache_read_tokens": total.cache_read,
        "cache_write_tokens": total.cache_write,
    }


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _duration(messages: Sequence[Message]) -> float:
    moments = [message.timestamp for message in messages]
    return (max(moments) - min(moments)).total_seconds() if moments else 0.0


def _models(messages: Sequence[Message]) -> dict[str, int]:
    used = Counter(model for message in messages if (model := model_of(message)))
    return dict(sorted(used.items(), key=lambda item: (-item[1], item[0])))


def _cost_stats(messages: Sequence[Message]) -> dict[str, Any]:
    counted = [(message, tokens) for message in messages if (tokens := tokens_of(message)) and count(tokens).total]
    costs = [cost_of(model_of(message), tokens) for message, tokens in counted]
    known = [cost for cost in costs if cost is not None]
    return {
        "cost": sum(known) if known else None,
        "unpriced_messages": len(costs) - len(known),
        "prices_as_of": PRICES_AS_OF,
    }
