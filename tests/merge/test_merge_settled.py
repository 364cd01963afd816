"""An edit that a branch took along is no conflict when only one side edits again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from claif_git import Message, SessionManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", durability="relaxed") as opened:
        yield opened


def edited_before_the_fork(manager: SessionManager) -> tuple[str, str]:
    session = manager.create_session("A talk")
    for text in ("a", "b", "c"):
        manager.add_message(session, Message("user", text))
    manager.edit_message(session, 0, "A")
    return session, manager.branch_session(session, 0, "Branch")


def first(manager: SessionManager, session: str) -> str:
    return manager.get_session(session).messages[0].text


@pytest.mark.parametrize("editor", ["session", "branch"])
@pytest.mark.parametrize("into", ["session", "branch"])
def test_the_side_that_went_on_stands(manager: SessionManager, editor: str, into: str) -> None:
    session, branch = edited_before_the_fork(manager)
    names = {"session": session, "branch": branch}
    manager.edit_message(names[editor], 0, "AA")
    other = branch if into == "session" else session
    merged = manager.merge_sessions(names[into], other, into_primary=True)
    assert merged.conflicts == ()
    assert first(manager, merged) == "AA"


def test_a_summary_that_a_branch_took_along_is_edited_on_one_side(manager: SessionManager) -> None:
    session = manager.create_session("A talk")
    for text in ("a", "b", "c", "d"):
        manager.add_message(session, Message("user", text))
    kept = manager.get_session(session).messages[-2:]
    manager.update_session_messages(session, [Message("user", "summary"), *kept])
    branch = manager.branch_session(session, 0, "Branch")
    manager.edit_message(branch, 0, "better summary")
    merged = manager.merge_sessions(session, branch, into_primary=True)
    assert (merged.conflicts, first(manager, merged)) == ((), "better summary")


def test_an_edit_on_both_sides_is_a_conflict_still(manager: SessionManager) -> None:
    session, branch = edited_before_the_fork(manager)
    manager.edit_message(session, 0, "mine")
    manager.edit_message(branch, 0, "yours")
    merged = manager.merge_sessions(session, branch, into_primary=True)
    assert [(one.ours, one.theirs) for one in merged.conflicts] == [("mine", "yours")]
    assert first(manager, merged) == "mine"
