"""Making sessions and reading them: templates, metadata, lists, choices of messages."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import Message, MessageRole, SessionManager
from claif_git.errors import AmbiguousIdError, InvalidInputError, MalformedError, StoreError, UnknownNameError
from claif_git.session.working import KEPT_SNAPSHOTS

NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_a_template_gives_the_first_message_and_what_lies_under_the_callers_metadata(manager: SessionManager) -> None:
    manager.register_template(
        "review",
        {
            "system_message": "You review.",
            "default_metadata": {"kind": "review", "depth": 1, "tone": "kind"},
            "suggested_parameters": {"temperature": 0.1, "max_tokens": 100},
        },
    )
    session = manager.create_session(
        "R", "review", {"depth": 2, "tone": None}, parameters={"max_tokens": 5, "model": "m"}
    )
    read = manager.get_session(session)
    assert [(message.role, message.content) for message in read.messages] == [(MessageRole.SYSTEM, "You review.")]
    assert read.metadata == {"kind": "review", "depth": 2}
    assert read.parameters == {"temperature": 0.1, "max_tokens": 5, "model": "m"}
    assert (read.template, read.title) == ("review", "R")


def test_a_registered_template_works_in_the_next_manager_and_may_hide_a_built_in_one(manager: SessionManager) -> None:
    manager.register_template("coding", {"system_message": "Mine."})
    with SessionManager(manager.path) as other:
        assert texts(other, other.create_session(template="coding")) == ["Mine."]
        assert {"analysis", "coding", "creative"} <= other.templates().keys()


def test_a_template_without_a_system_message_begins_empty(manager: SessionManager) -> None:
    manager.register_template("bare", {})
    assert texts(manager, manager.create_session(template="bare")) == []


def test_an_unknown_template_is_an_error_that_lists_the_known_ones_and_makes_nothing(manager: SessionManager) -> None:
    with pytest.raises(UnknownNameError, match="analysis, coding, creative") as caught:
        manager.create_session("X", "codign")
    assert isinstance(caught.value, ValueError)
    assert manager.list_sessions() == []


@pytest.mark.parametrize(
    ("title", "metadata", "parameters"),
    [(3, None, None), (None, [1], None), (None, {"a": {1}}, None), (None, {3: 4}, None), (None, None, {"a": b""})],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_made(
    manager: SessionManager, title: Any, metadata: Any, parameters: Any
) -> None:
    with pytest.raises(InvalidInputError):
        manager.create_session(title, None, metadata, parameters=parameters)
    assert manager.list_sessions() == []


ANY_TEXT = st.text(st.characters(codec=None), max_size=20)
METADATA = st.dictionaries(
    ANY_TEXT, st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), ANY_TEXT)
)


@settings(max_examples=25)
@given(ANY_TEXT, METADATA, METADATA)
def test_any_title_and_metadata_come_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, title: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    path = tmp_path_factory.mktemp("any") / "store"
    with SessionManager(path, durability="relaxed") as manager:
        session = manager.create_session(title, metadata=first)
        manager.update_metadata(session, then)
        manager.update_metadata(session, {"gone": 1})
        manager.update_metadata(session, {"gone": None, "never there": None})
    with SessionManager(path) as fresh:
        read = fresh.get_session(session)
    assert read.title == title
    assert {key: repr(value) for key, value in read.metadata.items()} == {
        key: repr(value) for key, value in {**first, **then}.items() if key != "gone"
    }
    git(path, "fsck", "--strict")


def test_a_title_is_changed_and_taken_away(manager: SessionManager) -> None:
    session = manager.create_session("One")
    manager.update_title(session, "Two\nlines")
    assert manager.get_session(session).title == "Two\nlines"
    tip = git(manager.path, "rev-parse", session)
    manager.update_title(session, "Two\nlines")
    assert git(manager.path, "rev-parse", session) == tip
    manager.update_title(session, None)
    assert manager.get_session(session).title is None
    with pytest.raises(InvalidInputError):
        manager.update_title(session, 3)  # type: ignore[arg-type]


def test_metadata_that_says_the_same_makes_no_commit_and_1_is_not_true(manager: SessionManager) -> None:
    session = manager.create_session(metadata={"a": 1})
    tip = git(manager.path, "rev-parse", session)
    manager.update_metadata(session, {"a": 1, "b": None})
    assert git(manager.path, "rev-parse", session) == tip
    manager.update_metadata(session, {"a": True})
    assert manager.get_session(session).metadata["a"] is True


def test_lists_are_newest_change_first_and_filtered_by_own_fields_and_metadata(manager: SessionManager) -> None:
    first = manager.create_session("First", "coding", {"project": "x", "n": 1})
    second = manager.create_session("Second", None, {"project": "y"})
    third = manager.create_session(None, "coding", {"project": "x"})
    assert {session.id for session in manager.list_sessions()} == {first, second, third}
    assert {session.id for session in manager.list_sessions({"template": "coding"})} == {first, third}
    assert [session.id for session in manager.list_sessions({"title": "Second"})] == [second]
    assert [session.id for session in manager.list_sessions({"project": "x", "n": 1})] == [first]
    assert [session.id for session in manager.list_sessions({"template": None})] == [second]
    assert manager.list_sessions({"project": "z"}) == []
    manager.add_message(first, Message("user", "late"))
    assert manager.list_sessions(limit=1)[0].id == first


def test_get_messages_gives_the_latest_that_fit_oldest_first(manager: SessionManager) -> None:
    session = manager.create_session()
    for minute in range(6):
        role = "user" if minute % 2 == 0 else "assistant"
        manager.add_message(session, Message(role, str(minute), NINE + timedelta(minutes=minute)))  # type: ignore[arg-type]

    def got(**options: Any) -> str:
        return "".join(message.text for message in manager.get_messages(session, **options))

    assert got() == "012345"
    assert got(limit=2) == "45"
    assert got(limit=0) == ""
    assert got(limit=99) == "012345"
    assert got(role="user") == got(role=MessageRole.USER) == "024"
    assert got(role="assistant", limit=2) == "35"
    assert got(role="system") == ""
    assert got(since=NINE + timedelta(minutes=2)) == "2345"
    assert got(until=NINE + timedelta(minutes=2)) == "012"
    assert got(since=NINE + timedelta(minutes=1), until=NINE + timedelta(minutes=4), role="user", limit=1) == "4"
    naive = (NINE + timedelta(minutes=4)).astimezone().replace(tzinfo=None)
    assert got(since=naive) == "45"


@pytest.mark.parametrize("options", [{"limit": -1}, {"limit": "3"}, {"role": "robot"}, {"since": "yesterday"}])
def test_a_choice_that_cannot_be_is_refused(manager: SessionManager, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        manager.get_messages(talk(manager, "hello"), **options)


def test_a_naive_timestamp_is_local_time_and_comes_back_in_utc(manager: SessionManager) -> None:
    session = manager.create_session()
    manager.add_message(session, Message("user", "x", datetime(2026, 7, 1, 12)))  # noqa: DTZ001 - what is tested
    read = manager.get_messages(session)[0].timestamp
    assert read == datetime(2026, 7, 1, 12).astimezone(UTC)
    assert read.tzinfo is UTC


class Role(str, enum.Enum):  # noqa: UP042 - as older code writes it
    USER = "user"
    ODD = "odd"


def test_members_of_an_older_enum_are_taken_for_their_values(manager: SessionManager) -> None:
    session = manager.create_session(metadata={"as": Role.ODD, Role.USER: 1})
    manager.add_message(session, Message(Role.USER, Role.ODD))  # type: ignore[arg-type]
    assert manager.get_session(session).metadata == {"as": "odd", "user": 1}
    assert [(message.role, message.content) for message in manager.get_messages(session)] == [("user", "odd")]


def test_a_message_whose_fields_were_set_to_nonsense_is_not_stored(manager: SessionManager) -> None:
    session = manager.create_session()
    for name, value in [("role", "robot"), ("metadata", {"x": float("nan")}), ("content", None), ("tokens", -1)]:
        message = Message("user", "hello")
        setattr(message, name, value)
        with pytest.raises(InvalidInputError):
            manager.add_message(session, message)
        with pytest.raises(InvalidInputError):
            manager.update_session_messages(session, [message])
    with pytest.raises(InvalidInputError):
        manager.add_message(session, "hello")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError):
        manager.update_session_messages(session, ["hello"])  # type: ignore[list-item]
    assert texts(manager, session) == []


def test_a_message_keeps_what_its_giver_does_to_it_afterwards_to_itself(manager: SessionManager) -> None:
    session, message = manager.create_session(), Message("user", "x", metadata={"a": 1})
    stored = manager.add_message(session, message)
    message.metadata["a"] = 2
    stored.metadata["a"] = 3
    assert message.origin is None
    assert manager.get_messages(session)[0].metadata == {"a": 1}


def test_prefixes_stand_for_ids_while_only_one_session_fits(manager: SessionManager) -> None:
    first, second = manager.create_session("Same name"), manager.create_session("Same name")
    tree = git(manager.path, "mktree")
    git(manager.path, "update-ref", "refs/heads/other-notes", git(manager.path, "commit-tree", tree, "-m", "x"))
    other = manager.create_session("Other")
    assert manager.resolve(first) == first
    assert manager.get_session("other").id == other
    with pytest.raises(AmbiguousIdError) as caught:
        manager.get_session("same-name")
    assert caught.value.candidates == sorted([first, second])
    for unknown in ("", "nothing", "claif-store", "../x", "refs/heads/x"):
        with pytest.raises(FileNotFoundError):
            manager.get_session(unknown)
    with pytest.raises(InvalidInputError):
        manager.get_session(None)  # type: ignore[arg-type]


def test_timestamps_stay_as_given_and_order_is_the_order_of_saying(manager: SessionManager) -> None:
    session = manager.create_session()
    moments = [NINE, NINE, NINE - timedelta(days=9000), datetime(9989, 12, 31, 23, 59, 59, 999999, UTC), NINE, NINE]
    for at, moment in enumerate(moments):
        manager.add_message(session, Message("user", str(at), moment))
    say(manager, session, "now")
    assert texts(manager, session) == ["0", "1", "2", "3", "4", "5", "now"] == texts_afresh(manager.path, session)
    assert [message.timestamp for message in manager.get_messages(session)][:6] == moments
    paths = git(manager.path, "ls-tree", "-r", "--name-only", session, "messages/").splitlines()
    assert paths == sorted(paths)
    git(manager.path, "fsck", "--strict")


def test_a_role_edited_by_hand_counts(manager: SessionManager, tmp_path: Path) -> None:
    session = talk(manager, "said by the assistant in truth", "answer")
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", "-b", session, str(manager.path), str(work))
    file = min(work.rglob("*-user-*.md"))
    file.write_text(file.read_text("utf-8").replace("role: user", "role: assistant"), encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "by hand")
    git(work, "push", "-q", "origin", f"HEAD:{session}")
    assert len(manager.get_messages(session, role="assistant")) == 2
    assert manager.get_messages(session, role="user") == []


def test_a_malformed_message_of_another_role_stands_in_nobodys_way(manager: SessionManager, tmp_path: Path) -> None:
    session = talk(manager, "one", "two", "three")
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", "-b", session, str(manager.path), str(work))
    min(work.rglob("*-assistant-*.md")).write_text("rubbish", encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "by hand")
    git(work, "push", "-q", "origin", f"HEAD:{session}")
    assert [message.text for message in manager.get_messages(session, role="user")] == ["one", "three"]
    with pytest.raises(MalformedError):
        manager.get_messages(session, role="assistant")


def test_more_sessions_than_are_kept_in_memory_are_all_read(manager: SessionManager) -> None:
    with manager.batch():
        sessions = [talk(manager, str(at)) for at in range(KEPT_SNAPSHOTS + 6)]
    for at, session in enumerate(sessions):
        assert texts(manager, session) == [str(at)]
    assert len(manager._working._snapshots) == KEPT_SNAPSHOTS


def test_unsaved_sessions_are_listed_as_their_manager_sees_them(manager: SessionManager) -> None:
    session, other = manager.create_session("One", metadata={"a": 1}), manager.create_session("Two", metadata={"a": 1})
    manager.configure_autosave(enabled=False)
    manager.update_metadata(session, {"a": 1.0, "b": None})
    manager.update_metadata(other, {"a": True})
    assert [found.id for found in manager.list_sessions({"a": 1})] == [session]
    assert [found.id for found in manager.list_sessions({"a": True, "b": None})] == [other]
    assert manager.list_sessions({"a": None}) == []


def test_an_id_is_given_to_one_session_only(manager: SessionManager) -> None:
    session = talk(manager, "0")
    with pytest.raises(StoreError, match="exists already"):
        manager._working.create(session, lambda _: git(manager.path, "rev-parse", session))


def test_a_batch_of_many_sessions_is_one_pack(manager: SessionManager) -> None:
    manager.register_template("t", {"system_message": "be brief"})
    before = set((manager.path / "objects" / "pack").glob("*.pack"))
    with manager.batch():
        made = [manager.create_session(f"{at}", template="t" if at % 2 else None) for at in range(20)]
        for session in [*made, *made]:
            manager.add_message(session, Message("user", "hello"))
    assert len(set((manager.path / "objects" / "pack").glob("*.pack")) - before) == 1
    assert [len(manager.get_messages(session)) for session in made] == [2 + at % 2 for at in range(20)]
