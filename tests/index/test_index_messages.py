"""Messages that come out of the index are those that git has, in every field."""

from __future__ import annotations

import base64
import random
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from format.format_strategies import blocks, facts, headed, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from index_stores import act, filled
from support.loosened import loosened

from claif_git.errors import ClaifGitError, StoreError
from claif_git.model import Message
from claif_git.session import SessionManager, finding
from claif_git.session.reading import choose, session_of

PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ""}}


@pytest.fixture(autouse=True)
def _whatever_the_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_FEW_PAGES", 0)


def warmed(manager: SessionManager) -> SessionManager:
    manager.search_sessions("anything")
    return manager


def held(manager: SessionManager, session_id: str, count: int | None = None) -> list[bool]:
    """Tell of each message whether the index has it."""
    found = manager._finding.messages(manager._working.read(session_id), count)
    return [isinstance(item, Message) for item in found or []]


@settings(max_examples=60, deadline=None)
@given(told=st.lists(headed(st.one_of(texts, st.lists(blocks, max_size=3))), min_size=1, max_size=4))
def test_every_field_comes_back_as_git_has_it(tmp_path_factory: pytest.TempPathFactory, told: list[Message]) -> None:
    path = tmp_path_factory.mktemp("store") / "s"
    with closing(SessionManager(path, durability="relaxed")) as manager:
        session_id = manager.create_session("x")
        for message in told:
            manager.add_message(session_id, message)
        warmed(manager)
        expected = session_of(manager._working.read(session_id)).messages
        found = manager.get_session(session_id).messages
    assert [facts(message) for message in found] == [facts(message) for message in expected]
    assert [message.origin for message in found] == [message.origin for message in expected]
    assert found == expected
    assert expected == found


def test_plain_talk_comes_out_of_the_index_and_a_picture_out_of_git(tmp_path: Path) -> None:
    data = base64.b64encode(random.Random(1).randbytes(400)).decode()
    picture = {**PICTURE, "source": {**PICTURE["source"], "data": data}}  # type: ignore[dict-item]
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "hello"))
        manager.add_message(session_id, Message("user", [{"type": "text", "text": "look"}, picture]))
        manager.add_message(session_id, Message("assistant", [{"type": "text", "text": "nice"}]))
        found = warmed(manager).get_session(session_id).messages
        assert held(manager, session_id) == [True, False, True]
        assert found[1].content[1]["source"]["data"] == data  # type: ignore[index]


@pytest.mark.parametrize("seed", range(10))
def test_whatever_people_did_it_says_what_git_says(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with closing(filled(tmp_path / "s")) as manager, closing(SessionManager(tmp_path / "s")) as other:
        for _ in range(30):
            try:
                act(rng.choice([manager, other]), rng)
            except ClaifGitError:
                continue
            if rng.random() < 0.3:
                warmed(rng.choice([manager, other]))
            reader = rng.choice([manager, other])
            for session in reader.list_sessions():
                read = session_of(reader._working.read(session.id))
                found = reader.get_session(session.id)
                assert found.readable == read.readable
                assert [str(one) for one in found.problems] == [str(one) for one in read.problems]
                assert [one.origin for _, one in found.readable] == [one.origin for _, one in read.readable]


def test_a_few_new_messages_are_taken_in_by_reading(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager, closing(SessionManager(tmp_path / "s")) as other:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "one"))
        warmed(manager)
        for number in range(5):
            other.add_message(session_id, Message("assistant", f"more {number}"))
            found = manager.get_session(session_id).messages
            assert [message.text for message in found][1:] == [f"more {at}" for at in range(number + 1)]
            assert held(manager, session_id) == [True] * (number + 2)
        assert [hit.snippet for hit in manager.search_sessions("more")] != []


