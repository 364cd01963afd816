"""Changing what a session shows: metadata of messages, and the whole list at once."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, MessageIndexError

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def commits(manager: SessionManager, session: str) -> int:
    return int(git(manager.path, "rev-list", "--count", session))


def files(manager: SessionManager, session: str) -> list[str]:
    return git(manager.path, "ls-tree", "-r", "--name-only", session, "messages/", "drops/").splitlines()


def test_message_metadata_is_merged_by_key_and_none_takes_a_key_away(manager: SessionManager) -> None:
    session = talk(manager, "one", "two")
    manager.update_message_metadata(session, 0, {"a": 1, "b": 2})
    manager.update_message_metadata(session, -2, {"b": None, "c": 3, "d": None})
    read = manager.get_messages(session)
    assert [message.metadata for message in read] == [{"a": 1, "c": 3}, {}]
    before = commits(manager, session)
    manager.update_message_metadata(session, 0, {"a": 1, "zz": None})
    assert commits(manager, session) == before
    assert texts_afresh(manager.path, session) == ["one", "two"]


@pytest.mark.parametrize("index", [2, -3, 99])
def test_an_index_outside_is_an_index_error(manager: SessionManager, index: int) -> None:
    session = talk(manager, "one", "two")
    with pytest.raises(IndexError, match="messages 0 to 1"):
        manager.update_message_metadata(session, index, {"a": 1})
    with pytest.raises(MessageIndexError, match="no messages"):
        manager.update_message_metadata(manager.create_session(), 0, {"a": 1})


@pytest.mark.parametrize("index", [True, "0", None, 1.0])
def test_what_is_no_number_is_no_index(manager: SessionManager, index: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.update_message_metadata(talk(manager, "one", "two"), index, {"a": 1})


def test_trimming_is_one_commit_and_what_was_dropped_stays_in_history(manager: SessionManager) -> None:
    session = talk(manager, *(str(at) for at in range(8)))
    before, held = commits(manager, session), files(manager, session)
    manager.update_session_messages(session, manager.get_session(session).messages[-3:])
    assert texts(manager, session) == ["5", "6", "7"] == texts_afresh(manager.path, session)
    assert commits(manager, session) == before + 1
    assert set(held) < set(files(manager, session))
    assert git(manager.path, "log", "-1", "--format=%s", session) == "drop: 5 messages"


def test_a_summary_put_in_front_stands_there_again_and_again(manager: SessionManager) -> None:
    session = talk(manager, *(str(at) for at in range(6)))
    for number in range(120):
        kept = manager.get_session(session).messages[-3:]
        manager.update_session_messages(session, [Message("system", f"summary {number}"), *kept])
        assert texts(manager, session) == [f"summary {number}", "3", "4", "5"]
    say(manager, session, "6")
    assert texts_afresh(manager.path, session) == ["summary 119", "3", "4", "5", "6"]


def test_edits_are_made_in_place_and_the_rest_keeps_its_file(manager: SessionManager) -> None:
    session = talk(manager, "one", "two", "three")
    read = manager.get_session(session).messages
    held = files(manager, session)
    read[1].content = "zwei"
    read[2].metadata["note"] = True
    manager.update_session_messages(session, read)
    assert texts(manager, session) == ["one", "zwei", "three"]
    assert manager.get_messages(session)[2].metadata == {"note": True}
    assert files(manager, session) == held


def test_an_edit_that_python_calls_equal_is_an_edit(manager: SessionManager) -> None:
    session = manager.create_session()
    manager.add_message(session, Message("user", "x", metadata={"n": 1}))
    read = manager.get_session(session).messages
    read[0].metadata["n"] = True
    manager.update_session_messages(session, read)
    assert manager.get_messages(session)[0].metadata["n"] is True


def test_the_same_list_makes_no_commit(manager: SessionManager) -> None:
    session = talk(manager, "one", "two")
    tip = git(manager.path, "rev-parse", session)
    manager.update_session_messages(session, manager.get_session(session).messages)
    assert git(manager.path, "rev-parse", session) == tip


def test_a_moved_message_is_a_copy_that_says_of_what_and_the_others_keep_their_files(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2", "3")
    read = manager.get_session(session).messages
    manager.update_session_messages(session, [read[3], read[0], read[1], read[2]])
    after = manager.get_session(session).messages
    assert [message.text for message in after] == ["3", "0", "1", "2"]
    assert read[3].origin is not None
    assert [message.copied_from for message in after] == [read[3].origin.path, None, None, None]
    assert [m.origin.path for m in after[1:] if m.origin] == [m.origin.path for m in read[:3] if m.origin]
    manager.update_session_messages(session, [after[2], after[1]])
    assert texts_afresh(manager.path, session) == ["1", "0"]


def test_a_trim_that_is_taken_back_shows_the_same_files_again(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2", "3")
    read = manager.get_session(session).messages
    manager.update_session_messages(session, read[2:])
    say(manager, session, "4")
    manager.update_session_messages(session, [*read, *manager.get_session(session).messages[-1:]])
    assert texts(manager, session) == ["0", "1", "2", "3", "4"]
    assert [m.origin.path for m in manager.get_messages(session)[:4] if m.origin] == [
        m.origin.path for m in read if m.origin
    ]


def test_messages_without_origin_are_known_by_what_they_say(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2")
    held = files(manager, session)
    rebuilt = [Message(m.role, m.content, m.timestamp, {"again": 1}) for m in manager.get_messages(session)]
    manager.update_session_messages(session, rebuilt)
    assert [(m.text, m.metadata) for m in manager.get_messages(session)] == [(t, {"again": 1}) for t in "012"]
    assert files(manager, session) == held
    manager.update_session_messages(session, [Message("user", "new"), *rebuilt[1:]])
    assert texts(manager, session) == ["new", "1", "2"]


def test_what_another_process_added_since_the_messages_were_read_stays(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2", "3")
    read = manager.get_session(session).messages
    with SessionManager(manager.path) as other:
        say(other, session, "theirs")
    manager.update_session_messages(session, read[2:])
    assert texts(manager, session) == ["2", "3", "theirs"]


def test_messages_read_at_several_moments_drop_nothing_that_came_between(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2", "3")
    read = manager.get_session(session).messages
    with SessionManager(manager.path) as other:
        say(other, session, "theirs")
    (mine,) = say(manager, session, "mine")
    manager.update_session_messages(session, [*read[2:], mine])
    assert texts(manager, session) == ["2", "3", "theirs", "mine"]


def test_what_somebody_dropped_since_does_not_come_back_by_itself_but_when_it_is_listed(
    manager: SessionManager,
) -> None:
    session = talk(manager, "0", "1", "2", "3")
    read = manager.get_session(session).messages
    with SessionManager(manager.path) as other:
        other.update_session_messages(session, other.get_session(session).messages[1:])
    manager.update_session_messages(session, read[2:])
    assert texts(manager, session) == ["2", "3"]
    manager.update_session_messages(session, read)
    assert texts(manager, session) == ["0", "1", "2", "3"]


def test_an_edit_by_another_process_is_not_undone_and_both_edits_of_one_message_are_kept(
    manager: SessionManager,
) -> None:
    session = talk(manager, "0", "1")
    read = manager.get_session(session).messages
    with SessionManager(manager.path) as other:
        other.update_message_metadata(session, 0, {"theirs": 1})
        other.update_message_metadata(session, 1, {"theirs": 2})
    read[1].content = "edited"
    manager.update_session_messages(session, read)
    assert [(m.text, m.metadata) for m in manager.get_messages(session)] == [
        ("0", {"theirs": 1}),
        ("edited", {"theirs": 2}),
    ]


def test_a_message_that_is_listed_twice_is_shown_twice(manager: SessionManager) -> None:
    session = talk(manager, "0", "1")
    read = manager.get_session(session).messages
    manager.update_session_messages(session, [read[0], read[1], read[0]])
    assert texts(manager, session) == ["0", "1", "0"] == texts_afresh(manager.path, session)


def test_an_id_stands_once_however_often_it_is_listed(manager: SessionManager) -> None:
    session = manager.create_session()
    named = manager.add_message(session, Message("user", "a", id="x"))
    say(manager, session, "b")
    new = Message("user", "c", id="y")
    read = manager.get_session(session).messages
    manager.update_session_messages(session, [new, *read, named, replace(new)])
    assert texts(manager, session) == ["c", "a", "b"]


def test_messages_of_another_session_are_put_in_as_new(manager: SessionManager) -> None:
    one, other = talk(manager, "0", "1"), talk(manager, "a", "b")
    manager.update_session_messages(one, [*manager.get_messages(other), *manager.get_messages(one)])
    assert texts(manager, one) == ["a", "b", "0", "1"]
    manager.update_session_messages(one, manager.get_messages(other))
    assert texts(manager, one) == ["a", "b"]
    assert texts(manager, other) == ["a", "b"]


def test_a_branchs_messages_are_the_same_files_in_its_parent(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2")
    branch = manager.branch_session(session, 1)
    manager.update_message_metadata(branch, 0, {"branch": True})
    held = files(manager, session)
    manager.update_session_messages(session, manager.get_messages(branch))
    assert texts(manager, session) == ["0", "1"]
    assert set(held) < set(files(manager, session))


def test_an_empty_list_empties_the_session_and_it_goes_on(manager: SessionManager) -> None:
    session = talk(manager, "0", "1")
    manager.update_session_messages(session, [])
    assert texts(manager, session) == []
    say(manager, session, "2")
    assert texts_afresh(manager.path, session) == ["2"]


@pytest.mark.parametrize("seed", range(6))
def test_any_list_becomes_what_is_shown(manager: SessionManager, seed: int) -> None:
    dice = random.Random(seed)
    session = talk(manager, *(str(at) for at in range(5)))
    if seed % 2:
        other = manager.branch_session(session, 2)
        say(manager, session, "x", "y", "z")
        say(manager, other, "p", "q")
        say(manager, session, "after")
        manager.merge_sessions(session, other, "chronological", into_primary=True)
    for number in range(12):
        read = manager.get_session(session).messages
        chosen = dice.sample(read, dice.randint(0, len(read)))
        if dice.random() < 0.5:
            chosen.sort(key=read.index)
        for at in range(dice.randint(0, 3)):
            moment = NOON + timedelta(microseconds=dice.randint(0, 3))
            chosen.insert(dice.randint(0, len(chosen)), Message("user", f"new {number} {at}", moment))
        manager.update_session_messages(session, chosen)
        assert texts(manager, session) == [message.text for message in chosen]
    assert texts_afresh(manager.path, session) == texts(manager, session)
    git(manager.path, "fsck", "--strict")


# Ids


def test_a_message_whose_id_is_there_is_not_added_again_and_comes_back_as_stored(manager: SessionManager) -> None:
    session = manager.create_session()
    first = manager.add_message(session, Message("user", "a", id="x", metadata={"n": 1}))
    before = commits(manager, session)
    again = manager.add_message(session, Message("assistant", "something else", id="x"))
    assert (again.text, again.role, again.metadata) == ("a", "user", {"n": 1})
    assert again.origin is not None
    assert first.origin is not None
    assert again.origin.path == first.origin.path
    assert commits(manager, session) == before
    with SessionManager(manager.path) as other:
        other.add_message(session, Message("user", "a", id="x"))
        other.add_message(session, Message("user", "b", id="y"))
    manager.add_message(session, Message("user", "b", id="y"))
    assert texts(manager, session) == ["a", "b"]


def test_an_id_that_was_dropped_is_not_added_again(manager: SessionManager) -> None:
    session = manager.create_session()
    manager.add_message(session, Message("user", "a", id="x"))
    manager.update_session_messages(session, [])
    manager.add_message(session, Message("user", "a", id="x"))
    assert texts(manager, session) == []
    manager.update_session_messages(session, [Message("user", "a", id="x")])
    assert texts(manager, session) == ["a"]


def test_ids_hold_within_a_batch_and_across_a_failed_one(manager: SessionManager) -> None:
    session = manager.create_session()
    with manager.batch():
        for text in ("a", "b", "a"):
            manager.add_message(session, Message("user", text, id=text))
        with pytest.raises(InvalidInputError):
            manager.add_message(session, Message("user", "c", id="c", metadata={"k" * 201: 1}))
        manager.add_message(session, Message("user", "c", id="c"))
        manager.add_message(session, Message("user", "b", id="b"))
    assert texts(manager, session) == ["a", "b", "c"] == texts_afresh(manager.path, session)


def test_the_same_words_without_an_id_are_said_as_often_as_they_are_said(manager: SessionManager) -> None:
    session = manager.create_session()
    for _ in range(3):
        manager.add_message(session, Message("user", "yes", NOON))
    assert texts_afresh(manager.path, session) == ["yes"] * 3


def test_a_session_made_in_a_batch_can_be_used_in_it(manager: SessionManager, tmp_path: Path) -> None:
    with manager.batch():
        session = manager.create_session("Batched", "coding")
        say(manager, session, "a", "b")
        with manager.batch():
            say(manager, session, "c")
        assert [message.text for message in manager.get_messages(session, role="user")] == ["a", "c"]
        manager.update_title(session, "Renamed")
        branch = manager.branch_session(session, 1)
        say(manager, branch, "d")
        prefix = session[:-3]
        manager.add_message(prefix, Message("user", "e"))
    assert texts_afresh(manager.path, session)[1:] == ["a", "b", "c", "e"]
    assert texts_afresh(manager.path, branch)[1:] == ["a", "d"]
    assert list(tmp_path.glob("store/objects/pack/tmp_*")) == []
    git(manager.path, "fsck", "--strict")


def test_what_a_batch_did_before_an_error_stays(manager: SessionManager) -> None:
    session = manager.create_session()

    def failing() -> None:
        with manager.batch():
            say(manager, session, "a")
            raise KeyError

    with pytest.raises(KeyError):
        failing()
    say(manager, session, "b")
    assert texts_afresh(manager.path, session) == ["a", "b"]


def test_a_batch_and_another_process_that_write_to_one_session_lose_nothing(manager: SessionManager) -> None:
    session = talk(manager, "start")
    with SessionManager(manager.path) as other, manager.batch():
        say(manager, session, "a")
        say(other, session, "theirs")
        say(manager, session, "b")
    say(manager, session, "c")
    assert sorted(texts(manager, session)) == ["a", "b", "c", "start", "theirs"]
    shown = [text for text in texts_afresh(manager.path, session) if text != "theirs"]
    assert shown == ["start", "a", "b", "c"]
