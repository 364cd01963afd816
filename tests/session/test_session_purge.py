"""What is purged is gone: no ref, no object, no index, no log brings it back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import SessionNotFoundError
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


def test_nothing_of_a_purged_session_is_left(manager: SessionManager) -> None:
    kept = talk(manager, "something else")
    session = talk(manager, "harmless", SECRET)
    manager.undo(session)
    manager.delete_session(session)
    assert SECRET in objects(manager)
    report = manager.purge_session(session[:12])
    assert (report.session_id, report.remotes, report.shared_by) == (session, [], [])
    assert SECRET not in objects(manager)
    assert all(operation.session_id != session for operation in manager.operations())
    for verb in (manager.get_session, manager.restore_session):
        with pytest.raises(SessionNotFoundError):
            verb(session)
    assert [message.text for message in manager.get_session(kept).messages] == ["something else"]
    git(manager.path, "fsck", "--strict")


def test_a_tombstone_tells_other_stores(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    tip = manager.get_session(session).tip
    manager.purge_session(session)
    stone = git(manager.path, "show", f"claif-store:tombstones/{session}.yaml")
    assert tip in stone
    assert "purged: true" in stone


def test_what_forks_share_stays_in_them_and_is_said(manager: SessionManager) -> None:
    session = talk(manager, "shared", SECRET)
    fork = manager.branch_session(session, 0, "Fork")
    report = manager.purge_session(session)
    assert report.shared_by == [fork]
    assert SECRET not in objects(manager)
    assert [message.text for message in manager.get_session(fork).messages] == ["shared"]


def test_a_dry_run_only_tells(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    git(manager.path, "update-ref", f"refs/remotes/hub/{session}", session)
    report = manager.purge_session(session, dry_run=True)
    assert report.remotes == ["hub"]
    assert f"refs/heads/{session}" in report.refs
    assert [message.text for message in manager.get_session(session).messages] == [SECRET]


def test_drafts_and_tracked_copies_go_too(manager: SessionManager) -> None:
    session = talk(manager, "saved")
    git(manager.path, "update-ref", f"refs/remotes/hub/{session}", session)
    manager.configure_autosave(enabled=False)
    manager.add_message(session, Message("user", SECRET))
    assert manager.purge_session(session).remotes == ["hub"]
    assert SECRET not in objects(manager)
    assert git(manager.path, "for-each-ref", "--format=%(refname)").splitlines() == ["refs/heads/claif-store"]
    assert manager.drafts() == []


def test_what_is_not_there_cannot_be_purged(manager: SessionManager) -> None:
    with pytest.raises(SessionNotFoundError):
        manager.purge_session("nothing")


def test_a_commit_graph_names_nothing_that_is_gone(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    talk(manager, "kept")
    git(manager.path, "commit-graph", "write", "--reachable")
    manager.purge_session(session)
    git(manager.path, "fsck", "--strict")