def test_a_changed_message_is_read_from_git_until_the_index_is_asked_for_more(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        for text in ("one", "two"):
            manager.add_message(session_id, Message("user", text))
        warmed(manager)
        manager.update_message_metadata(session_id, 0, {"star": True})
        found = manager.get_session(session_id).messages
        assert (found[0].metadata, held(manager, session_id)) == ({"star": True}, [])
        assert held(warmed(manager), session_id) == [True, True]
        assert manager.get_session(session_id).messages == found


def test_unsaved_turns_are_never_the_index_s(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        warmed(manager)
        manager.configure_autosave(enabled=False)
        manager.add_message(session_id, Message("user", "not yet"))
        assert [message.text for message in manager.get_session(session_id).messages] == ["not yet"]
        with closing(SessionManager(tmp_path / "s")) as other:
            assert other.get_session(session_id).messages == []


def test_who_reads_does_not_wait_for_who_writes_to_the_index(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "one"))
        warmed(manager)
        manager.add_message(session_id, Message("user", "two"))
        with closing(sqlite3.connect(tmp_path / "s/claif/index.db", isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            found = manager.get_session(session_id).messages
            assert [message.text for message in found] == ["one", "two"]
            assert held(manager, session_id) == []
        assert manager.get_session(session_id).messages == found
        assert held(manager, session_id) == [True, True]


def test_a_store_without_an_index_gets_none_by_reading(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "one"))
        assert [message.text for message in manager.get_session(session_id).messages] == ["one"]
    assert not (tmp_path / "s/claif/index.db").exists()


def test_a_damaged_index_is_no_hindrance(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "one"))
        warmed(manager)
    for suffix in ("-wal", "-shm"):
        (tmp_path / f"s/claif/index.db{suffix}").unlink(missing_ok=True)
    (tmp_path / "s/claif/index.db").write_bytes(b"rubbish" * 1000)
    with closing(SessionManager(tmp_path / "s")) as manager:
        assert [message.text for message in manager.get_session(session_id).messages] == ["one"]


def test_a_message_that_is_missing_from_the_store_is_not_taken_in(tmp_path: Path) -> None:
    with closing(SessionManager(tmp_path / "s")) as manager:
        session_id = manager.create_session("x")
        manager.add_message(session_id, Message("user", "one"))
        warmed(manager)
        blob = manager.add_message(session_id, Message("user", "two")).origin.blob  # type: ignore[union-attr]
        file = loosened(tmp_path / "s", blob)
        kept = file.read_bytes()
        file.unlink()
        with pytest.raises(StoreError, match="missing"):
            _ = manager.get_session(session_id).messages
        file.write_bytes(kept)
        assert [message.text for message in manager.get_session(session_id).messages] == ["one", "two"]


@settings(max_examples=60, deadline=None)
@given(
    limit=st.one_of(st.none(), st.integers(0, 12)),
    role=st.sampled_from([None, "user", "assistant", "system"]),
    after=st.one_of(st.none(), st.integers(-1, 12)),
    before=st.one_of(st.none(), st.integers(-1, 12)),
)
def test_a_choice_of_messages_is_the_one_that_git_gives(
    tmp_path_factory: pytest.TempPathFactory, limit: int | None, role: str | None, after: int | None, before: int | None
) -> None:
    manager, session_id = _talk(tmp_path_factory)
    start = manager.get_messages(session_id)[0].timestamp
    since, until = (None if at is None else start + timedelta(seconds=at) for at in (after, before))
    found = manager.get_messages(session_id, limit, role, since, until)
    read = choose(manager._working.read(session_id), limit=limit, role=role, since=since, until=until)
    assert found == read
    assert held(manager, session_id) == [True] * 10
    assert len(held(manager, session_id, limit)) == min(10, 10 if limit is None else limit)


_TALKS: list[tuple[SessionManager, str]] = []


def _talk(factory: pytest.TempPathFactory) -> tuple[SessionManager, str]:
    if not _TALKS:
        manager = SessionManager(factory.mktemp("talk") / "s", durability="relaxed")
        session_id = manager.create_session("x")
        first = Message("user", "0").timestamp
        for at in range(10):
            role = ("user", "assistant", "assistant")[at % 3]
            manager.add_message(session_id, Message(role, str(at), first + timedelta(seconds=at)))
        _TALKS.append((warmed(manager), session_id))
    return _TALKS[0]
