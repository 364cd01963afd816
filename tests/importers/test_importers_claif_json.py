from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.format.interchange import message_from_data, message_to_data, session_to_data, to_json
from claif_git.importers import Parsed, parse
from claif_git.model import Message, MessageRole, Session

NOON = datetime(2026, 3, 30, 12, tzinfo=UTC)


def session(*messages: Message, **about) -> Session:
    made = Session("garden-0123456789ab", NOON, NOON + timedelta(hours=1), **about)
    made.messages = list(messages)
    return made


def read(data) -> Parsed:
    return parse(to_json(data).encode())


text = st.text(st.characters(exclude_categories=()), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
names = text.filter(bool)
mappings = st.dictionaries(text, json_values, max_size=3)
messages = st.builds(
    Message,
    st.sampled_from(MessageRole),
    text | st.lists(mappings, max_size=3),
    st.datetimes(datetime(1970, 1, 2), datetime(9989, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants naive bounds
    mappings,
    st.none() | st.integers(0, 10**20) | mappings,
    st.none() | names,
    model=st.none() | names,
    copied_from=st.none() | names,
    extra=st.dictionaries(st.sampled_from(["x", "later", "é"]), json_values.filter(lambda value: value is not None)),
)


@given(st.lists(messages, min_size=1, max_size=4), st.none() | text, mappings, mappings, st.booleans())
def test_an_export_reads_back_without_loss(found, title, metadata, parameters, pretty):
    made = session(
        *found, title=title, metadata=metadata, parameters=parameters, template="coding", order="chronological"
    )
    written = to_json(session_to_data(made), pretty=pretty)
    assert written.isascii()
    parsed = parse(written.encode())
    assert not parsed.problems
    (conversation,) = parsed.conversations
    assert [turn.message for turn in conversation.turns] == found
    assert (conversation.key, conversation.source) == (made.id, "claif-json")
    assert (conversation.title, conversation.metadata, conversation.created_at) == (title, metadata, NOON)
    assert (conversation.template, conversation.parameters, conversation.order) == (
        "coding",
        parameters,
        "chronological",
    )
    assert [turn.parent for turn in conversation.turns] == [None, *range(len(found) - 1)]


def test_the_shape_is_as_documented():
    made = session(Message("user", "Hi", NOON, id="u1"), title="Garden", metadata={"plot": 3})
    assert session_to_data(made) == {
        "format": "claif-git/1",
        "session": {
            "id": "garden-0123456789ab",
            "title": "Garden",
            "template": None,
            "created_at": "2026-03-30T12:00:00.000000Z",
            "updated_at": "2026-03-30T13:00:00.000000Z",
            "metadata": {"plot": 3},
            "parameters": {},
            "order": "path",
        },
        "messages": [{"role": "user", "timestamp": "2026-03-30T12:00:00.000000Z", "content": "Hi", "id": "u1"}],
    }


def test_metadata_timestamps_and_tokens_can_be_left_out():
    made = session(Message("assistant", "Hi", NOON, {"a": 1}, 7, extra={"x": 1}), metadata={"plot": 3})
    data = session_to_data(made, include_metadata=False, include_timestamps=False, include_tokens=False)
    assert data["messages"] == [{"role": "assistant", "content": "Hi", "x": 1}]
    assert data["session"].keys() == {"id", "title", "template", "parameters", "order"}
    data["messages"].append({"role": "user", "content": "And?"})
    stamps = [turn.message.timestamp for turn in read(data).conversations[0].turns]
    assert stamps == [datetime(2000, 1, 1, 0, 0, second, tzinfo=UTC) for second in (0, 1)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (5, "m: a message is an object, not a number"),
        (None, "m: a message is an object, not null"),
        ({"content": "x"}, "m: there is no role"),
        ({"role": "user"}, "m: there is no content"),
        ({"role": "user", "content": "x", "timestamp": 5}, "m.timestamp: ISO 8601 text is wanted, not a number"),
        ({"role": "user", "content": "x", "timestamp": "noon"}, "m: not a timestamp: 'noon'"),
        ({"role": "", "content": "x"}, "m: role is system, user or assistant, not ''"),
        ({"role": "user", "content": "x", "tokens": -1}, "m: tokens cannot be negative: -1"),
    ],
)
def test_a_message_that_is_none_is_an_error_that_says_where(data, reason):
    with pytest.raises(InvalidInputError) as caught:
        message_from_data(data, "m")
    assert caught.value.message == reason


def test_a_zoneless_moment_is_utc_and_a_missing_one_is_now():
    assert message_from_data({"role": "user", "content": "x", "timestamp": "2026-03-30T12:00:00"}).timestamp == NOON
    before = datetime.now(UTC)
    assert message_from_data({"role": "user", "content": "x"}).timestamp >= before


def test_what_is_empty_is_left_out():
    assert message_to_data(Message("user", "", NOON)).keys() == {"role", "timestamp", "content"}


def test_damaged_parts_are_problems_and_the_others_are_read():
    data = session_to_data(session(Message("user", "Hi", NOON), Message("user", "Ho", NOON)))
    data["messages"][0]["role"] = "oracle"
    data["session"] |= {"title": 5, "metadata": [1], "parameters": "x", "created_at": "never", "id": None}
    parsed = read(data)
    (conversation,) = parsed.conversations
    assert [turn.message.text for turn in conversation.turns] == ["Ho"]
    assert (conversation.title, conversation.metadata, conversation.parameters) == (None, {}, {})
    assert conversation.created_at == NOON
    assert conversation.key
    assert [problem.reason.split(":")[0] for problem in parsed.problems] == [
        "messages[0]",
        "session.title",
        "session.metadata",
        "session.parameters",
    ]


def test_numbers_that_json_does_not_have_are_problems():
    data = session_to_data(session(Message("user", "Hi", NOON)))
    data["session"]["metadata"] = {"x": float("inf")}
    parsed = parse(json.dumps(data).encode())
    assert parsed.conversations[0].metadata == {}
    assert "cannot be stored" in parsed.problems[0].reason


def test_a_later_version_and_an_empty_export_are_problems():
    assert "claif-git/1" in read({"format": "claif-git/2"}).problems[0].reason
    for messages_ in ([], None, "x"):
        parsed = read({"format": "claif-git/1", "session": {}, "messages": messages_})
        assert not parsed.conversations
        assert parsed.problems
