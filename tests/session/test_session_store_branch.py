"""A store whose own branch is damaged: sessions are read and written, and nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.loosened import loosened
from support.people import git
from support.talks import say, talk, texts

from claif_git import SessionManager
from claif_git.errors import StoreError

LOST = "1" * 40
DAMAGES = {"dangling": f"{LOST}\n", "empty": "", "rubbish": "no object id\n"}


@pytest.fixture(params=DAMAGES)
def damaged(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, str]:
    """Give a store whose branch is damaged, a session, and a deleted one."""
    with SessionManager(tmp_path / "store") as manager:
        session, deleted = talk(manager, "hello", "hi"), talk(manager, "gone")
        manager.delete_session(deleted)
    ref = tmp_path / "store" / "refs" / "heads" / "claif-store"
    ref.write_text(DAMAGES[request.param], encoding="ascii")
    return tmp_path / "store", session, deleted


def test_sessions_are_read_and_written_without_the_stores_branch(
    damaged: tuple[Path, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    store, session, deleted = damaged
    with SessionManager(store) as manager:
        (told,) = [record.getMessage() for record in caplog.records]
        assert told.startswith("the branch claif-store is damaged: ")
        assert told.endswith("; see: claif-git doctor")
        assert texts(manager, session) == ["hello", "hi"]
        assert [one.id for one in manager.list_sessions()] == [session]
        assert [one.id for one in manager.trashed_sessions()] == [deleted]
        assert "hello" in manager.export_session(session, "markdown")
        assert len(manager.log(session)) == 3
        say(manager, session, "more")
        assert texts(manager, session) == ["hello", "hi", "more"]
        assert "refs/heads/claif-store" in str([one.message for one in manager.doctor() if one.is_wrong])


def test_what_needs_the_stores_branch_is_refused_before_anything_is_done(damaged: tuple[Path, str, str]) -> None:
    store, session, deleted = damaged
    ref = store / "refs" / "heads" / "claif-store"
    before = ref.read_bytes()
    with SessionManager(store) as manager:
        for act in (
            lambda: manager.register_template("mine", {"system_message": "x"}),
            lambda: manager.delete_session(session),
            lambda: manager.restore_session(deleted),
            lambda: manager.purge_session(session),
            manager.templates,
        ):
            with pytest.raises(StoreError, match="the branch claif-store is damaged") as caught:
                act()
            assert caught.value.hint == "claif-git doctor"
        assert [one.id for one in manager.list_sessions()] == [session]
        assert [one.id for one in manager.trashed_sessions()] == [deleted]
    assert ref.read_bytes() == before


def test_a_lost_file_of_the_stores_branch_keeps_nobody_out(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
    blob = git(tmp_path / "store", "rev-parse", "claif-store:claif.yaml").strip()
    loosened(tmp_path / "store", blob).unlink()
    with SessionManager(tmp_path / "store") as manager:
        assert texts(manager, session) == ["hello"]


def test_a_lost_session_does_not_make_a_store_a_stranger(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
    (tmp_path / "store" / "refs" / "heads" / "a-lost-one").write_text(f"{LOST}\n", encoding="ascii")
    git(tmp_path / "store", "update-ref", "-d", "refs/heads/claif-store")
    with SessionManager(tmp_path / "store") as manager:
        assert texts(manager, session) == ["hello"]
