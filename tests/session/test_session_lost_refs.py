"""Trash and drafts of which one names what is not there: the others are had as ever, and that one is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.talks import say, talk, texts

from claif_git import SessionManager
from claif_git.session import trash

LOST = "1" * 40


def lose(manager: SessionManager, ref: str) -> None:
    path = manager.path / ref
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{LOST}\n", encoding="ascii")


def left_out(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what was told since this was asked last."""
    told = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return told


def test_trash_with_a_lost_session_is_listed_searched_and_emptied_of_the_others(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    older, newer = talk(manager, "older words"), talk(manager, "newer words")
    for session in (older, newer):
        manager.delete_session(session)
    lose(manager, "refs/claif/trash/foo-abcdefghijkl")
    named = [f"refs/claif/trash/foo-abcdefghijkl is left out: object {LOST} is missing; see: claif-git doctor"]
    left_out(caplog)
    assert {one.id for one in manager.trashed_sessions()} == {older, newer}
    assert left_out(caplog) == named
    assert len(list(manager.grep("words", all_history=True))) == 2
    manager.restore_session(newer)
    assert texts(manager, newer) == ["newer words"]
    left_out(caplog)
    monkeypatch.setattr(trash, "KEPT", timedelta(days=-1))
    assert manager.gc(dry_run=True)["expired"] == [older]
    assert left_out(caplog) == named
    wrong = [one for one in manager.doctor() if one.is_wrong]
    assert [one.area for one in wrong] == ["refs"]
    assert wrong[0].message.startswith("refs/claif/trash/foo-abcdefghijkl points at")


def test_a_lost_draft_keeps_nobody_from_saving_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
        with SessionManager(tmp_path / "store") as other:
            other.configure_autosave(enabled=False)
            say(other, session, "unsaved", start="assistant")
        lose(manager, f"refs/claif/drafts/{session}/abcdefabcdef")
        assert [draft.alive for draft in manager.drafts()] == [False]
        assert any("abcdefabcdef is left out" in told for told in left_out(caplog))
        assert [one.area for one in manager.doctor() if one.is_wrong] == ["refs", "drafts"]
        assert manager.recover_session(session) == 1
        assert texts(manager, session) == ["hello", "unsaved"]


def test_trash_that_lost_what_a_session_held_hides_no_other(manager: SessionManager) -> None:
    kept = talk(manager, "kept")
    manager.delete_session(kept)
    tip = manager._store.trashed()[kept]
    with manager._store.repo.writer(durable=False) as writer:
        data = manager._store.repo.read(tip)[1]
        parent = manager._store.repo.read_commit(tip).parents[0].encode()
        hollow = writer.add("commit", data.replace(b"parent " + parent, b"parent " + LOST.encode()))
    assert manager._store.repo.move_ref("refs/claif/trash/hollow-abcdefghijkl", None, hollow)
    assert [one.id for one in manager.trashed_sessions()] == [kept]
