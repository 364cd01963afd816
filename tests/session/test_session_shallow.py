"""A clone without the older commits, as `git clone --depth` makes it, is a store to go on in."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from claif_git import Message, SessionManager


@pytest.fixture
def shallow(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "whole") as whole:
        for title in ("One", "Two"):
            session = whole.create_session(title)
            for at in range(4):
                whole.add_message(session, Message("user" if at % 2 == 0 else "assistant", f"{at}"))
        where = f"file://{tmp_path / 'whole'}"
    depth = ["--bare", "--no-single-branch", "--depth", "2"]
    subprocess.run(["git", "clone", "--quiet", *depth, where, str(tmp_path / "cut")], check=True)
    with SessionManager(tmp_path / "cut") as manager:
        yield manager


def texts(manager: SessionManager, session: str) -> list[str]:
    return [message.text for message in manager.get_session(session).messages]


def test_it_takes_messages_and_changes_and_undoes_them(shallow: SessionManager) -> None:
    session = shallow.resolve("one")
    shallow.add_message(session, Message("user", "more"))
    shallow.drop_messages(session, [0])
    assert texts(shallow, session) == ["1", "2", "3", "more"]
    for _ in range(3):
        shallow.undo(session)
    assert texts(shallow, session) == ["0", "1", "2"]
    shallow.redo(session)
    assert texts(shallow, session) == ["0", "1", "2", "3"]


def test_its_first_commits_are_taken_to_have_said_all_that_they_show(shallow: SessionManager) -> None:
    session = shallow.resolve("one")
    log = shallow.log(session)
    assert len(log) == 2
    assert [line.commit for line in shallow.blame(session)] == [log[1].commit] * 3 + [log[0].commit]
    assert len(shallow.history()) == 4


def test_it_is_branched_merged_deleted_and_purged(shallow: SessionManager) -> None:
    one, two = shallow.resolve("one"), shallow.resolve("two")
    branch = shallow.branch_session(one, 1)
    shallow.add_message(branch, Message("user", "aside"))
    assert {tree.session_id for tree in shallow.forest()} == {one, two, branch}
    shallow.merge_sessions(one, branch, into_primary=True)
    assert sorted(texts(shallow, one)) == ["0", "1", "2", "3", "aside"]
    shallow.delete_session(one)
    shallow.restore_session(one)
    assert shallow.purge_session(two).objects
    assert {session.id for session in shallow.list_sessions()} == {one, branch}
