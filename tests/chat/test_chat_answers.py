from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.messages_api import Reply, events

from claif_git.chat.answers import Answer

TEXT = st.text(max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.dictionaries(TEXT, inner), max_leaves=5
)
BLOCKS = st.lists(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, TEXT),
        st.builds(lambda text: {"type": "thinking", "thinking": text, "signature": "c2ln"}, TEXT),
        st.builds(lambda data: {"type": "redacted_thinking", "data": data}, TEXT),
        st.builds(
            lambda given: {"type": "tool_use", "id": "t", "name": "n", "input": given}, st.dictionaries(TEXT, JSON)
        ),
        st.builds(lambda given: {"type": "of_the_future", "value": given}, JSON),
    ),
    max_size=5,
)


def message(blocks, stop_reason="end_turn"):
    usage = {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": blocks, "stop_reason": stop_reason, "usage": usage,
    }  # fmt: skip


def stream(blocks):
    return list(events(message(blocks), Reply(blocks)))


def heard(items):
    answer = Answer()
    texts = [answer.add(item) for item in items]
    return answer, "".join(texts)


@given(BLOCKS)
def test_a_streamed_answer_is_the_answer_that_would_have_come_whole(blocks):
    streamed, streamed_text = heard(stream(blocks))
    whole, whole_text = heard([message(blocks)])
    assert streamed.blocks == whole.blocks == blocks
    assert streamed.content == whole.content
    assert streamed_text == whole_text == streamed.text
    assert (streamed.ended, streamed.stop_reason, streamed.usage) == (True, "end_turn", whole.usage)
    assert (streamed.id, streamed.model) == ("msg_1", "claude-x")


@given(BLOCKS, st.integers(0, 60))
def test_an_answer_cut_anywhere_keeps_what_was_said_and_no_half_call(blocks, cut):
    answer, text = heard(stream(blocks)[:cut])
    assert not answer.ended or cut >= len(stream(blocks))
    assert answer.text == text
    for got, meant in zip([block for block in answer.blocks if block["type"] == "tool_use"],
                          [block for block in blocks if block["type"] == "tool_use"], strict=False):  # fmt: skip
        assert got == meant
    json.dumps(answer.content)


def test_a_single_text_block_is_plain_text():
    assert heard(stream([{"type": "text", "text": "hi"}]))[0].content == "hi"
    assert heard([message([{"type": "text", "text": "hi", "citations": None}])])[0].content == "hi"


def test_a_text_with_citations_stays_a_block():
    cited = {"type": "text", "text": "", "citations": []}
    items = [
        {"type": "message_start", "message": message([])},
        {"type": "content_block_start", "index": 0, "content_block": cited},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "so"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"a": 1}}},
        {"type": "content_block_stop", "index": 0},
    ]
    assert heard(items)[0].content == [{"type": "text", "text": "so", "citations": [{"a": 1}]}]


def test_no_answer_at_all_is_empty_text():
    assert heard([message([])])[0].content == ""


@pytest.mark.parametrize("blocks", [[], [{"type": "text", "text": " \n"}], [{"type": "thinking", "thinking": "hm"}]])
def test_blanks_and_thinking_alone_say_nothing(blocks):
    assert not heard([message(blocks)])[0].says_something


@pytest.mark.parametrize("block", [{"type": "text", "text": "x"}, {"type": "tool_use", "input": {}}])
def test_words_and_calls_say_something(block):
    assert heard([message([block])])[0].says_something


def test_events_and_deltas_of_the_future_are_passed_over():
    items = stream([{"type": "text", "text": "hi"}])
    items.insert(3, {"type": "of_the_future"})
    items.insert(3, {"type": "content_block_delta", "index": 0, "delta": {"type": "of_the_future_delta"}})
    assert heard(items)[0].content == "hi"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "message_start"},
        {"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "x"}},
        {"type": "content_block_start", "index": 0, "content_block": 3},
        {"type": "message", "content": [None]},
        {"type": "message_delta", "delta": "x"},
    ],
)
def test_events_that_make_no_sense_are_a_value_error(event):
    with pytest.raises(ValueError, match="makes no sense"):
        heard([event])


def test_a_call_whose_input_is_no_json_is_a_value_error():
    items = stream([{"type": "tool_use", "id": "t", "name": "n", "input": {"a": 1}}])
    del items[4]
    with pytest.raises(ValueError, match="delimiter"):
        heard(items)
