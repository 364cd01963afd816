"""Which of a session's parameters a call carries."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from prompt_strategies import result, session_of, text, thought, use
from support.messages_rules import check_request

from claif_git.errors import InvalidInputError
from claif_git.model import Message
from claif_git.prompt import FINGERPRINT, Prompt, build_prompt
from claif_git.prompt.parameters import DEFAULT_MAX_TOKENS, NEWEST, generation

NEW, OLD = "claude-opus-5-5", "claude-sonnet-4-5-20250929"


def prompt_of(**parameters: Any) -> Prompt:
    return build_prompt(session_of(("user", "Hi"), parameters=parameters))


def test_a_request_is_what_the_sdk_takes() -> None:
    from anthropic.resources.messages import Messages

    prompt = build_prompt(
        session_of(
            ("system", "S"),
            ("user", "Hi"),
            ("assistant", [use("a")]),
            parameters={"temperature": 0.3, "stop_sequences": ["E"]},
        )
    )
    request = prompt.request(OLD, stream=True, timeout=3.0)
    inspect.signature(Messages.create).bind(None, **request)
    assert set(request) > {"system", "tools", "tool_choice", "stop_sequences", "extra_body", "timeout"}


def test_the_callers_word_goes_over_the_sessions_and_none_takes_one_away() -> None:
    prompt = prompt_of(model="m-session", max_tokens=2000, stop_sequences=["A"])
    assert prompt.request()["model"] == "m-session"
    assert prompt.request("m-caller", 5)["max_tokens"] == 5
    assert prompt.request(stop_sequences=None) == {
        "model": "m-session",
        "max_tokens": 2000,
        "messages": prompt.messages,
    }
    assert prompt_of().request(NEW)["max_tokens"] == DEFAULT_MAX_TOKENS


def test_no_model_at_all_is_an_error() -> None:
    with pytest.raises(InvalidInputError, match="no model"):
        prompt_of().request()


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "many"])
def test_a_limit_that_cannot_be_is_an_error_from_the_caller_and_a_note_from_the_session(limit: Any) -> None:
    with pytest.raises(InvalidInputError, match="max_tokens"):
        prompt_of().request(NEW, limit)
    assert prompt_of(max_tokens=limit).request(NEW)["max_tokens"] == DEFAULT_MAX_TOKENS
    assert prompt_of(max_tokens=limit).left_out(NEW) == [f"max_tokens left out: {limit!r} is no value for it"]


@pytest.mark.parametrize("key", ["messages", "system"])
def test_the_conversation_itself_cannot_be_overridden(key: str) -> None:
    with pytest.raises(InvalidInputError, match=key):
        prompt_of().request(NEW, **{key: []})


@pytest.mark.parametrize("model", [OLD, "claude-opus-4-6", "claude-3-haiku-20240307", "local-model"])
def test_models_that_sample_as_told_get_the_parameters_in_the_version_that_has_them(model: str) -> None:
    request = prompt_of(temperature=0.3, top_k=4).request(model)
    assert request["extra_body"] == {"temperature": 0.3, "top_k": 4}
    assert request["extra_headers"] == {"anthropic-version": "2023-06-01"}
    assert check_request(request) == []


@pytest.mark.parametrize(
    "model", [NEW, "claude-opus-4-7", "claude-sonnet-5", "claude-fable-5-2", "claude-mythos-preview"]
)
def test_models_that_refuse_sampling_parameters_get_none(model: str) -> None:
    prompt = prompt_of(temperature=0.3, top_p=0.5)
    assert prompt.request(model) == {"model": model, "max_tokens": DEFAULT_MAX_TOKENS, "messages": prompt.messages}
    assert prompt.left_out(model)[0] == f"temperature left out: {model} takes no sampling parameters"


def test_temperature_goes_before_top_p_and_what_is_no_number_goes_nowhere() -> None:
    prompt = prompt_of(temperature=1, top_p=0.5, top_k="all")
    assert prompt.request(OLD)["extra_body"] == {"temperature": 1}
    assert [note.partition(" ")[0] for note in prompt.left_out(OLD)] == ["top_k", "top_p"]


def test_the_callers_own_headers_and_body_stay() -> None:
    request = prompt_of(temperature=0.3).request(OLD, extra_headers={"x": "y"}, extra_body={"z": 1})
    assert request["extra_headers"] == {"anthropic-version": "2023-06-01", "x": "y"}
    assert request["extra_body"] == {"temperature": 0.3, "z": 1}


def test_parameters_that_the_api_does_not_have_are_left_out_with_a_note() -> None:
    prompt = prompt_of(frequency_penalty=1, stop_sequences=[" "], service_tier="fast", output_config=3)
    assert set(prompt.request(NEW)) == {"model", "max_tokens", "messages"}
    assert len(prompt.left_out(NEW)) == 4


@pytest.mark.parametrize(
    ("thinking", "model", "sent"),
    [
        ({"type": "adaptive"}, NEW, True),
        ({"type": "adaptive"}, "claude-opus-4-6", True),
        ({"type": "adaptive"}, OLD, False),
        ({"type": "enabled", "budget_tokens": 2000}, OLD, True),
        ({"type": "enabled", "budget_tokens": 2000}, NEW, False),
        ({"type": "enabled", "budget_tokens": 90_000}, OLD, False),
        ({"type": "enabled"}, OLD, False),
        ({"type": "disabled"}, OLD, True),
        ({"type": "disabled"}, NEW, False),
        ("hard", NEW, False),
    ],
)
def test_thinking_is_asked_for_where_the_model_thinks_so(thinking: Any, model: str, sent: bool) -> None:
    request = prompt_of(thinking=thinking, temperature=0.5).request(model)
    assert ("thinking" in request) == sent
    assert ("extra_body" in request) == (model == OLD and (not sent or thinking["type"] == "disabled"))
    assert check_request(request) == []


def test_manual_thinking_is_not_asked_for_where_the_last_calls_show_none() -> None:
    parameters = {"thinking": {"type": "enabled", "budget_tokens": 2000}}
    asked = ("user", "Go")
    session = session_of(asked, ("assistant", [use("a")]), ("user", [result("a")]), parameters=parameters)
    assert "thinking" not in build_prompt(session).request(OLD)
    session.messages[1] = Message(
        "assistant",  # type: ignore[arg-type]
        [thought(), use("a")],
        metadata={FINGERPRINT: build_prompt(session_of(asked)).fingerprint},
    )
    # The tool is new since then, so the prompt is another and the thinking does not count.
    assert "thinking" not in build_prompt(session).request(OLD)


def test_offered_tools_stand_before_the_used_ones_and_take_old_thinking_away() -> None:
    asked = ("user", "Go")
    answer = Message(
        "assistant",  # type: ignore[arg-type]
        [thought(), text("Well.")],
        metadata={FINGERPRINT: build_prompt(session_of(asked)).fingerprint},
    )
    plain = build_prompt(session_of(asked, answer, ("user", "So?")))
    assert plain.request(NEW)["messages"][1]["content"][0] == thought()
    offered = {"name": "look", "input_schema": {"type": "object"}}
    request = plain.request(NEW, tools=[offered])
    assert request["tools"] == [offered]
    assert [block["type"] for block in request["messages"][1]["content"]] == ["text"]
    used = build_prompt(session_of(asked, ("assistant", [use("a", "look"), use("b", "write")])))
    request = used.request(NEW, tools=[offered])
    assert [tool["name"] for tool in request["tools"]] == ["look", "write"]
    assert "tool_choice" not in request
    assert check_request(request) == []


def test_a_request_shares_nothing_with_its_prompt() -> None:
    prompt = prompt_of()
    prompt.request(NEW)["messages"][0]["content"].clear()
    assert prompt.messages[0]["content"]


@pytest.mark.parametrize(
    ("model", "made"),
    [
        ("claude-opus-4-6", (4, 6)),
        ("claude-opus-4-20250514", (4, 0)),
        ("claude-sonnet-4-5-20250929", (4, 5)),
        ("claude-fable-5-2", (5, 2)),
        ("claude-haiku-5-5[1m]", (5, 5)),
        ("claude-3-5-sonnet-20241022", (3, 5)),
        ("claude-3-opus-20240229", (3, 0)),
        ("claude-2.1", (2, 0)),
        ("us.anthropic.claude-opus-4-7-v1:0", (4, 7)),
        ("anthropic/claude-sonnet-5", (5, 0)),
        ("claude-mythos-preview", NEWEST),
        ("gpt-7", None),
    ],
)
def test_a_models_generation_is_read_from_its_name(model: str, made: Any) -> None:
    assert generation(model) == made
