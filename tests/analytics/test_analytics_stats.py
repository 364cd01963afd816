from __future__ import annotations

import json
from typing import Any

import pytest
from analytics_helpers import said, session_of
from hypothesis import given
from hypothesis import strategies as st

from claif_git.analytics import PRICES_AS_OF, session_stats
from claif_git.analytics.prices import cost_of

RESULT = [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]
CALL = [{"type": "tool_use", "id": "a", "name": "read", "input": {}}]


def test_an_empty_session_gives_zeros_and_none() -> None:
    assert session_stats(session_of()) == {
        "message_count": 0,
        "by_role": {"system": 0, "user": 0, "assistant": 0},
        "user_turns": 0,
        "total_tokens": 0,
        "input_tokens": 0,
        "output_tokens": 0,
        "cache_read_tokens": 0,
        "cache_write_tokens": 0,
        "avg_response_time": None,
        "user_assistant_ratio": None,
        "duration": 0.0,
        "models": {},
        "cost": None,
        "unpriced_messages": 0,
        "prices_as_of": PRICES_AS_OF,
    }


def test_a_conversation_is_counted_by_role_and_time() -> None:
    stats = session_stats(
        session_of(
            said("system", "S"),
            said("user", "a", 1),
            said("assistant", "b", 3),
            said("user", "c", 10),
            said("assistant", "d", 14),
        )
    )
    assert stats["by_role"] == {"system": 1, "user": 2, "assistant": 2}
    assert stats["avg_response_time"] == 3.0
    assert stats["user_assistant_ratio"] == 1.0
    assert stats["duration"] == 14.0


def test_results_of_tools_are_no_persons_message() -> None:
    stats = session_stats(
        session_of(
            said("user", "Go"), said("assistant", CALL, 2), said("user", RESULT, 60), said("assistant", "Done.", 61)
        )
    )
    assert stats["by_role"]["user"] == 2
    assert stats["user_turns"] == 1
    assert stats["user_assistant_ratio"] == 0.5
    assert stats["avg_response_time"] == 2.0


def test_the_last_of_several_questions_is_what_an_answer_waited_for() -> None:
    assert (
        session_stats(session_of(said("user", "a"), said("user", "b", 5), said("assistant", "c", 6)))[
            "avg_response_time"
        ]
        == 1
    )


def test_an_answer_dated_before_its_question_has_no_response_time() -> None:
    stats = session_stats(session_of(said("user", "a", 9), said("assistant", "b", 1), said("assistant", "c", 20)))
    assert stats["avg_response_time"] is None
    assert stats["duration"] == 19.0


def test_tokens_stand_in_the_message_or_in_its_metadata() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20}
    stats = session_stats(
        session_of(
            said("user", "a", tokens=7),
            said("user", "b", metadata={"tokens": 3}),
            said("assistant", "c", tokens=usage, metadata={"tokens": 999}),
            said("assistant", "d", metadata={"tokens": {"output_tokens": 1}}),
            said("assistant", "e", metadata={"tokens": "many"}),
            said("assistant", "f", metadata={"tokens": -4}),
        )
    )
    assert stats["total_tokens"] == 7 + 3 + 135 + 1
    assert (stats["input_tokens"], stats["output_tokens"]) == (130, 6)
    assert (stats["cache_read_tokens"], stats["cache_write_tokens"]) == (100, 20)


def test_models_are_counted_most_used_first() -> None:
    stats = session_stats(
        session_of(
            said("assistant", "a", model="b"),
            said("assistant", "a", model="a"),
            said("assistant", "a", metadata={"model": "a"}),
        )
    )
    assert list(stats["models"].items()) == [("a", 2), ("b", 1)]


def test_cost_is_of_the_messages_whose_price_is_known() -> None:
    million = {"input_tokens": 1_000_000, "output_tokens": 1_000_000}
    stats = session_stats(
        session_of(
            said("assistant", "a", model="claude-opus-5-5", tokens=million),
            said("assistant", "b", model="claude-sonnet-4-5-20250929", tokens=million),
            said("assistant", "c", model="gpt-7", tokens=million),
            said("assistant", "d", model="claude-opus-5-5", tokens=500),
            said("assistant", "e", model="claude-opus-5-5", tokens=0),
        )
    )
    assert stats["cost"] == pytest.approx(24 + 18)
    assert stats["unpriced_messages"] == 2


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("claude-opus-5-5", {"input_tokens": 10**6}, 4),
        ("claude-opus-5-5", {"cache_read_input_tokens": 10**6}, 0.2),
        ("claude-opus-5-5", {"cache_creation_input_tokens": 10**6}, 5),
        (
            "claude-opus-5-5",
            {"cache_creation_input_tokens": 10**6, "cache_creation": {"ephemeral_1h_input_tokens": 10**6}},
            8,
        ),
        ("claude-opus-5-5", {"cache_creation_input_tokens": 0, "cache_creation": {"ephemeral_1h_input_tokens": -3}}, 0),
        ("claude-haiku-5-5", {"input_tokens": 100_000, "output_tokens": 10**6}, 0.51),
        ("claude-haiku-5-5", {"input_tokens": 1, "cache_read_input_tokens": 100_000, "output_tokens": 0}, 0.0050005),
        ("anthropic/claude-opus-5", {"output_tokens": 10**6}, 25),
        ("us.anthropic.claude-opus-4-20250514-v1:0", {"output_tokens": 10**6}, 75),
        ("claude-opus-4-1-20250805", {"output_tokens": 10**6}, 75),
        ("claude-sonnet-5-5[1m]", {"output_tokens": 10**6}, 10),
        ("claude-3-5-haiku-latest", {"output_tokens": 10**6}, 4),
    ],
)
def test_a_calls_cost_is_its_kinds_of_tokens_by_list_price(model: str, usage: Any, dollars: float) -> None:
    assert cost_of(model, usage) == pytest.approx(dollars)


@pytest.mark.parametrize("model", [None, "", "claude-opus-4-9", "claude-fable-5-2", "claude-opus-6", "llama", "claude"])
def test_a_model_that_is_not_listed_has_no_price(model: Any) -> None:
    assert cost_of(model, {"output_tokens": 1}) is None


_tokens = (
    st.none()
    | st.integers(0, 10**9)
    | st.dictionaries(
        st.sampled_from(["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation", "x"]),
        st.none() | st.integers() | st.text(max_size=3) | st.just({"ephemeral_1h_input_tokens": 5}),
    )
)
_messages = st.builds(
    said,
    st.sampled_from(["system", "user", "assistant"]),
    st.text(max_size=5) | st.sampled_from([RESULT, CALL, []]),
    st.floats(0, 10**6),
    tokens=_tokens,
    model=st.none() | st.sampled_from(["claude-opus-5-5", "claude-haiku-5-5", "other"]),
    metadata=st.dictionaries(st.sampled_from(["tokens", "model"]), st.none() | st.integers() | st.text(max_size=3)),
)


@given(st.lists(_messages, max_size=8))
def test_any_session_has_numbers_that_can_be(messages: Any) -> None:
    stats = session_stats(session_of(*messages))
    assert json.loads(json.dumps(stats)) == stats
    assert stats["message_count"] == len(messages) == sum(stats["by_role"].values())
    assert stats["user_turns"] <= stats["by_role"]["user"]
    assert stats["total_tokens"] >= stats["input_tokens"] + stats["output_tokens"]
    assert stats["avg_response_time"] is None or 0 <= stats["avg_response_time"] <= stats["duration"]
    assert stats["cost"] is None or stats["cost"] >= 0
