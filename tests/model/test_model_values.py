"""Messages and their values: what goes in, what stays, and what is refused."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.model import (
    Message,
    MessageRole,
    Session,
    as_utc,
    count,
    iso,
    last_of,
    normalise_tokens,
    parse_iso,
    plain,
)
from claif_git.model.blocks import MAX_DEPTH, normalise, searchable

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def nested(depth: int, make: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = make(value)
    return value


def itself() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("make", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "mappings"])
def test_nesting_is_taken_to_a_depth_and_refused_beyond(make: Callable[[Any], Any]) -> None:
    assert plain(nested(MAX_DEPTH, make)) == nested(MAX_DEPTH, make)
    for depth in (MAX_DEPTH + 2, 100_000):
        with pytest.raises(InvalidInputError, match="deep"):
            plain(nested(depth, make))


@pytest.mark.parametrize("name", ["metadata", "tokens", "extra", "content"])
def test_a_message_too_deep_or_that_holds_itself_is_refused(name: str) -> None:
    for deep in (nested(1000, lambda inner: {"a": inner}), {"a": itself()}):
        values: dict[str, Any] = {"role": "user", "content": "x", name: [deep] if name == "content" else deep}
        with pytest.raises(InvalidInputError):
            Message(**values)


class Word(str):
    __slots__ = ()


class Kind(str, enum.Enum):  # noqa: UP042 - as older code writes it
    A = "a"


class Dumped:
    def __init__(self, value: Any) -> None:
        self.value = value

    def model_dump(self, *, mode: str, exclude_unset: bool) -> Any:
        assert (mode, exclude_unset) == ("json", True)
        return self.value


def test_what_is_like_json_becomes_json() -> None:
    value = {Word("k"): (Word("v"), Kind.A, Dumped({"n": 1}), enum.IntEnum("N", "ONE").ONE, True, None, 1.5)}  # type: ignore[attr-defined]
    read = plain(value)
    assert read == {"k": ["v", "a", {"n": 1}, 1, True, None, 1.5]}
    assert [type(item) for item in read["k"]] == [str, str, dict, int, bool, type(None), float]
    assert type(next(iter(read))) is str


@pytest.mark.parametrize("value", [b"x", {1: 2}, {1, 2}, float("nan"), float("-inf"), 10**4001, object(), NOON])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInputError):
        plain([value])


@pytest.mark.parametrize("content", [None, b"x", 3, {"type": "text"}, ["x"], [None], [[1]]])
def test_content_is_text_or_blocks(content: Any) -> None:
    with pytest.raises(InvalidInputError):
        normalise(content)


def test_content_is_copied_and_objects_become_what_they_say() -> None:
    block = {"type": "text", "text": "x"}
    message = Message("user", [block, Dumped({"type": "other", "x": [1]})])  # type: ignore[arg-type]
    block["text"] = "changed"
    assert message.content == [{"type": "text", "text": "x"}, {"type": "other", "x": [1]}]
    assert normalise(iter([{"type": "text"}])) == [{"type": "text"}]
    assert Message("user", Kind.A).content == "a"
    assert message.text == "x"


def test_what_a_search_finds_is_words_not_payloads() -> None:
    content = [
        {"type": "tool_use", "id": "toolu_1", "name": "grep", "input": {"pattern": ["needle", 3]}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
    ]
    assert searchable(content) == "grep\nneedle"
    assert searchable("words") == "words"


def test_a_role_prints_as_its_plain_word() -> None:
    assert (str(MessageRole.USER), f"{MessageRole.USER}", MessageRole.USER.title()) == ("user", "user", "User")
    assert Message("assistant", "x").role is MessageRole.ASSISTANT  # type: ignore[arg-type]
    foreign = enum.Enum("Foreign", {"SYSTEM": "system"})
    assert Message(foreign.SYSTEM, "x").role is MessageRole.SYSTEM  # type: ignore[arg-type, attr-defined]
    for odd in ("User", "tool", "", None, 3):
        with pytest.raises(InvalidInputError, match="role is system, user or assistant"):
            Message(odd, "x")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        {"timestamp": "2026-01-01"},
        {"timestamp": date(2026, 1, 1)},
        {"timestamp": datetime(1969, 12, 31, tzinfo=UTC)},
        {"timestamp": datetime(9990, 1, 1, tzinfo=UTC)},
        {"timestamp": datetime.max.replace(tzinfo=UTC)},
        {"metadata": [1]},
        {"metadata": "x"},
        {"tokens": -1},
        {"tokens": True},
        {"tokens": 1.5},
        {"tokens": "3"},
        {"id": ""},
        {"id": 3},
        {"model": ""},
        {"copied_from": 1},
    ],
)
def test_a_field_that_cannot_be_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        Message("user", "x", **values)  # type: ignore[arg-type]


@given(st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1)), st.integers(-720, 840))  # noqa: DTZ001 - bounds
def test_moments_are_kept_in_utc_whatever_their_zone(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    utc = as_utc(moment.replace(tzinfo=zone))
    assert utc == moment.replace(tzinfo=zone)
    assert utc.tzinfo is UTC
    assert parse_iso(iso(utc)) == utc
    assert parse_iso(moment.isoformat(), zone=zone) == utc


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2026-05-05T12:00:00Z", "2026-05-05T12:00:00.999999Z"),
        ("2026-05-05T12:00Z", "2026-05-05T12:00:59.999999Z"),
        ("2026-05-05 12:00", "2026-05-05T12:00:59.999999"),
        ("2026-05-05T12+02:00", "2026-05-05T12:59:59.999999+02:00"),
        ("2026-05-05T12:00:00.5Z", "2026-05-05T12:00:00.599999Z"),
        ("2026-05-05T12:00:00.123456789Z", "2026-05-05T12:00:00.123456Z"),
        ("20260505T120000-0100", "2026-05-05T12:00:00.999999-01:00"),
        (" 2026-05-05 ", "2026-05-05T23:59:59.999999"),
        ("20260505", "2026-05-05T23:59:59.999999"),
        ("2026-W19-2", "2026-05-05T23:59:59.999999"),
        ("2026-W19", "2026-05-10T23:59:59.999999"),
    ],
)
def test_the_last_moment_of_what_a_text_names_is_as_far_as_the_text_says(text: str, last: str) -> None:
    assert last_of(text) == parse_iso(last)


@pytest.mark.parametrize("text", ["", "yesterday", "9999-12-31", "9999-12-31T23:59Z", "0001-01-01"])
def test_there_is_no_last_moment_of_what_names_none(text: str) -> None:
    with pytest.raises(InvalidInputError):
        last_of(text)


def test_moments_are_read_in_the_forms_that_tools_write() -> None:
    assert parse_iso("2026-05-05T12:00:00Z") == NOON
    assert parse_iso(" 2026-05-05T14:00:00.123456789+02:00 ") == NOON.replace(microsecond=123456)
    assert parse_iso("2026-05-05T12:00:00") == NOON.replace(tzinfo=None).astimezone(UTC)
    for odd in ("", "yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00"):
        with pytest.raises(InvalidInputError):
            parse_iso(odd)
    with pytest.raises(InvalidInputError):
        as_utc("2026-05-05")  # type: ignore[arg-type]


def test_tokens_are_counted_by_kind() -> None:
    usage = {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 2}
    counted = count(normalise_tokens(Dumped(usage)))
    assert (counted.total, counted.input, counted.output, counted.cache_read, counted.cache_write) == (20, 15, 5, 3, 2)
    assert count(7).total == 7
    assert count(None).total == 0
    assert count({"input_tokens": None, "output_tokens": "x", "cache_read_input_tokens": True}).total == 0
    assert (counted + count(7)).total == 27
    assert normalise_tokens(0) == 0


def test_a_session_gives_what_can_be_read_and_names_the_rest() -> None:
    broken = MalformedError("bad", path="messages/x")
    beside = MalformedError("bad too")
    first, last = Message("user", "first"), Message("user", "last")
    session = Session("id", NOON, NOON, loader=lambda: [first, broken, last], problems_loader=lambda: [beside], count=3)
    assert session.message_count == 3
    with pytest.raises(MalformedError, match="messages/x"):
        _ = session.messages
    assert session.readable == [(0, first), (2, last)]
    assert session.problems == [broken, beside]
    session.messages = [first]
    assert (session.messages, session.message_count, session.problems) == ([first], 1, [beside])
    assert (Session("id", NOON, NOON).messages, Session("id", NOON, NOON).problems) == ([], [])
