from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from claif_git.importers import ImportedConversation, Parsed, parse
from claif_git.model import Message

FIXTURES = Path(__file__).parents[2] / "fixtures"
START = datetime(2000, 1, 1, tzinfo=UTC)


def read(document, source=None, **options) -> Parsed:
    return parse(json.dumps(document).encode(), source=source, **options)


def only(parsed: Parsed) -> ImportedConversation:
    assert len(parsed.conversations) == 1
    return parsed.conversations[0]


def messages(document, source=None, **options) -> list[Message]:
    return [turn.message for turn in only(read(document, source, **options)).turns]


def said(found: list[Message]) -> list[tuple[str, object]]:
    return [(str(message.role), message.content) for message in found]


HI = {"role": "user", "content": "Hi"}
HELLO = {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]}


def test_a_request_begins_with_its_system_prompt_and_keeps_its_parameters():
    conversation = only(
        read({"model": "m", "max_tokens": 9, "system": "Be brief.", "tools": [], "messages": [HI, HELLO]})
    )
    assert said([turn.message for turn in conversation.turns]) == [
        ("system", "Be brief."),
        ("user", "Hi"),
        ("assistant", [{"type": "text", "text": "Hello."}]),
    ]
    assert conversation.title == "Hi"
    assert conversation.metadata == {"source": "anthropic-messages", "tools": []}
    assert conversation.parameters == {"model": "m", "max_tokens": 9}
    assert [(branch.key, branch.leaf) for branch in conversation.branches] == [("main", 2)]


def test_blocks_of_the_messages_api_are_kept_but_for_cache_marks():
    document = json.loads((FIXTURES / "anthropic-messages.json").read_bytes())
    found = messages(document)
    assert found[2].content == document["messages"][1]["content"]
    assert found[3].content == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_01forecast",
            "content": [{"type": "text", "text": "4 °C, 6 °C, 11 °C"}],
        }
    ]
    inner = {"type": "tool_result", "content": [{"type": "text", "text": "x", "cache_control": {}}, "bare"]}
    assert messages([{"role": "user", "content": [inner]}])[0].content == [
        {"type": "tool_result", "content": [{"type": "text", "text": "x"}, "bare"]}
    ]


def test_a_response_that_was_saved_along_is_the_last_message():
    response = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [{"type": "text", "text": "Hello."}],
        "usage": {"input_tokens": 5, "output_tokens": 2},
    }
    for document in (
        {"messages": [HI], "response": response},
        {"request": {"messages": [HI]}, "response": response},
        {"messages": [HI, response]},
    ):
        last = messages(document)[-1]
        assert (last.model, last.tokens) == ("claude-sonnet-5-5", {"input_tokens": 5, "output_tokens": 2})
        assert last.metadata == {"reply": "msg_1"}
        assert last.id == messages([HI, HELLO])[-1].id


def test_a_chat_completion_that_was_saved_along_is_the_last_message():
    answer = {"role": "assistant", "content": "Hello."}
    usage = {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}
    completion = {"model": "gpt-4o-mini-2024-07-18", "choices": [{"message": answer}], "usage": usage}
    for document in ({"messages": [HI], **completion}, {"messages": [HI], "response": completion}):
        last = messages(document, "openai-messages")[-1]
        assert (last.text, last.model) == ("Hello.", "gpt-4o-mini-2024-07-18")
        assert last.tokens == {"input_tokens": 6, "output_tokens": 3, "cache_read_input_tokens": 4}
    assert len(messages({"messages": [HI], "choices": [], "usage": usage})) == 1


def test_times_are_fixed_where_there_are_none_and_the_source_s_own_where_there_are():
    assert [message.timestamp for message in messages([HI, HELLO])] == [START, START + timedelta(seconds=1)]
    began = datetime(2026, 5, 1, 12, tzinfo=UTC)
    document = {
        "created_at": "2026-05-01T12:00:00",
        "messages": [HI, HELLO | {"timestamp": began.timestamp() * 1000 + 60_000}, HI],
    }
    conversation = only(read(document))
    assert conversation.created_at == began
    assert [(turn.message.timestamp - began).seconds for turn in conversation.turns] == [0, 60, 61]


