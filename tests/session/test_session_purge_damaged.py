"""A purge of what stands beside something damaged, and one that was interrupted: nothing is lost, nothing stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.loosened import loosened
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import StoreError
from claif_git.git import repository

SECRET = "a secret that nobody should have said"


@pytest.fixture(params=["git", "no git"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SessionManager]:
    if request.param == "no git":
        monkeypatch.setattr(repository.command, "git_available", lambda: False)
    with SessionManager(tmp_path / "store") as opened:
        yield opened


def objects(manager: SessionManager) -> str:
    listed = git(manager.path, "cat-file", "--batch-all-objects", "--batch-check")
    blobs = [line.split()[0] for line in listed.splitlines() if " blob " in line]
    return "\n".join(git(manager.path, "cat-file", "-p", blob) for blob in blobs)


def talk(manager: SessionManager, *texts: str) -> str:
    session = manager.create_session("A talk")
    for text in texts:
        manager.add_message(session, Message("user", text))
    return session


@pytest.mark.parametrize("text", ["", "1" * 40 + "\n"])
def test_where_a_ref_cannot_be_read_nothing_is_purged(manager: SessionManager, text: str) -> None:
    session, other = talk(manager, SECRET), talk(manager, "something else")
    path = manager.path / "refs" / "heads" / other
    before = path.read_bytes()
    path.write_text(text)
    with pytest.raises(StoreError) as caught:
        manager.purge_session(session)
    assert caught.value.hint == "claif-git doctor"
    assert manager.get_messages(session)[0].text == SECRET
    path.write_bytes(before)
    assert manager.purge_session(session).objects
    assert SECRET not in objects(manager)
    assert manager.get_messages(other)[0].text == "something else"


def test_where_an_object_is_lost_nothing_is_purged(manager: SessionManager) -> None:
    session, other = talk(manager, SECRET), talk(manager, "something else")
    lost = git(manager.path, "rev-parse", f"{other}^{{tree}}").strip()
    loosened(manager.path, lost).unlink()
    with SessionManager(manager.path) as fresh:
        with pytest.raises(StoreError, match=lost):
            fresh.purge_session(session)
        assert fresh.get_messages(session)[0].text == SECRET


def test_a_purge_that_was_interrupted_is_completed_by_a_second_call(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = talk(manager, SECRET)

    def fail(_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(repository.Repository, "prune", fail)
        with pytest.raises(StoreError, match="full") as caught:
            manager.purge_session(session)
        assert caught.value.hint.endswith(f"again: claif-git session purge {session}")
    assert SECRET in objects(manager)
    assert manager.purge_session(session, dry_run=True).refs == []
    assert SECRET in objects(manager)
    assert manager.purge_session(session).session_id == session
    assert SECRET not in objects(manager)
