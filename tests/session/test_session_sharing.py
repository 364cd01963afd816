"""Sessions shared among people: rights are judged by what stood before, and commits say who spoke."""

from __future__ import annotations

from typing import Any

import pytest
from support.people import git
from support.talks import talk, texts, texts_afresh

from claif_git import SessionManager
from claif_git.errors import InvalidInputError, NotPermittedError
from claif_git.session import shared
from claif_git.session.working import Working


def author(manager: SessionManager, session: str) -> str:
    return git(manager.path, "log", "-1", "--format=%an <%ae>|%cn", session)


def test_participants_speak_as_themselves(manager: SessionManager) -> None:
    session = manager.create_shared_session(["ada", "bob"], "Planning")
    read = manager.get_session(session)
    assert read.metadata["participants"] == ["ada", "bob"]
    assert read.metadata["permissions"] == {"ada": "read_write", "bob": "read_write"}
    said = manager.add_user_message(session, "bob", "Shall we start?")
    assert (said.text, said.role, said.metadata) == ("Shall we start?", "user", {"user": "bob"})
    assert author(manager, session) == "bob <bob@invalid>|Ada"
    assert texts_afresh(manager.path, session) == ["Shall we start?"]


def test_who_may_not_write_is_refused_and_nothing_is_said(manager: SessionManager) -> None:
    session = manager.create_shared_session(["ada", "eve"], "P", permissions={"eve": "read"})
    for user in ("eve", "mallory", ""):
        with pytest.raises(PermissionError):
            manager.add_user_message(session, user, "let me in")
    with pytest.raises(NotPermittedError, match="only to read"):
        manager.add_user_message(session, "eve", "x")
    with pytest.raises(NotPermittedError, match="not a participant"):
        manager.add_user_message(talk(manager, "x"), "ada", "x")
    assert texts(manager, session) == []


def test_no_change_of_rights_grants_itself(manager: SessionManager) -> None:
    session = manager.create_shared_session(["ada", "eve"], "P", permissions={"eve": "read"})
    for user in ("eve", "mallory"):
        with pytest.raises(NotPermittedError):
            manager.change_permissions(session, user, {user: "read_write"})
    manager.change_permissions(session, "ada", {"eve": "read_write", "cat": "read"})
    assert author(manager, session).startswith("ada <")
    manager.add_user_message(session, "eve", "now I may")
    manager.change_permissions(session, "eve", {"ada": None})
    with pytest.raises(NotPermittedError):
        manager.add_user_message(session, "ada", "x")
    assert manager.get_session(session).metadata["participants"] == ["eve", "cat"]
    tip = git(manager.path, "rev-parse", session)
    manager.change_permissions(session, "eve", {"cat": "read", "nobody": None})
    assert git(manager.path, "rev-parse", session) == tip


def test_rights_that_changed_while_one_was_asking_are_judged_as_they_are(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = manager.create_shared_session(["ada", "bob"], "P")
    write = Working.write
    with SessionManager(manager.path) as other:

        def late(working: Working, *args: Any, **options: Any) -> Any:
            monkeypatch.undo()
            other.change_permissions(session, "ada", {"bob": "read", "cat": "read_write"})
            return write(working, *args, **options)

        monkeypatch.setattr(Working, "write", late)
        with pytest.raises(NotPermittedError):
            manager.change_permissions(session, "bob", {"bob": "read_write"})
        monkeypatch.setattr(Working, "write", late)
        manager.change_permissions(session, "ada", {"dan": "read"})
    rights = manager.get_session(session).metadata["permissions"]
    assert rights == {"ada": "read_write", "bob": "read", "cat": "read_write", "dan": "read"}


@pytest.mark.parametrize(
    ("people", "permissions"),
    [("ada", None), ([], None), ([""], None), ([3], None), (["ada"], {"ada": "admin"}), (["ada"], {"eve": "read"})],
)
def test_nonsense_is_refused(manager: SessionManager, people: Any, permissions: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.create_shared_session(people, "x", permissions=permissions)
    session = manager.create_shared_session(["ada"], "x")
    with pytest.raises(InvalidInputError):
        manager.change_permissions(session, "ada", {"ada": "admin"})


def test_participants_without_permissions_may_write_and_broken_metadata_let_nobody_in(manager: SessionManager) -> None:
    session = manager.create_session(metadata={"participants": ["ada", 3]})
    manager.add_user_message(session, "ada", "hello")
    manager.update_metadata(session, {"participants": {"ada": 1}, "permissions": ["ada"]})
    assert shared._rights({"participants": None}) == {}
    with pytest.raises(InvalidInputError):
        manager.update_metadata(session, "participants")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "user", ["Åsa\nCommitter: x", "<eve@example.org>", "a <b> <c>", "\x00", "  ", "'.,;", "é" * 200]
)
def test_odd_names_make_commits_that_git_accepts(manager: SessionManager, user: str) -> None:
    session = manager.create_shared_session([user], "x")
    manager.add_user_message(session, user, "hello")
    assert len(author(manager, session).splitlines()) == 1
    git(manager.path, "fsck", "--strict")
