"""Deleting and restoring: whatever interrupts it, whoever goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import SessionManager
from claif_git.errors import ConcurrentUpdateError, SessionNotFoundError, StoreError
from claif_git.git.refs import Refs
from claif_git.session import trash


def tombstone(manager: SessionManager, session: str) -> str:
    return git(manager.path, "show", f"claif-store:tombstones/{session}.yaml", check=False)


def refs(manager: SessionManager) -> set[str]:
    names = git(manager.path, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/claif/trash").splitlines()
    return {name for name in names if not name.endswith("/claif-store")}


def test_what_fits_no_session_but_several_in_the_trash_says_so(manager: SessionManager) -> None:
    ids = [manager.create_session("Alike") for _ in range(2)]
    other = manager.create_session("Another")
    for session in ids:
        manager.delete_session(session)
    with pytest.raises(SessionNotFoundError, match="no session 'alike', but 2 in the trash") as caught:
        manager.get_session("alike")
    assert caught.value.deleted == sorted(ids)
    with pytest.raises(SessionNotFoundError, match="no session ''"):
        manager.get_session("")
    assert manager.resolve("a") == other


def test_a_deleted_session_is_gone_can_be_had_back_and_leaves_a_tombstone_meanwhile(manager: SessionManager) -> None:
    session, tip = talk(manager, "0", "1"), ""
    tip = git(manager.path, "rev-parse", session)
    manager.delete_session(session)
    assert manager.list_sessions() == []
    with pytest.raises(FileNotFoundError):
        manager.get_session(session)
    with pytest.raises(SessionNotFoundError):
        say(manager, session, "2")
    with pytest.raises(SessionNotFoundError):
        manager.delete_session(session)
    assert [found.id for found in manager.trashed_sessions()] == [session]
    assert tip in tombstone(manager, session)
    assert manager.restore_session(session[:8]) == session
    assert git(manager.path, "rev-parse", session) == tip
    assert "fatal" in tombstone(manager, session) or not tombstone(manager, session)
    assert manager.trashed_sessions() == []
    with pytest.raises(SessionNotFoundError):
        manager.restore_session(session)
    say(manager, session, "2")
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]
    git(manager.path, "fsck", "--strict")


class Interrupted(BaseException):
    """What a signal would be."""


def interrupt(monkeypatch: pytest.MonkeyPatch, step: int, act: Callable[[], object]) -> bool:
    """Do `act`, interrupted before its ref change number `step`; tell whether it came that far."""
    count = [0]

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] > step:
                raise Interrupted
            return change(*args, **options)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Refs, "move", counted(Refs.move))
        try:
            act()
        except Interrupted:
            return True
    return False


@pytest.mark.parametrize("with_draft", [False, True])
def test_a_deletion_interrupted_at_any_step_is_completed_by_a_second_call(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch, *, with_draft: bool
) -> None:
    manager.configure_autosave(enabled=not with_draft)
    for step in range(20):
        session = talk(manager, "0", "1")
        if not interrupt(monkeypatch, step, lambda: manager.delete_session(session)):  # noqa: B023 - called at once
            break
        if "tip:" not in tombstone(manager, session):  # with it all is done but the note of it in the operation log
            manager.delete_session(session)
        assert refs(manager) == {f"refs/claif/trash/{session}"}, step
        assert "tip:" in tombstone(manager, session)
        assert manager.drafts() == []
        manager.restore_session(session)
        assert texts(manager, session) == ["0", "1"] == texts_afresh(manager.path, session)
        manager.purge_session(session)
    assert step > 2


def test_a_restoration_interrupted_at_any_step_is_completed_by_a_second_call(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in range(20):
        session = talk(manager, "0", "1")
        manager.delete_session(session)
        if not interrupt(monkeypatch, step, lambda: manager.restore_session(session)):  # noqa: B023 - called at once
            break
        if session in {found.id for found in manager.trashed_sessions()}:
            manager.restore_session(session)
        assert refs(manager) == {f"refs/heads/{session}"}, step
        assert "tip:" not in tombstone(manager, session)
        assert texts_afresh(manager.path, session) == ["0", "1"]
        manager.purge_session(session)
    assert step > 1


def test_a_session_of_that_name_that_is_there_again_is_not_overwritten_and_both_can_be_had(
    manager: SessionManager,
) -> None:
    session, other = talk(manager, "first"), talk(manager, "second")
    manager.delete_session(session)
    git(manager.path, "branch", session, other)
    with pytest.raises(StoreError, match="exists again"):
        manager.restore_session(session)
    assert texts(manager, session) == ["second"]
    git(manager.path, "branch", "-m", session, "renamed")
    manager.restore_session(session)
    assert texts(manager, session) == ["first"]
    assert texts(manager, "renamed") == ["second"]


def test_deleting_a_namesake_keeps_what_lay_in_the_trash_reachable(manager: SessionManager) -> None:
    session, other = talk(manager, "first"), talk(manager, "second")
    first = git(manager.path, "rev-parse", session)
    manager.delete_session(session)
    git(manager.path, "branch", session, other)
    manager.delete_session(session)
    assert first in git(manager.path, "rev-list", f"refs/claif/trash/{session}").splitlines()
    manager.restore_session(session)
    assert texts(manager, session) == ["second"]


def test_a_turn_said_while_the_session_is_being_deleted_is_not_lost(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = talk(manager, "0")
    bury = trash._bury
    said: list[str] = []
    with SessionManager(manager.path) as other:

        def burying(*args: Any) -> None:
            bury(*args)
            if len(said) < 3:
                said.append(f"said {len(said)}")
                say(other, session, said[-1])

        monkeypatch.setattr(trash, "_bury", burying)
        manager.delete_session(session)
    manager.restore_session(session)
    assert texts(manager, session) == ["0", *said]


def test_a_session_that_others_never_stop_to_write_to_is_not_deleted(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = talk(manager, "0")
    bury = trash._bury
    monkeypatch.setattr(trash, "TRIES", 3)
    with SessionManager(manager.path) as other:

        def burying(*args: Any) -> None:
            bury(*args)
            say(other, session, "more")

        monkeypatch.setattr(trash, "_bury", burying)
        with pytest.raises(ConcurrentUpdateError):
            manager.delete_session(session)
    assert texts(manager, session) == ["0", "more", "more", "more"]


def test_a_deletion_judged_by_a_tip_leaves_what_went_on_since(manager: SessionManager) -> None:
    session = talk(manager, "0")
    tip = git(manager.path, "rev-parse", session)
    say(manager, session, "1")
    with pytest.raises(StoreError, match="stays"):
        trash.delete(manager._working, session, expected=tip)
    assert texts(manager, session) == ["0", "1"]


def test_two_who_delete_at_once_leave_one_deletion(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    session = talk(manager, "0")
    move = Refs.move

    def losing(of: Refs, name: str, *args: Any, **options: Any) -> bool:
        return False if name.startswith("refs/claif/trash/") else move(of, name, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Refs, "move", losing)
        with pytest.raises(ConcurrentUpdateError):
            manager.delete_session(session)
    assert texts(manager, session) == ["0"]


def test_an_unknown_session_cannot_be_deleted_nor_restored(manager: SessionManager) -> None:
    talk(manager, "0")
    for use in (manager.delete_session, manager.restore_session):
        for name in ("nothing", ""):
            with pytest.raises(SessionNotFoundError):
                use(name)


def test_the_trash_is_emptied_of_what_lies_in_it_for_longer_than_kept(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = talk(manager, "0")
    with SessionManager(manager.path) as other:
        other.configure_autosave(enabled=False)
        say(other, session, "1")
        manager.delete_session(session)
    assert manager.gc(dry_run=True)["expired"] == []
    monkeypatch.setattr(trash, "KEPT", timedelta(seconds=-10))
    assert manager.gc(dry_run=True)["expired"] == [session]
    assert len(manager.trashed_sessions()) == 1
    assert manager.gc()["expired"] == [session]
    assert manager.trashed_sessions() == []
    assert git(manager.path, "for-each-ref", "refs/claif/drafts", "refs/claif/trash") == ""


def test_a_deleted_session_is_listed_as_it_was(manager: SessionManager) -> None:
    session = manager.create_session("Gone", "coding", {"a": 1})
    manager.delete_session(session)
    (read,) = manager.trashed_sessions()
    assert (read.id, read.title, read.template, read.metadata["a"]) == (session, "Gone", "coding", 1)
    assert len(read.messages) == 1
