"""Whatever a session holds, its prompt is a request that the Messages API takes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_strategies import models, parameters, session_of, spoken, text, use
from support.messages_rules import check_request

from claif_git.errors import InvalidInputError
from claif_git.model import Message
from claif_git.prompt import build_prompt
from claif_git.prompt.turns import CONTINUE


@settings(max_examples=400)
@given(messages=spoken(), wanted=parameters, model=models, cache=st.booleans())
def test_any_session_gives_a_valid_request_or_has_nothing_to_send(
    messages: list[Message], wanted: dict[str, Any], model: str, cache: bool
) -> None:
    session = session_of(*messages, parameters=wanted)
    before = copy.deepcopy(session.messages)
    try:
        prompt = build_prompt(session, cache=cache)
    except InvalidInputError:
        assert not any(_says_something(message) for message in messages)
        return
    request = prompt.request(model)
    assert check_request(request) == []
    assert session.messages == before
    assert all(note and "\n" not in note for note in prompt.notes)


def _says_something(message: Message) -> bool:
    said = message.content if isinstance(message.content, list) else [text(message.content)]
    return message.role != "system" and any(
        block.get("type") == "text" and isinstance(block.get("text"), str) and block["text"].strip() for block in said
    )


@settings(max_examples=250)
@given(messages=spoken(), more=spoken())
def test_what_is_added_changes_nothing_before_it(messages: list[Message], more: list[Message]) -> None:
    tail = [message for message in more if message.role != "system" and not _calls(message)]
    try:
        earlier = build_prompt(session_of(*messages), cache=False)
    except InvalidInputError:
        return
    later = build_prompt(session_of(*messages, *tail), cache=False)
    assert later.system == earlier.system
    assert later.tools == earlier.tools
    assert _flat(later)[: len(_flat(earlier))] == _flat(earlier)


@settings(max_examples=100)
@given(messages=spoken())
def test_cache_marks_are_the_only_difference_that_caching_makes(messages: list[Message]) -> None:
    try:
        marked, plain = build_prompt(session_of(*messages)), build_prompt(session_of(*messages), cache=False)
    except InvalidInputError:
        return
    assert marked.fingerprint == plain.fingerprint
    assert _bare([*marked.system, *marked.tools, *marked.messages]) == [*plain.system, *plain.tools, *plain.messages]


def _calls(message: Message) -> bool:
    return isinstance(message.content, list) and any(
        block.get("type") in {"tool_use", "tool_result"} for block in message.content
    )


def _flat(prompt: Any) -> list[Any]:
    """Roles and blocks in order, less the user message that is supplied only where an assistant is last."""
    blocks = [(message["role"], block) for message in prompt.messages for block in message["content"]]
    supplied = any(CONTINUE in note for note in prompt.notes)
    missing = any("missing tool result" in note for note in prompt.notes)
    if missing:
        first = next(
            place for place, (_, block) in enumerate(blocks) if block.get("is_error") and "No result" in str(block)
        )
        return blocks[:first]
    return blocks[:-1] if supplied else blocks


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key != "cache_control"}
    return [_bare(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "said",
    [
        [],
        [("system", "Be brief.")],
        [("user", " \n")],
        [("user", [])],
        [("assistant", [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}])],
        [("user", [{"type": "tool_result", "tool_use_id": "gone", "content": "x"}])],
    ],
)
def test_a_session_without_content_has_nothing_to_send(said: list[Any]) -> None:
    with pytest.raises(InvalidInputError, match="nothing to send"):
        build_prompt(session_of(*said))


def test_more_messages_than_a_request_holds_lose_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claif_git.prompt.build.MAX_MESSAGES", 4)
    said = [(role, f"{role} {n}") for n in range(6) for role in ("user", "assistant")]
    prompt = build_prompt(session_of(*said, ("assistant", [use("a")])))
    assert check_request(prompt.request("claude-opus-5-5")) == []
    assert prompt.messages[0]["content"][0]["text"] == "user 5"
    assert any("oldest" in note for note in prompt.notes)
