"""The checker that the other tests rely on refuses what the Messages API refuses."""

from __future__ import annotations

from typing import Any

import pytest
from prompt_strategies import image, result, text, thought, use
from support.messages_rules import check_request

TOOLS = [{"name": "read", "input_schema": {"type": "object"}}]


def request(*messages: tuple[str, Any], **more: Any) -> dict[str, Any]:
    said = [{"role": role, "content": content} for role, content in messages or [("user", "Hi")]]
    return {"model": "claude-opus-5-5", "max_tokens": 10, "messages": said, **more}


def called(*content: Any, answer: Any = None) -> list[tuple[str, Any]]:
    return [("user", "Go"), ("assistant", list(content)), ("user", answer or [result("a")])]


MARK = {"cache_control": {"type": "ephemeral"}}


@pytest.mark.parametrize(
    "valid",
    [
        request(),
        request(system="S", stop_sequences=["E"], stream=True),
        request(*called(use("a")), tools=TOOLS, tool_choice={"type": "none"}),
        request(("user", [image(), text("x")]), ("assistant", [thought(), text("y")]), ("user", "z")),
        {
            **request(),
            "model": "claude-opus-4-6",
            "extra_body": {"temperature": 1},
            "extra_headers": {"Anthropic-Version": "2023-06-01"},
        },
    ],
)
def test_a_valid_request_passes(valid: dict[str, Any]) -> None:
    assert check_request(valid) == []


@pytest.mark.parametrize(
    ("invalid", "says"),
    [
        (request() | {"messages": []}, "at least one message"),
        (request() | {"model": ""}, "model"),
        (request() | {"max_tokens": 0}, "max_tokens"),
        (request(frequency_penalty=1), "extra inputs"),
        (request(temperature=1), "temperature: not supported"),
        (request(stop_sequences=["\n"]), "stop sequence"),
        (request(system=[text("")]), "system.0"),
        (request(("user", "\ud800")), "not JSON in UTF-8"),
        (request(("assistant", "Hi")), "first message must use the user role"),
        (request(("user", "a"), ("user", "b")), "roles must alternate"),
        (request(("user", "a"), ("assistant", "b ")), "prefill"),
        (request(("user", "a"), ("assistant", "b ")), "trailing whitespace"),
        (request(("user", "a"), ("system", "b"), ("user", "c")), "unexpected role"),
        (request(("user", " ")), "non-whitespace"),
        (request(("user", [])), "non-empty content"),
        (request(("user", [text("\n")])), "non-whitespace"),
        (request(("user", [{"type": "new"}])), "'new' is not permitted"),
        (request(("user", [use("a")]), tools=TOOLS), "not permitted"),
        (request(("user", [{**text("x"), "id": "1"}])), "extra inputs"),
        (request(("user", [{**text("x"), "citations": [{}]}])), "citations"),
        (request(("user", "a"), ("assistant", [image(), text("x")]), ("user", "b")), "not permitted"),
        (request(("user", [image("AAAA")])), "does not match its media type"),
        (request(("user", [image("!")])), "base64"),
        (request(*called(use("a"))), "must define tools"),
        (request(*called(use("a", "write")), tools=TOOLS), "not defined in tools"),
        (request(*called(use("a"), answer=[text("x")]), tools=TOOLS), "without `tool_result` blocks immediately after"),
        (request(*called(use("a"), answer=[text("x"), result("a")]), tools=TOOLS), "must come first"),
        (request(*called(use("a"), answer=[result("a"), result("a")]), tools=TOOLS), "single result"),
        (request(*called(use("a"), answer=[result("a"), result("b")]), tools=TOOLS), "unexpected `tool_use_id`"),
        (request(*called(use("a"), use("a")), tools=TOOLS), "ids must be unique"),
        (request(*called(use("a b"), answer=[result("a b")]), tools=TOOLS), "does not match"),
        (
            request(*called(use("a"), answer=[result("a", [image()], is_error=True)]), tools=TOOLS),
            "type text if is_error",
        ),
        (request(*called(use("a"))[:2], tools=TOOLS), "ids were found without"),
        (request(*called(text("x"), thought(), answer=[text("y")])), "cannot be thinking"),
        (request(*called(thought("x", ""), text("x"), answer=[text("y")])), "signature"),
        (request(*called({**thought(), **MARK}, text("x"), answer=[text("y")])), "cache_control: extra inputs"),
        (request(("user", [{**text("x"), **MARK}] * 5)), "maximum of 4 blocks"),
        (
            request(*called({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1"}, answer="y")),
            "server_tool_use",
        ),
        (request(tools=TOOLS * 2), "names must be unique"),
        (request(tool_choice={"type": "none"}), "tool_choice"),
    ],
)
def test_an_invalid_request_is_refused_for_its_reason(invalid: dict[str, Any], says: str) -> None:
    assert any(says in violation for violation in check_request(invalid)), check_request(invalid)
