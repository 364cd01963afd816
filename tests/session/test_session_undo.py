"""Undo, redo, reset and small edits: new commits on top, and nothing is rewritten."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import people
from support.people import ACTS, Person, git
from support.talks import texts

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, SessionNotFoundError


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store") as opened:
        yield opened


def talk(manager: SessionManager, *texts: str) -> str:
    session = manager.create_session("A talk")
    for text in texts:
        manager.add_message(session, Message("user", text))
    return session


def test_undo_takes_back_turn_after_turn_and_redo_brings_them_again(manager: SessionManager) -> None:
    session = talk(manager, "a", "b", "c")
    assert manager.undo(session).subject == "user: c"
    assert manager.undo(session).subject == "user: b"
    assert texts(manager, session) == ["a"]
    manager.redo(session)
    assert texts(manager, session) == ["a", "b"]
    manager.redo(session)
    assert texts(manager, session) == ["a", "b", "c"]
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        manager.redo(session)
    manager.undo(session)
    assert texts(manager, session) == ["a", "b"]


def test_after_something_new_there_is_nothing_to_redo(manager: SessionManager) -> None:
    session = talk(manager, "a", "b")
    manager.undo(session)
    manager.add_message(session, Message("user", "c"))
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        manager.redo(session)
    assert texts(manager, session) == ["a", "c"]
    manager.undo(session)
    assert texts(manager, session) == ["a"]
    manager.undo(session)
    assert texts(manager, session) == []


def test_undo_rewrites_nothing(manager: SessionManager) -> None:
    session = talk(manager, "a", "b")
    before = git(manager.path, "rev-parse", session)
    manager.undo(session)
    assert git(manager.path, "merge-base", before, session) == before


def test_undoing_a_branch_leaves_no_branch_and_redo_brings_it_back(manager: SessionManager) -> None:
    session = talk(manager, "a", "b")
    branch = manager.branch_session(session, 0, "Elsewhere")
    manager.undo(branch)
    assert git(manager.path, "branch", "--list", branch) == ""
    with pytest.raises(SessionNotFoundError):
        manager.get_session(branch)
    manager.redo()
    assert texts(manager, branch) == ["a"]


def test_a_deletion_is_undone_and_done_again(manager: SessionManager) -> None:
    session = talk(manager, "a")
    manager.delete_session(session)
    manager.undo()
    assert texts(manager, session) == ["a"]
    manager.redo()
    with pytest.raises(SessionNotFoundError):
        manager.get_session(session)
    manager.restore_session(session)
    manager.undo()
    assert manager.list_sessions() == []


def test_edits_settings_and_trims_are_undone(manager: SessionManager) -> None:
    session = talk(manager, "a", "b", "c")
    manager.update_title(session, "New")
    manager.update_metadata(session, {"x": 1})
    manager.edit_message(session, 1, "B")
    manager.update_session_messages(session, manager.get_session(session).messages[1:])
    manager.undo(session)
    assert texts(manager, session) == ["a", "B", "c"]
    manager.undo(session)
    assert texts(manager, session) == ["a", "b", "c"]
    manager.undo(session)
    assert manager.get_session(session).metadata == {}
    manager.undo(session)
    assert manager.get_session(session).title == "A talk"


def test_a_merge_that_only_moved_the_branch_is_undone_in_one_step(manager: SessionManager) -> None:
    session = talk(manager, "a")
    branch = manager.branch_session(session, title="Elsewhere")
    for text in ("b", "c"):
        manager.add_message(branch, Message("user", text))
    assert manager.merge_sessions(session, branch, into_primary=True).outcome == "fast-forward"
    manager.undo(session)
    assert texts(manager, session) == ["a"]
    manager.redo(session)
    assert texts(manager, session) == ["a", "b", "c"]


def test_an_import_is_undone_in_one_step(manager: SessionManager) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "anthropic-messages.json"
    (imported,) = manager.import_file(fixture).sessions
    manager.undo(imported.id)
    assert manager.list_sessions() == []


def test_undo_in_an_empty_store_says_that_there_is_nothing(manager: SessionManager) -> None:
    with pytest.raises(InvalidInputError, match="nothing to undo"):
        manager.undo()


def test_without_a_name_undo_takes_the_session_that_was_changed_last(manager: SessionManager) -> None:
    first = talk(manager, "a")
    git(manager.path, "update-ref", "refs/heads/" + first, git(manager.path, "rev-parse", first))
    second = talk(manager, "x", "y")
    manager.delete_session(first)
    manager.undo()
    assert texts(manager, first) == ["a"]
    assert texts(manager, second) == ["x", "y"]


def test_reset_shows_what_was_shown_and_keeps_what_came_between_in_history(manager: SessionManager) -> None:
    session = talk(manager, "a", "b")
    then = manager.get_session(session).tip
    manager.add_message(session, Message("user", "c"))
    manager.update_session_messages(session, manager.get_session(session).messages[1:])
    manager.reset_session(session, then)
    assert texts(manager, session) == ["a", "b"]
    assert "c" in git(manager.path, "log", "-p", session)
    tip = manager.get_session(session).tip
    assert manager.reset_session(session, then) == tip


def test_messages_are_dropped_and_picked_into_another_session(manager: SessionManager) -> None:
    session, other = talk(manager, "a", "b", "c"), talk(manager, "x")
    manager.drop_messages(session, [1, -1])
    assert texts(manager, session) == ["a"]
    (picked,) = manager.cherry_pick(session, [0], other)
    assert texts(manager, other) == ["x", "a"]
    assert picked.copied_from == manager.get_session(session).messages[0].origin.path


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_done_undo_shows_what_was_shown_before(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    person = Person("ann", tmp_path / "ann")
    session = person.manager.create_session("A talk", "coding" if seed % 2 else None)
    people.turn(person, session, dice)
    for _ in range(dice.randint(1, 5)):
        dice.choice(ACTS)(person, session, dice)
    seen = []
    for _ in range(4):
        read = person.manager.get_session(session)
        seen.append(([m.content for m in read.messages], read.title, read.metadata, read.order))
        person.manager.undo(session)
    for before in reversed(seen):
        person.manager.redo(session)
        read = person.manager.get_session(session)
        assert ([m.content for m in read.messages], read.title, read.metadata, read.order) == before
    git(person.path, "fsck", "--strict")
    person.manager.close()


def test_a_restored_session_that_went_on_is_not_deleted_by_redo(manager: SessionManager) -> None:
    session = talk(manager, "a")
    manager.delete_session(session)
    manager.undo()
    manager.add_message(session, Message("user", "b"))
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        manager.redo()
    assert texts(manager, session) == ["a", "b"]


def test_a_deleted_session_is_named_to_undo_and_redo(manager: SessionManager) -> None:
    session = talk(manager, "a")
    manager.delete_session(session)
    manager.undo(session[:12])
    assert texts(manager, session) == ["a"]
    branch = manager.branch_session(session, 0, "Elsewhere")
    manager.undo(branch)
    manager.redo(branch)
    assert texts(manager, branch) == ["a"]
