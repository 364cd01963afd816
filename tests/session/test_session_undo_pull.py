"""A pull is taken back in one step, and nothing that a colleague said is ever taken from the colleague by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.people import git
from support.talks import say, texts

from claif_git import SessionManager, clone
from claif_git.errors import DivergedError, InvalidInputError


@pytest.fixture
def hub(tmp_path: Path) -> str:
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    return str(tmp_path / "hub.git")


@pytest.fixture
def ann(tmp_path: Path, hub: str) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "ann", author="Ann <ann@example.org>") as manager:
        manager.add_remote("origin", hub)
        yield manager


@pytest.fixture
def bob(tmp_path: Path, hub: str) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "bob", author="Bob <bob@example.org>") as manager:
        manager.add_remote("origin", hub)
        yield manager


def talk(manager: SessionManager, title: str, *words: str) -> str:
    session = manager.create_session(title)
    say(manager, session, *words)
    return session


def ids(manager: SessionManager) -> set[str]:
    return {session.id for session in manager.list_sessions()}


def stone(manager: SessionManager, session: str) -> bool:
    return bool(git(manager.path, "ls-tree", "claif-store", f"tombstones/{session}.yaml"))


def test_a_pull_is_undone_in_one_step(ann: SessionManager, tmp_path: Path) -> None:
    session = talk(ann, "A talk", "a")
    with clone(str(ann.path), tmp_path / "clone") as bob:
        say(ann, session, "b", "c")
        say(bob, session, "bob's")
        bob.pull()
        assert set(texts(bob, session)) == {"a", "b", "c", "bob's"}
        assert bob.undo().subject == f"pull of {session}"
        assert texts(bob, session) == ["a", "bob's"]
        bob.redo()
        assert len(texts(bob, session)) == 4


def test_a_pull_says_what_both_sides_had_changed(ann: SessionManager, tmp_path: Path) -> None:
    session = ann.create_session("A talk")
    with clone(str(ann.path), tmp_path / "clone") as bob:
        ann.update_title(session, "Ann's")
        bob.update_title(session, "Bob's")
        (pulled,) = bob.pull().sessions
        assert pulled.detail == 'both changed title: kept "Bob\'s", not "Ann\'s"'
        assert bob.get_session(session).title == "Bob's"


def test_a_pull_that_brought_a_session_is_undone_without_a_word_to_others(
    ann: SessionManager, bob: SessionManager
) -> None:
    mine = talk(bob, "Mine", "m1")
    theirs = talk(ann, "Theirs", "a colleague's words")
    ann.push([theirs])
    bob.pull()
    assert bob.undo().subject == f"pull of {theirs}"
    assert ids(bob) == {mine}
    assert texts(bob, mine) == ["m1"]
    assert not stone(bob, theirs)
    assert [one.id for one in bob.trashed_sessions()] == [theirs]
    assert bob.push().changed == []
    assert ann.pull().changed == []
    assert texts(ann, theirs) == ["a colleague's words"]
    bob.redo()
    assert texts(bob, theirs) == ["a colleague's words"]
    assert bob.trashed_sessions() == []


def test_after_it_was_undone_the_next_pull_brings_the_session_again(ann: SessionManager, bob: SessionManager) -> None:
    theirs = talk(ann, "Theirs", "a")
    ann.push([theirs])
    bob.pull()
    bob.undo()
    (came,) = bob.pull().changed
    assert came.outcome == "new"
    assert texts(bob, theirs) == ["a"]
    assert bob.trashed_sessions() == []
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        bob.redo()
    bob.undo()
    assert ids(bob) == set()


def test_a_pull_of_many_sessions_is_one_change(ann: SessionManager, bob: SessionManager) -> None:
    old = talk(ann, "Old", "a")
    ann.push([old])
    bob.pull()
    say(ann, old, "b")
    new = [talk(ann, f"New {count}", "c") for count in range(3)]
    ann.push(all=True)
    bob.pull()
    did = bob.undo()
    assert did.subject == "pull of 4 sessions from origin"
    assert set(did.session_ids) == {old, *new}
    assert ids(bob) == {old}
    assert texts(bob, old) == ["a"]
    bob.redo()
    assert ids(bob) == {old, *new}
    assert texts(bob, old) == ["a", "b"]
    bob.undo(new[0])  # by name: of this one only
    assert ids(bob) == {old, *new[1:]}
    assert texts(bob, old) == ["a", "b"]
    bob.undo()
    assert ids(bob) == {old}


def test_undoing_a_merge_by_a_pull_takes_no_words_back_at_the_hub(ann: SessionManager, bob: SessionManager) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    say(ann, session, "ann's")
    ann.push()
    say(bob, session, "bob's")
    bob.pull()
    bob.push()
    say(bob, session, "later")
    assert [bob.undo().subject, bob.undo().subject] == ["user: later", f"pull of {session}"]
    assert texts(bob, session) == ["a", "bob's"]
    assert bob.push().changed == []
    ann.pull()
    assert texts(ann, session) == ["a", "ann's", "bob's"]
    bob.pull()
    assert texts(bob, session) == ["a", "ann's", "bob's"]


def test_what_was_undone_before_the_pull_was_comes_back_by_redo_after_any_upkeep(
    ann: SessionManager, bob: SessionManager
) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    say(ann, session, "ann's")
    ann.push()
    bob.pull()
    say(bob, session, "bob's")
    for _ in range(2):
        bob.undo()
    git(bob.path, "update-ref", "-d", f"refs/remotes/origin/{session}")
    git(bob.path, "-c", "gc.reflogExpire=now", "gc", "-q", "--prune=now")
    bob.redo()
    bob.redo()
    assert texts(bob, session) == ["a", "ann's", "bob's"]
    git(bob.path, "fsck", "--strict")


def test_a_session_that_came_back_goes_to_the_trash_again_deleted_as_it_was(
    ann: SessionManager, bob: SessionManager
) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    bob.delete_session(session)
    say(ann, session, "went on")
    ann.push()
    (came,) = bob.pull().sessions
    assert came.outcome == "survived"
    assert texts(bob, session) == ["a", "went on"]
    assert bob.undo().subject == f"pull of {session}"
    assert ids(bob) == set()
    assert stone(bob, session)
    bob.push()
    ann.pull()
    assert texts(ann, session) == ["a", "went on"]
    assert bob.undo().subject == f"delete of {session}"
    assert texts(bob, session) == ["a"]
    for _ in range(2):
        bob.redo()
    assert texts(bob, session) == ["a", "went on"]


def test_a_deletion_that_came_with_a_pull_is_taken_back_with_it(ann: SessionManager, bob: SessionManager) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    ann.delete_session(session)
    ann.push()
    bob.pull()
    assert ids(bob) == set()
    bob.undo()
    assert texts(bob, session) == ["a"]
    bob.redo()
    assert ids(bob) == set()
    bob.undo()
    assert bob.push().changed == []
    bob.pull()
    assert ids(bob) == set()


def test_a_pull_that_died_before_it_was_noted_draws_no_undo_to_a_colleagues_words(
    ann: SessionManager, bob: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, session = talk(ann, "New", "n"), talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    say(bob, session, "bob's")
    say(ann, session, "ann's")
    ann.push(all=True)
    with monkeypatch.context() as patch:
        patch.setattr("claif_git.session.remotes.record_moves", _die)
        with pytest.raises(KeyboardInterrupt):
            bob.pull()
    assert texts(bob, new) == ["n"]
    bob.undo()  # the merge, which is a pull's: the branch goes back
    assert texts(bob, session) == ["a", "bob's"]
    with pytest.raises(DivergedError):
        bob.push()
    assert bob.undo().subject == "user: bob's"
    assert texts(bob, new) == ["n"]


def _die(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_turns_said_on_top_of_what_came_are_undone_before_it_and_stay_in_the_trash(
    ann: SessionManager, bob: SessionManager
) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    say(bob, session, "bob's")
    for _ in range(2):
        bob.undo()
    bob.pull()
    assert texts(bob, session) == ["a"]
    assert [one.id for one in bob.trashed_sessions()] == [session]  # with what only bob had said


def test_unsaved_turns_on_top_of_a_pull_are_saved_first(ann: SessionManager, bob: SessionManager) -> None:
    session = talk(ann, "A talk", "a")
    ann.push([session])
    bob.pull()
    say(ann, session, "b")
    ann.push()
    bob.pull()
    bob.configure_autosave(enabled=False)
    say(bob, session, "draft")
    bob.undo()
    with pytest.raises(InvalidInputError, match="unsaved turns"):
        bob.undo()
    bob.save_session(session)
    bob.undo()
    assert texts(bob, session) == ["a"]


def test_a_bundle_is_taken_back_like_any_pull(ann: SessionManager, bob: SessionManager, tmp_path: Path) -> None:
    made = [talk(ann, title, "a") for title in ("One", "Two")]
    ann.write_bundle(tmp_path / "x.bundle", all=True)
    bob.read_bundle(tmp_path / "x.bundle")
    assert ids(bob) == set(made)
    assert bob.undo().subject == "pull of 2 sessions from a bundle"
    assert ids(bob) == set()
