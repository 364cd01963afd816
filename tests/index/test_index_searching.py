"""Searches: which messages they find, in which sessions, in what order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_stores import repo_of
from support.loosened import loosened

from claif_git.errors import InvalidInputError
from claif_git.model import Message, MessageRole
from claif_git.session import SessionManager

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "s", durability="relaxed") as opened:
        yield opened


def places(manager: SessionManager, query: str, **options: object) -> list[tuple[str, int]]:
    return [(hit.session_id, hit.message_index) for hit in manager.search_sessions(query, **options)]  # type: ignore[arg-type]


def test_a_hit_says_where_and_what(manager: SessionManager) -> None:
    session_id = manager.create_session("A talk")
    manager.add_message(session_id, Message("user", "nothing", NOON))
    manager.add_message(session_id, Message("assistant", "the needle\nin the hay", NOON + timedelta(seconds=1)))
    (hit,) = manager.search_sessions("Needle")
    assert (hit.session_id, hit.title, hit.message_index) == (session_id, "A talk", 1)
    assert (hit.role, hit.timestamp) == (MessageRole.ASSISTANT, NOON + timedelta(seconds=1))
    assert hit.snippet == "the needle in the hay"
    assert [hit.snippet[start:end] for start, end in hit.snippet.spans] == ["needle"]
    assert hit.score > 0


def test_tools_and_thoughts_are_searched_and_payloads_are_not(manager: SessionManager) -> None:
    session_id = manager.create_session("blocks")
    blocks = [
        {"type": "thinking", "thinking": "ponder", "signature": "sealed"},
        {"type": "tool_use", "id": "toolu", "name": "grep", "input": {"pattern": "haystack"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD" * 100}},
    ]
    manager.add_message(session_id, Message("assistant", blocks))
    assert [len(places(manager, word)) for word in ("ponder", "grep", "haystack", "sealed", "toolu", "QUJD*")] == [
        *(1, 1, 1),
        *(0, 0, 0),
    ]


def test_hits_are_narrowed_by_role_and_time(manager: SessionManager) -> None:
    session_id = manager.create_session("narrow")
    for number, role in enumerate(["user", "assistant", "user"]):
        manager.add_message(session_id, Message(role, "word", NOON + timedelta(hours=number)))
    assert places(manager, "word", role="assistant") == [(session_id, 1)]
    assert places(manager, "word", role=MessageRole.USER) == [(session_id, 2), (session_id, 0)]
    assert places(manager, "word", since=NOON + timedelta(hours=1)) == [(session_id, 2), (session_id, 1)]
    assert places(manager, "word", until=NOON) == [(session_id, 0)]
    assert places(manager, "word", role="user", since=NOON, until=NOON) == [(session_id, 0)]
    assert places(manager, "narrow", role="assistant") == [(session_id, 1)]
    assert places(manager, "narrow", role="system") == []


def test_the_best_come_first_and_then_the_latest(manager: SessionManager) -> None:
    session_id = manager.create_session("order")
    texts = ["word", "word", "word among many others that dilute it a good deal", "nothing"]
    for number, text in enumerate(texts):
        manager.add_message(session_id, Message("user", text, NOON + timedelta(hours=number)))
    assert places(manager, "word") == [(session_id, 1), (session_id, 0), (session_id, 2)]
    assert places(manager, "word", limit=1) == [(session_id, 1)]
    assert places(manager, "word", limit=0) == []
    assert len(places(manager, "word", limit=None)) == 3


def test_of_many_that_are_equally_good_the_latest_come_whatever_the_limit(manager: SessionManager) -> None:
    session_id = manager.create_session("alike")
    with manager.batch():
        for number in range(700):
            text = "word" if number % 7 else "word once, among others, is worth less"
            manager.add_message(session_id, Message("user", text, NOON + timedelta(minutes=number)))
    everything = manager.search_sessions("word", limit=None)
    assert len(everything) == 700
    for limit in (1, 20, 600, 650):
        hits = manager.search_sessions("word", limit=limit)
        assert hits == everything[:limit]
        assert all(hit.snippet[slice(*hit.snippet.spans[0])] == "word" for hit in hits)


def test_a_message_is_found_in_each_session_that_shows_it_its_first_ahead(manager: SessionManager) -> None:
    first = manager.create_session("first")
    manager.add_message(first, Message("user", "shared words"))
    branches = [manager.branch_session(first) for _ in range(3)]
    manager.add_message(branches[0], Message("user", "words that are longer and so count less"))
    found = places(manager, "words")
    assert found[:2] == [(first, 0), (branches[0], 1)]
    assert sorted(found[2:]) == sorted((branch, 0) for branch in branches)


def test_a_title_that_matches_gives_the_sessions_first_message(manager: SessionManager) -> None:
    session_id = manager.create_session("Zeppelins")
    assert places(manager, "zeppelins") == []
    manager.add_message(session_id, Message("user", "hello"))
    manager.add_message(session_id, Message("user", "hello again"))
    (hit,) = manager.search_sessions("zeppelins")
    assert (hit.message_index, hit.snippet, hit.snippet.spans) == (0, "Zeppelins", ((0, 9),))
    manager.add_message(session_id, Message("user", "zeppelins"))
    assert sorted(places(manager, "zeppelins")) == [(session_id, 0), (session_id, 2)]
    manager.update_title(session_id, "Balloons")
    assert places(manager, "zeppelins") == [(session_id, 2)]
    assert places(manager, "balloons") == [(session_id, 0)]


def test_a_message_whose_title_matches_too_is_one_hit(manager: SessionManager) -> None:
    session_id = manager.create_session("kites")
    manager.add_message(session_id, Message("user", "about kites"))
    assert places(manager, "kites") == [(session_id, 0)]


def test_many_titles_give_no_more_than_the_limit(manager: SessionManager) -> None:
    for number in range(5):
        manager.add_message(manager.create_session(f"same {number}"), Message("user", "hello"))
    assert len(places(manager, "same", limit=3)) == 3


def test_what_is_dropped_deleted_or_edited_away_is_not_found(manager: SessionManager) -> None:
    session_id = manager.create_session("talk")
    manager.add_message(session_id, Message("user", "alpha"))
    manager.add_message(session_id, Message("user", "omega"))
    assert places(manager, "omega") == [(session_id, 1)]
    manager.update_session_messages(session_id, manager.get_messages(session_id)[1:])
    assert places(manager, "alpha") == []
    assert places(manager, "omega") == [(session_id, 0)]
    manager.delete_session(session_id)
    assert places(manager, "omega") == []
    manager.restore_session(session_id)
    assert places(manager, "omega") == [(session_id, 0)]


def test_unsaved_turns_are_found_by_who_said_them(manager: SessionManager) -> None:
    session_id = manager.create_session("talk")
    manager.add_message(session_id, Message("user", "saved word"))
    manager.configure_autosave(enabled=False)
    manager.add_message(session_id, Message("user", "unsaved word"))
    with SessionManager(manager.path) as other:
        assert places(manager, "word") == [(session_id, 1), (session_id, 0)]
        assert places(manager, "word", limit=1) == [(session_id, 1)]
        assert places(other, "word") == [(session_id, 0)]
        assert places(manager, "...") == []


def test_hits_to_be_left_out_do_not_use_up_the_limit(manager: SessionManager) -> None:
    drafted, other = manager.create_session("drafted"), manager.create_session("other")
    for number in range(30):
        manager.add_message(drafted, Message("user", f"word {number}"))
    manager.add_message(other, Message("user", "a word in a far longer sentence than the rest of them"))
    hits = manager._finding.index.search
    from claif_git.index import wanted_of

    assert [hit.session_id for hit in hits(wanted_of("word"), 3, {drafted})] == [other]


def test_a_message_that_is_missing_from_the_store_is_left_out_until_it_is_back(
    manager: SessionManager, caplog: pytest.LogCaptureFixture
) -> None:
    session_id = manager.create_session("talk")
    lost = manager.add_message(session_id, Message("user", "lost word"))
    manager.add_message(session_id, Message("user", "kept word"))
    assert lost.origin is not None
    blob = loosened(manager.path, lost.origin.blob)
    data = blob.read_bytes()
    blob.unlink()
    assert places(manager, "word") == [(session_id, 1)]
    assert lost.origin.blob in caplog.text
    blob.write_bytes(data)
    assert places(manager, "word") == [(session_id, 1), (session_id, 0)]


def test_a_session_whose_tree_is_missing_is_left_out_until_it_is_back(
    manager: SessionManager, caplog: pytest.LogCaptureFixture
) -> None:
    session_id, other = manager.create_session("broken"), manager.create_session("whole")
    manager.add_message(session_id, Message("user", "word"))
    assert len(places(manager, "word")) == 1
    manager.add_message(session_id, Message("user", "word two"))
    tip = manager._store.tip(session_id)
    assert tip is not None
    tree = loosened(manager.path, tip)
    data = tree.read_bytes()
    tree.unlink()
    assert [session.id for session in manager.list_sessions()] == [other]
    assert places(manager, "word") == []
    assert "left out" in caplog.text
    tree.write_bytes(data)
    assert len(places(manager, "word")) == 2


@pytest.mark.parametrize(
    "wrong", [{"query": 3}, {"query": "x", "role": "robot"}, {"query": "x", "limit": -1}, {"query": b"x"}]
)
def test_a_wrong_argument_is_refused(manager: SessionManager, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        manager.search_sessions(**wrong)  # type: ignore[arg-type]


@given(st.text(max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_raises(manager: SessionManager, query: str) -> None:
    if not manager.list_sessions():
        manager.add_message(manager.create_session("a title"), Message("user", "a b c"))
    manager.search_sessions(query)


def test_the_commit_that_added_a_message_is_learned_while_catching_up(manager: SessionManager) -> None:
    session_id = manager.create_session("talk")
    manager.add_message(session_id, Message("user", "before the index"))
    manager.search_sessions("x")
    said = [manager.add_message(session_id, Message("user", f"later {number}")) for number in range(3)]
    manager.search_sessions("x")
    manager.update_title(session_id, "other")
    manager.search_sessions("x")
    known = manager._finding.index.added_by(session_id)
    assert [known[position] for position in range(4)] == [None, *[one.origin and one.origin.commit for one in said]]
    assert repo_of(manager).path == manager.path
