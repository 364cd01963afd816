"""Lists: what is asked of them, and the sessions that they give."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_stores import filled, git

from claif_git.errors import InvalidInputError
from claif_git.index.values import compact, micros, moment, restored, stored
from claif_git.model import Message, Session
from claif_git.model.canonical import canonical
from claif_git.session import SessionManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "s", durability="relaxed") as opened:
        yield opened


def ids(sessions: list[Session]) -> list[str]:
    return [session.id for session in sessions]


def test_the_newest_change_comes_first(manager: SessionManager) -> None:
    first, second = manager.create_session("first"), manager.create_session("second")
    assert ids(manager.list_sessions()) == [second, first]
    manager.add_message(first, Message("user", "again"))
    assert ids(manager.list_sessions()) == [first, second]
    assert ids(manager.list_sessions(limit=1)) == [first]
    assert manager.list_sessions(limit=0) == []


def test_a_store_without_sessions_lists_none(manager: SessionManager) -> None:
    assert manager.list_sessions() == []


def test_a_branch_that_is_no_session_is_not_listed(manager: SessionManager) -> None:
    git(manager, "branch", "code", "claif-store")
    assert manager.list_sessions() == []


def test_a_filter_tells_apart_what_json_tells_apart(manager: SessionManager) -> None:
    one = manager.create_session("one", metadata={"v": 1})
    true = manager.create_session("true", metadata={"v": True})
    text = manager.create_session("text", metadata={"v": "1"})
    deep = manager.create_session("deep", metadata={"v": [{"b": 1, "a": None}]})
    none = manager.create_session("none")
    for value, found in [
        (1, one),
        (1.0, one),
        (True, true),
        ("1", text),
        ([{"a": None, "b": 1.0}], deep),
        (None, none),
    ]:
        assert ids(manager.list_sessions({"v": value})) == [found], value
    assert manager.list_sessions({"v": 2}) == []


def test_a_filter_asks_for_a_sessions_own_fields_and_its_metadata(manager: SessionManager) -> None:
    own = manager.create_session("coding", "coding")
    said = manager.create_session("other", metadata={"template": "coding"})
    assert set(ids(manager.list_sessions({"template": "coding"}))) == {own, said}
    assert ids(manager.list_sessions({"template": None})) == []
    assert ids(manager.list_sessions({"title": "coding"})) == [own]
    assert ids(manager.list_sessions({"id": said, "title": "other"})) == [said]
    assert manager.list_sessions({"id": 7}) == []


def test_long_values_are_told_apart(manager: SessionManager) -> None:
    one = manager.create_session("one", metadata={"v": "x" * 5000})
    manager.create_session("two", metadata={"v": "x" * 4999 + "y"})
    assert ids(manager.list_sessions({"v": "x" * 5000})) == [one]


@pytest.mark.parametrize("wrong", [{"v": {1, 2}}, {1: 2}, "template"])
def test_a_filter_is_plain_data(manager: SessionManager, wrong: object) -> None:
    with pytest.raises(InvalidInputError):
        manager.list_sessions(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [-1, True, "3"])
def test_a_limit_is_a_number(manager: SessionManager, limit: object) -> None:
    with pytest.raises(InvalidInputError):
        manager.list_sessions(limit=limit)  # type: ignore[arg-type]


def test_a_listed_session_is_what_get_session_gives(manager: SessionManager) -> None:
    title = "titled \ud83d\ude00"  # two lone surrogates, of which JSON's escapes would make one character
    session_id = manager.create_session(title, "coding", {"n": [1.5, "\ud800"]}, parameters={"t": 0.5})
    manager.add_message(session_id, Message("user", "hello"))
    (listed,), got = manager.list_sessions(), manager.get_session(session_id)
    assert listed == got
    assert got == listed
    assert listed != replace(got, title="another")
    assert listed != "a session"
    assert (listed.message_count, len(listed.messages)) == (2, 2)
    assert listed.messages[-1].origin == got.messages[-1].origin
    assert listed.problems == []


def test_a_listed_session_can_be_changed_and_copied(manager: SessionManager) -> None:
    manager.create_session("title", metadata={"a": 1})
    (listed,) = manager.list_sessions()
    listed.metadata = {"mine": 2}
    listed.title = "mine"
    assert (listed.metadata, listed.title) == ({"mine": 2}, "mine")
    assert listed.created_at.tzinfo is UTC
    other = replace(listed, title="third")
    assert (other.title, other.metadata, other.created_at) == ("third", {"mine": 2}, listed.created_at)
    assert copy.copy(listed) == listed


def test_a_listed_sessions_problems_are_read_from_git(manager: SessionManager) -> None:
    (session_id,) = [manager.create_session("bad")]
    repo, tip = manager._store.repo, manager._store.tip(session_id)
    assert tip is not None
    before = manager._working.peek(session_id, tip)
    with repo.writer() as writer:
        root = before.root.put("messages/notes.txt", writer.add("blob", b"?"))
        commit = replace(repo.read_commit(tip), tree=root.write(writer.add), parents=(tip,))
        new = writer.add("commit", commit.encode())
    repo.move_ref(manager._store.head(session_id), tip, new)
    assert [problem.path for problem in manager.list_sessions()[0].problems] == ["messages/notes.txt"]


def test_unsaved_turns_count_for_who_said_them(tmp_path: Path) -> None:
    with filled(tmp_path / "s") as mine, SessionManager(tmp_path / "s") as other:
        old, new = ids(mine.list_sessions())[::-1]
        mine.configure_autosave(enabled=False)
        mine.add_message(old, Message("user", "unsaved"))
        mine.update_title(old, "draft title")
        assert ids(mine.list_sessions(limit=1)) == [old]
        assert mine.list_sessions({"title": "draft title"})[0].message_count == 1
        assert ids(other.list_sessions()) == [new, old]
        assert other.list_sessions({"title": "draft title"}) == []


def test_what_a_running_batch_wrote_is_listed(manager: SessionManager) -> None:
    with manager.batch():
        session_id = manager.create_session("in a batch")
        assert ids(manager.list_sessions()) == [session_id]


def test_long_work_tells_how_far_it_is(manager: SessionManager) -> None:
    for number in range(4):
        manager.add_message(manager.create_session(str(number)), Message("user", "word"))
    told: list[tuple[int, int]] = []
    manager.list_sessions(progress=lambda done, every: told.append((done, every)))
    assert told[-1] == (4, 4)
    told.clear()
    manager.search_sessions("word", progress=lambda done, every: told.append((done, every)))
    assert told[-1] == (4, 4)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(json_values, json_values)
def test_a_canonical_form_is_that_of_one_value(one: object, other: object) -> None:
    assert (canonical(one) == canonical(other)) == (_typed(one) == _typed(other))


def _typed(value: object) -> object:
    if isinstance(value, list):
        return [_typed(item) for item in value]
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    return (isinstance(value, bool), value)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9989, 12, 31)))  # noqa: DTZ001 - made aware below
def test_moments_come_back_to_the_microsecond(naive: datetime) -> None:
    aware = naive.replace(tzinfo=UTC)
    assert moment(micros(aware)) == aware
    assert moment(micros(aware + timedelta(microseconds=1))) > aware


@given(st.text() | st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE010)))
def test_any_text_comes_back(text: str) -> None:
    value = stored(text)
    assert restored(value) == text
    if isinstance(value, str):
        value.encode()


def test_nothing_and_falsehood_are_not_confused() -> None:
    assert (stored(None), restored(None)) == (None, None)
    assert [compact(value) for value in ({}, 0, False, [])] == ["{}", "0", "false", "[]"]