def test_ids_hang_on_all_that_was_said_before_but_not_on_the_system_prompt():
    first, second = messages([HI, HELLO, HI]), messages([HELLO, HI])
    assert len({message.id for message in [*first, *second]}) == 5
    dated, later = (messages({"system": f"Today is {day}.", "messages": [HI, HELLO]}) for day in ("Monday", "Tuesday"))
    assert dated[0].id != later[0].id
    assert [message.id for message in dated[1:]] == [message.id for message in later[1:]]
    marked = HI | {"content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]}
    plain = HI | {"content": [{"type": "text", "text": "Hi"}]}
    assert messages([marked])[0].id == messages([plain])[0].id


def test_the_same_system_prompt_twice_is_two_messages():
    found = messages([{"role": "system", "content": "Be brief."}] * 2, "openai-messages")
    assert len({message.id for message in found}) == 2


def test_a_conversation_is_known_by_its_own_id_or_else_by_its_first_words():
    assert only(read({"conversation_id": "c-1", "messages": [HI]})).key == "c-1"
    assert only(read({"conversation_id": "c-1", "messages": [HI]})).metadata["source_session"] == "c-1"
    keys = {only(read(document)).key for document in ([HI], [HI, HELLO], {"system": "x", "messages": [HI]})}
    assert len(keys) == 1
    assert only(read({"system": "x", "messages": []}, "anthropic-messages")).key


def test_a_title_that_the_file_gives_stands():
    assert only(read({"title": "Greeting", "messages": [HI]})).title == "Greeting"
    assert only(read({"title": 5, "messages": [HELLO]})).title is None


def test_openai_roles_calls_and_pictures_become_blocks():
    found = messages(json.loads((FIXTURES / "openai-messages.json").read_bytes()))
    assert [str(message.role) for message in found[:6]] == ["system", "user", "assistant", "user", "user", "assistant"]
    picture = found[1].content[1]
    assert picture["type"] == "image"
    assert picture["source"]["media_type"] == "image/png"
    assert picture["source"]["data"].startswith("iVBOR")
    assert found[2].content == [
        {"type": "tool_use", "id": "call_1", "name": "lookup", "input": {"cap": "red", "gills": "white"}},
        {"type": "tool_use", "id": "call_2", "name": "season", "input": {"month": 9}},
    ]
    assert found[3].content == [{"type": "tool_result", "tool_use_id": "call_1", "content": "Amanita muscaria"}]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "text", "text": "x"}, {"type": "text", "text": "x"}),
        ({"type": "input_text", "text": "x", "annotations": []}, {"type": "text", "text": "x"}),
        ({"type": "refusal", "refusal": "No."}, {"type": "text", "text": "No."}),
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}},
        ),
        (
            {"type": "input_image", "image_url": "data:image/jpeg;base64,AAAA"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        ),
        ({"type": "image_url", "image_url": {}}, {"type": "image_url", "image_url": {}}),
        (
            {"type": "input_audio", "input_audio": {"data": "AA"}},
            {"type": "input_audio", "input_audio": {"data": "AA"}},
        ),
        ("bare", {"type": "text", "text": "bare"}),
    ],
)
def test_parts_become_blocks_and_unknown_ones_stay(part, block):
    assert messages([{"role": "user", "content": [part]}], "openai-messages")[0].content == [block]


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ('{"a": 1}', {"a": 1}),
        ({"a": 1}, {"a": 1}),
        ("", {}),
        (None, {}),
        ("not JSON", {"arguments": "not JSON"}),
        ("[1]", {"arguments": "[1]"}),
    ],
)
def test_arguments_become_an_input_whatever_they_are(arguments, given):
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    found = messages([HI, {"role": "assistant", "content": "Wait.", "tool_calls": [call]}])
    assert found[1].content == [
        {"type": "text", "text": "Wait."},
        {"type": "tool_use", "id": "c", "name": "f", "input": given},
    ]


def test_older_and_newer_kinds_of_calls_are_read():
    found = messages(
        [
            HI,
            {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "1"},
            {"role": "assistant", "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "g", "input": "x"}}]},
            {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "2"}, "3"]},
            {"role": "tool", "content": None},
            {"role": "tool", "tool_call_id": "c", "content": 4},
        ]
    )
    called = found[1].content[0]
    assert found[2].content == [{"type": "tool_result", "tool_use_id": called["id"], "content": "1"}]
    assert found[2].metadata == {"name": "f"}
    assert found[3].content[0]["input"] == {"arguments": "x"}
    assert found[4].content[0]["content"] == [{"type": "text", "text": "2"}, {"type": "text", "text": "3"}]
    assert found[5].content == [{"type": "tool_result", "tool_use_id": "unknown", "content": ""}]
    assert found[6].content[0]["content"] == "4"


def test_a_refusal_is_what_the_model_said():
    found = messages([HI, {"role": "assistant", "content": None, "refusal": "I cannot."}])
    assert found[1].content == [{"type": "text", "text": "I cannot."}]


@pytest.mark.parametrize("source", ["anthropic-messages", "openai-messages"])
def test_what_cannot_be_read_is_named_by_its_place_and_the_rest_is_read(source):
    parsed = read(
        {
            "temperature": float("inf"),
            "messages": [
                HI,
                5,
                {"role": "oracle", "content": "x"},
                {"role": "user"},
                {"role": "user", "content": [7]},
                {"role": "user", "content": [{"n": float("nan")}]},
                HELLO,
            ],
            "system": 5,
        },
        source,
    )
    assert [str(turn.message.role) for turn in only(parsed).turns] == ["user", "assistant"]
    reasons = " ".join(problem.reason for problem in parsed.problems)
    assert all(f"messages[{index}]" in reasons for index in range(1, 6))
    assert "temperature" in reasons
    assert not read({"messages": [5]}, source).conversations


def test_what_a_message_was_read_from_is_kept_on_request():
    for source in ("anthropic-messages", "openai-messages"):
        found = messages({"system": "é", "messages": [HI]}, source, keep_raw=True)
        assert json.loads(found[-1].metadata["raw"]) == HI
