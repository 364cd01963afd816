"""What a prompt leaves out and supplies, and that it says so."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from prompt_strategies import JPEG, PDF, PNG, image, result, session_of, text, thought, use
from support.messages_rules import check_request

from claif_git.model import Message
from claif_git.prompt import FINGERPRINT, Prompt, build_prompt
from claif_git.prompt.turns import CONTINUE, OPENING


def built(*said: Any, **options: Any) -> Prompt:
    prompt = build_prompt(session_of(*said), **{"cache": False, **options})
    assert check_request(prompt.request("claude-opus-5-5")) == []
    return prompt


def shape(prompt: Prompt) -> list[Any]:
    """Roles with what their blocks say, in short."""
    return [(turn["role"], *(_short(block) for block in turn["content"])) for turn in prompt.messages]


def _short(block: dict[str, Any]) -> str:
    if block["type"] == "tool_result":
        return f"{block['tool_use_id']}={'error' if block.get('is_error') else block.get('content', '')}"
    return str(block.get("text") or block.get("id") or block["type"])


def test_a_plain_conversation_goes_through_as_it_is() -> None:
    prompt = built(("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello."), ("user", "Why?"))
    assert prompt.system == [text("Be brief.")]
    assert shape(prompt) == [("user", "Hi"), ("assistant", "Hello."), ("user", "Why?")]
    assert prompt.notes == []
    assert prompt.tools == []


def test_system_messages_go_to_the_top_wherever_they_stand() -> None:
    prompt = built(("user", "Hi"), ("system", "A"), ("user", "there"), ("system", [text("B"), image()]))
    assert prompt.system == [text("A"), text("B")]
    assert shape(prompt) == [("user", "Hi", "there")]
    assert prompt.notes == ["a block of type 'image' in a system message left out (message 3)"]


def test_empty_texts_are_left_out_and_what_they_parted_becomes_one_turn() -> None:
    prompt = built(("user", "Hi"), ("assistant", " \n"), ("user", [text(""), text("Still there?")]))
    assert shape(prompt) == [("user", "Hi", "Still there?")]
    assert prompt.notes == ["empty text left out (messages 1, 2)"]


def test_an_interrupted_answer_is_an_answer() -> None:
    partial = Message("assistant", "It is beca", metadata={"interrupted": True})  # type: ignore[arg-type]
    assert shape(built(("user", "Why?"), partial, ("user", "Go on.")))[1] == ("assistant", "It is beca")


def test_a_conversation_begins_and_ends_with_the_user() -> None:
    prompt = built(("assistant", "Welcome."))
    assert shape(prompt) == [("user", OPENING), ("assistant", "Welcome."), ("user", CONTINUE)]
    assert len(prompt.notes) == 2


def test_a_result_that_stands_further_down_is_moved_up_to_its_call() -> None:
    prompt = built(
        ("user", "Go"), ("assistant", [use("a")]), ("assistant", "Wait."), ("user", [text("So?"), result("a")])
    )
    assert shape(prompt) == [
        ("user", "Go"),
        ("assistant", "a"),
        ("user", "a=done"),
        ("assistant", "Wait."),
        ("user", "So?"),
    ]
    assert prompt.notes == ["a tool result moved up to its call (message 3)"]


def test_a_missing_result_is_supplied_as_an_error() -> None:
    prompt = built(
        ("user", "Go"), ("assistant", [text("I look."), use("a"), use("b")]), ("user", [result("b"), text("So?")])
    )
    assert shape(prompt)[2] == ("user", "a=error", "b=done", "So?")
    assert prompt.notes == ["a missing tool result supplied as an error (message 1)"]


def test_a_conversation_that_was_cut_off_at_a_call_ends_with_its_result() -> None:
    assert shape(built(("user", "Go"), ("assistant", [use("a")]))) == [
        ("user", "Go"),
        ("assistant", "a"),
        ("user", "a=error"),
    ]


def test_a_result_without_its_call_is_left_out() -> None:
    prompt = built(("user", [result("gone"), text("Thanks.")]), ("assistant", "Sure."), ("user", "Bye."))
    assert shape(prompt)[0] == ("user", "Thanks.")
    assert prompt.notes == ["a tool result whose call is not before it, or has one already, left out (message 0)"]


def test_an_exchange_that_stands_twice_keeps_its_pairs_under_ids_of_their_own() -> None:
    exchange = [("user", "Go"), ("assistant", [use("a")]), ("user", [result("a", "one")]), ("assistant", "Good.")]
    again = [("user", "Go"), ("assistant", [use("a")]), ("user", [result("a", "two")]), ("assistant", "Fine.")]
    prompt = built(*exchange, *again, ("user", "Bye."))
    assert shape(prompt)[1:3] == [("assistant", "a"), ("user", "a=one")]
    assert shape(prompt)[5:7] == [("assistant", "a-2"), ("user", "a-2=two")]
    assert prompt.notes == ["a tool call's id changed, since ids are unique and plain (message 5)"]


def test_a_call_that_one_branch_left_open_does_not_take_the_other_branchs_result() -> None:
    prompt = built(
        ("user", "Go"), ("assistant", [use("a")]), ("user", "Go"), ("assistant", [use("a")]), ("user", [result("a")])
    )
    assert shape(prompt)[2] == ("user", "a=error", "Go")
    assert shape(prompt)[4] == ("user", "a-2=done")


def test_calls_that_came_line_by_line_are_one_turn_and_so_are_their_results() -> None:
    prompt = built(
        ("user", "Go"),
        ("assistant", [use("a")]),
        ("assistant", [use("b")]),
        ("user", [result("a")]),
        ("user", [result("b")]),
    )
    assert shape(prompt) == [("user", "Go"), ("assistant", "a", "b"), ("user", "a=done", "b=done")]
    assert prompt.notes == []


def test_calls_one_after_another_stay_apart() -> None:
    said = [
        ("user", "Go"),
        ("assistant", [use("a")]),
        ("user", [result("a")]),
        ("assistant", [use("b")]),
        ("user", [result("b")]),
    ]
    assert [turn[0] for turn in shape(built(*said))] == ["user", "assistant", "user", "assistant", "user"]


def test_what_an_assistant_says_after_its_call_comes_after_the_result() -> None:
    prompt = built(("user", "Go"), ("assistant", [use("a"), text("Done, I think.")]), ("user", [result("a")]))
    assert shape(prompt)[1:] == [
        ("assistant", "a"),
        ("user", "a=done"),
        ("assistant", "Done, I think."),
        ("user", CONTINUE),
    ]


def test_a_result_in_an_assistants_message_is_the_users() -> None:
    prompt = built(("user", "Go"), ("assistant", [use("a"), result("a")]), ("assistant", [use("b")]))
    assert shape(prompt)[1:4] == [("assistant", "a"), ("user", "a=done"), ("assistant", "b")]


def test_used_tools_are_defined_once_in_order_and_not_offered() -> None:
    prompt = built(("user", "Go"), ("assistant", [use("a", "write"), use("b", "mcp.read file"), use("c", "write")]))
    assert [tool["name"] for tool in prompt.tools] == ["write", "mcp_read_file"]
    assert prompt.request("claude-opus-5-5")["tool_choice"] == {"type": "none"}
    assert "the tool 'mcp.read file' is called 'mcp_read_file' (message 1)" in prompt.notes


@pytest.mark.parametrize("call", [{**use("a"), "name": ""}, {**use("a"), "id": None}, {"type": "tool_use"}])
def test_a_call_without_name_or_id_is_left_out(call: Any) -> None:
    assert shape(built(("user", "Go"), ("assistant", [text("Hm."), call])))[1] == ("assistant", "Hm.")


def test_a_result_that_names_no_call_is_left_out() -> None:
    prompt = built(("user", [text("Go"), {"type": "tool_result", "content": "x"}]))
    assert prompt.notes == ["a tool result without an id left out (message 0)"]


def test_a_users_call_is_left_out_and_odd_ids_and_inputs_are_made_fit() -> None:
    prompt = built(("user", [text("Go"), use("u")]), ("assistant", [{**use("call 1"), "input": "ls"}, use("")]))
    assert shape(prompt)[:2] == [("user", "Go"), ("assistant", "call_1", "call")]
    assert prompt.messages[1]["content"][0]["input"] == {"value": "ls"}


@pytest.mark.parametrize(
    ("content", "sent"),
    [
        (None, None),
        (" ", None),
        ([], None),
        ("x", "x"),
        ({"rows": 3}, '{"rows": 3}'),
        ([text("a"), text(" "), image()], [text("a"), image()]),
        (["bare", {"type": "tool_reference", "tool_name": "x"}], [text("bare")]),
    ],
)
def test_a_results_content_is_text_or_blocks_that_may_stand_in_it(content: Any, sent: Any) -> None:
    prompt = built(("user", "Go"), ("assistant", [use("a")]), ("user", [result("a", content)]))
    assert prompt.messages[2]["content"][0].get("content") == sent


def test_an_error_holds_text_only() -> None:
    failed = result("a", [text("no"), image()], is_error=True)
    prompt = built(("user", "Go"), ("assistant", [use("a")]), ("user", [failed]))
    assert prompt.messages[2]["content"] == [result("a", [text("no")], is_error=True)]
    assert prompt.notes == ["a block of type 'image' in a tool result left out (message 2)"]


def test_what_the_api_does_not_know_or_made_itself_is_left_out_with_a_note() -> None:
    searched = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {**text("Found."), "citations": [{"type": "web_search_result_location"}]},
        {"type": "from_the_future"},
    ]
    prompt = built(("user", "Go"), ("assistant", searched), ("user", "Thanks."))
    assert prompt.messages[1]["content"] == [text("Found.")]
    assert prompt.notes == [
        "a block of type 'server_tool_use' left out (message 1)",
        "a block of type 'web_search_tool_result' left out (message 1)",
        "citations left out (message 1)",
        "a block of type 'from_the_future' left out (message 1)",
    ]


def _document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source, "title": "T", "context": " ", "citations": {"enabled": True}}


@pytest.mark.parametrize(
    ("block", "source"),
    [
        (image(), image()["source"]),
        (image(JPEG, "image/png"), image(JPEG, "image/jpeg")["source"]),
        (
            image(base64.b64encode(b"GIF89a").decode(), "x"),
            image(base64.b64encode(b"GIF89a").decode(), "image/gif")["source"],
        ),
        (image(base64.b64encode(b"RIFF\n\n\n\nWEBP").decode(), "image/webp"), ...),
        (image("AAAA"), None),
        (image("no base64"), None),
        ({"type": "image"}, None),
        ({"type": "image", "source": {"type": "url", "url": "https://x.org/a.png"}}, ...),
        ({"type": "image", "source": {"type": "url", "url": "file:///etc/passwd"}}, None),
        ({"type": "image", "source": {"type": "file", "file_id": "file_1"}}, ...),
        (_document(type="base64", media_type="application/pdf", data=PDF), ...),
        (_document(type="base64", media_type="application/pdf", data=PNG), None),
        (_document(type="text", media_type="text/plain", data="words"), ...),
        (_document(type="text", media_type="text/plain", data=" "), None),
        (_document(type="content", content="words"), ...),
        (
            _document(type="content", content=[text("a"), image(), text("")]),
            {"type": "content", "content": [text("a"), image()]},
        ),
        (_document(type="content", content=[1]), None),
        (_document(type="url", url="https://x.org/a.pdf"), ...),
        (_document(type="elsewhere"), None),
    ],
)
def test_images_and_documents_are_sent_as_what_they_are_or_left_out(block: Any, source: Any) -> None:
    prompt = built(("user", [text("Look."), block]))
    sent = [one["source"] for one in prompt.messages[0]["content"][1:]]
    assert sent == ([] if source is None else [block["source"] if source is ... else source])
    assert bool(prompt.notes) == (sent != [block.get("source")])


def test_an_assistant_shows_no_images() -> None:
    prompt = built(("user", "Draw."), ("assistant", [image(), text("Here.")]))
    assert prompt.notes[0] == "image in an assistant message left out (message 1)"


def test_search_results_keep_their_text() -> None:
    found = {
        "type": "search_result",
        "source": "s",
        "title": "t",
        "content": [text("a"), text("")],
        "citations": {"enabled": True},
    }
    prompt = built(("user", [found, {**found, "title": ""}, {**found, "content": "a"}]))
    assert prompt.messages[0]["content"] == [
        {"type": "search_result", "source": "s", "title": "t", "content": [text("a")]}
    ]


def test_lone_surrogates_do_not_reach_the_wire() -> None:
    prompt = built(("system", "a\ud800"), ("user", "b\udc00"), ("assistant", [use("c", x={"\udfff": "\ud83d"})]))
    json.dumps([prompt.system, prompt.messages], ensure_ascii=False).encode()
    assert prompt.notes[0] == "lone surrogates replaced by U+FFFD (messages 0, 1, 2)"
    assert prompt.messages[1]["content"][0]["input"] == {"x": {"\ufffd": "\ufffd"}}


def test_a_note_names_no_more_than_a_few_messages() -> None:
    prompt = built(*[("user", [text("a"), text("")])] * 11)
    assert prompt.notes == ["empty text left out (messages 0, 1, 2, 3, 4, 5, 6, 7 and 3 more)"]


ASKED = [("user", "Why?")]


def answered(content: Any, *asked: Any, **metadata: Any) -> Message:
    """An answer stored with the fingerprint of the prompt it answers."""
    prompt = build_prompt(session_of(*(asked or ASKED)))
    return Message("assistant", content, metadata={FINGERPRINT: prompt.fingerprint, **metadata})  # type: ignore[arg-type]


def test_thinking_goes_back_untouched_where_nothing_before_it_changed() -> None:
    asked = [("user", "Go"), ("assistant", [use("a")]), ("user", [result("a")])]
    content = [thought(""), {**text("Because."), "citations": None}, {**use("b"), "caller": {"type": "direct"}}]
    prompt = built(*asked, answered(content, *asked), ("user", [result("b")]))
    assert prompt.messages[3]["content"] == [thought(""), text("Because."), use("b")]
    assert prompt.notes == []


def test_thinking_goes_back_turn_after_turn() -> None:
    first = answered([thought("one"), text("Because.")])
    asked = [*ASKED, first, ("user", "And?")]
    second = answered([{"type": "redacted_thinking", "data": "x"}, text("So.")], *asked)
    prompt = built(*asked, second, ("user", "Oh."))
    assert [turn["content"][0]["type"] for turn in prompt.messages] == [
        "text",
        "thinking",
        "text",
        "redacted_thinking",
        "text",
    ]


@pytest.mark.parametrize(
    "said",
    [
        [("user", "Why not?"), answered([thought(), text("Because.")])],
        [("system", "Be brief."), *ASKED, answered([thought(), text("Because.")])],
        [*ASKED, answered([thought(), text("Because.")], **{FINGERPRINT: "0" * 32})],
        [*ASKED, answered([thought(), text("Because.")], **{FINGERPRINT: 7})],
        [*ASKED, ("assistant", [thought(), text("Because.")])],
        [*ASKED, ("assistant", "Well."), answered([thought(), text("Because.")])],
        [*ASKED, answered([thought(), text("Because."), text(" ")])],
        [*ASKED, answered([text("Because."), thought()])],
        [*ASKED, answered([thought(), use("a"), text("Because.")])],
        [*ASKED, answered([thought("hm", ""), text("Because.")])],
        [("user", [text("Why?"), thought()])],
    ],
)
def test_thinking_that_would_be_refused_is_left_out(said: Any) -> None:
    prompt = built(*said, ("user", "Oh."))
    assert "thinking" not in {block["type"] for turn in prompt.messages for block in turn["content"]}
    assert any(note.startswith("thinking ") for note in prompt.notes)


def test_thinking_is_left_out_on_request() -> None:
    prompt = built(*ASKED, answered([thought(), text("Because.")]), ("user", "Oh."), thinking=False)
    assert prompt.messages[1]["content"] == [text("Because.")]


def test_an_answer_of_thinking_alone_is_left_out() -> None:
    assert shape(built(*ASKED, answered([thought()]), ("user", "Oh."))) == [("user", "Why?", "Oh.")]


def _marked(prompt: Prompt) -> list[str]:
    blocks = [*prompt.system, *prompt.tools, *(block for turn in prompt.messages for block in turn["content"])]
    return [block.get("text") or block.get("name") or block["type"] for block in blocks if "cache_control" in block]


def test_marks_stand_at_the_end_of_what_stays() -> None:
    prompt = built(
        *(("system", "S1"), ("system", "S2"), ("user", "one"), ("assistant", "two")),
        *(("user", "three"), ("user", "four"), ("assistant", "five"), ("user", "six")),
        cache=True,
    )
    assert _marked(prompt) == ["S2", "four", "five", "six"]


def test_without_a_system_message_the_tools_are_marked() -> None:
    prompt = built(("user", "Go"), ("assistant", [use("a"), use("b", "write")]), cache=True)
    assert _marked(prompt) == ["write", "Go", "write", "tool_result"]


def test_the_place_where_a_request_ended_is_marked_in_the_next() -> None:
    said: list[Any] = [("user", "0")]
    for turn in range(1, 6):
        before = build_prompt(session_of(*said))
        said += [("assistant", f"answer {turn}"), ("user", f"{turn}")]
        after = build_prompt(session_of(*said))
        assert after.messages[len(before.messages) - 1]["content"][-1] == before.messages[-1]["content"][-1]
        assert "cache_control" in before.messages[-1]["content"][-1]
