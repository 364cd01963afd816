"""What was undone and is asked for again is said to be so, and not that it is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.talks import texts

from claif_git import Message, SessionManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store") as opened:
        yield opened


def talk(manager: SessionManager, title: str, *words: str) -> str:
    session = manager.create_session(title)
    for word in words:
        manager.add_message(session, Message("user", word))
    return session


def export(file: Path, *words: str) -> Path:
    file.write_text(json.dumps([{"role": "user", "content": word} for word in words]))
    return file


def outcome(manager: SessionManager, file: Path) -> tuple[str, int]:
    (one,) = manager.import_file(file).sessions
    return one.outcome, one.undone


@pytest.mark.parametrize("forward", [True, False])
def test_a_merge_that_was_undone_is_not_called_up_to_date(manager: SessionManager, forward: bool) -> None:
    session = talk(manager, "A", "a")
    branch = manager.branch_session(session, title="B")
    manager.add_message(branch, Message("user", "b"))
    if not forward:
        manager.add_message(session, Message("user", "c"))
    manager.merge_sessions(session, branch, into_primary=True)
    manager.undo()
    again = manager.merge_sessions(session, branch, into_primary=True)
    assert (again.outcome, len(again.dropped)) == ("undone", 1)
    manager.redo()
    assert "b" in texts(manager, session)
    assert manager.merge_sessions(session, branch, into_primary=True).outcome == "up-to-date"


def test_a_merge_of_what_came_since_says_what_stays_out(manager: SessionManager) -> None:
    session, branch = talk(manager, "A", "a"), talk(manager, "B", "b")
    manager.merge_sessions(session, branch, into_primary=True)
    manager.undo()
    manager.add_message(branch, Message("user", "b2"))
    again = manager.merge_sessions(session, branch, into_primary=True)
    assert (again.outcome, len(again.added), len(again.dropped)) == ("merged", 1, 1)
    assert texts(manager, session) == ["a", "b2"]


def test_a_reset_brings_an_undone_merge_back_and_then_it_is_there(manager: SessionManager) -> None:
    session, branch = talk(manager, "A", "a"), talk(manager, "B", "b")
    merged = manager.merge_sessions(session, branch, into_primary=True)
    manager.undo()
    manager.reset_session(session, merged.commit)
    assert manager.merge_sessions(session, branch, into_primary=True).outcome == "up-to-date"


def test_an_import_that_was_undone_says_so(manager: SessionManager, tmp_path: Path) -> None:
    file = export(tmp_path / "x.json", "one", "two")
    assert outcome(manager, file) == ("new", 0)
    manager.undo()
    assert outcome(manager, file) == ("deleted", 2)
    assert manager.list_sessions() == []
    manager.redo()
    assert outcome(manager, file) == ("up-to-date", 0)


def test_what_an_import_had_grown_by_says_so_when_it_was_undone(manager: SessionManager, tmp_path: Path) -> None:
    file = export(tmp_path / "x.json", "one", "two")
    manager.import_file(file)
    export(file, "one", "two", "three")
    assert outcome(manager, file) == ("grown", 0)
    manager.undo()
    assert outcome(manager, file) == ("undone", 1)
    export(file, "one", "two", "three", "four")
    assert outcome(manager, file) == ("grown", 1)
    (session,) = manager.list_sessions()
    assert texts(manager, session.id) == ["one", "two", "four"]


def test_an_import_of_many_sessions_is_one_change(manager: SessionManager) -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "claude-code-session.jsonl"
    imported = {one.id for one in manager.import_file(fixture).sessions}
    assert len(imported) > 1
    assert manager.undo().subject == f"import of {len(imported)} sessions"
    assert manager.list_sessions() == []
    manager.redo()
    assert {one.id for one in manager.list_sessions()} == imported
