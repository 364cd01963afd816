"""Finding lines in what the sessions show, and in everything that was ever said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, SessionNotFoundError


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


@pytest.fixture
def talk(manager: SessionManager) -> str:
    session = manager.create_session("A talk")
    for text in ("first needle\nno\nNeedle needle", "hay", "last needle"):
        manager.add_message(session, Message("user", text))
    return session


def lines(manager: SessionManager, pattern: str, *ids: str, **how: bool) -> list[tuple[object, ...]]:
    return [(f.message_index, f.state, f.number, f.line) for f in manager.grep(pattern, ids, **how)]


def test_progress_hears_of_each_session(manager: SessionManager, talk: str) -> None:
    other = manager.create_session("Another")
    told: list[tuple[int, int]] = []
    list(manager.grep("needle", progress=lambda done, total: told.append((done, total))))
    assert told == [(1, 2), (2, 2)] * 2
    told.clear()
    list(manager.grep("needle", [talk, other], progress=lambda done, total: told.append((done, total))))
    assert told == [(1, 2), (2, 2)]


def test_each_line_that_matches_is_told_with_its_place(manager: SessionManager, talk: str) -> None:
    found = list(manager.grep("needle"))
    assert [(f.message_index, f.number, f.line, f.spans) for f in found] == [
        (0, 1, "first needle", ((6, 12),)),
        (0, 3, "Needle needle", ((7, 13),)),
        (2, 1, "last needle", ((5, 11),)),
    ]
    assert {(f.session_id, f.state, f.role) for f in found} == {(talk, "shown", "user")}
    assert json.dumps([f.to_data() for f in found])


@pytest.mark.parametrize(
    ("pattern", "how", "count"),
    [
        ("^last|^first", {}, 2),
        ("n.edle$", {}, 3),
        ("n.edle", {"fixed": True}, 0),
        ("NEEDLE", {}, 0),
        ("NEEDLE", {"ignore_case": True}, 3),
        ("NEEDLE", {"ignore_case": True, "fixed": True}, 3),
        ("(", {"fixed": True}, 0),
    ],
)
def test_patterns(manager: SessionManager, talk: str, pattern: str, how: dict[str, bool], count: int) -> None:
    assert len(lines(manager, pattern, talk, **how)) == count


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "[", "(?<=a+)b"])
def test_what_is_no_pattern_is_refused_before_anything_is_read(manager: SessionManager, pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="not a regular expression"):
        manager.grep(pattern)


def test_a_message_that_sessions_share_is_told_once_in_the_oldest(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 0)
    manager.add_message(branch, Message("user", "needle of the branch"))
    assert [f.session_id for f in manager.grep("needle")] == [talk, talk, talk, branch]
    assert [f.session_id for f in manager.grep("needle", [branch])] == [branch] * 3


def test_what_was_dropped_is_found_on_request(manager: SessionManager, talk: str) -> None:
    manager.update_session_messages(talk, manager.get_session(talk).messages[:2])
    assert len(lines(manager, "needle")) == 2
    found = [f for f in manager.grep("needle", all_history=True) if f.state == "dropped"]
    assert [(f.message_index, f.line) for f in found] == [(None, "last needle")]
    assert manager.show(found[0].commit).message.text == "last needle"


def test_earlier_words_of_an_edited_message_are_found_on_request(manager: SessionManager, talk: str) -> None:
    edit_with_git(manager, talk, "hay", "straw")
    assert lines(manager, "hay") == []
    (found,) = manager.grep("hay", all_history=True)
    assert (found.state, found.message_index) == ("edited", None)
    assert lines(manager, "straw", all_history=True) == [(1, "shown", 1, "straw")]


def edit_with_git(manager: SessionManager, session: str, old: str, new: str) -> None:
    work = manager.path.parent / "work"
    git(manager.path, "worktree", "add", "-q", str(work), session)
    (file,) = (file for file in work.rglob("*.md") if f"\n{old}\n" in file.read_text())
    file.write_text(file.read_text().replace(f"\n{old}\n", f"\n{new}\n"), encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "edit by hand")


def test_files_that_git_removed_are_found_on_request(manager: SessionManager, talk: str) -> None:
    work = manager.path.parent / "work"
    git(manager.path, "worktree", "add", "-q", str(work), talk)
    (file,) = (file for file in work.rglob("*.md") if "last needle" in file.read_text())
    file.unlink()
    git(work, "commit", "-q", "-a", "-m", "remove by hand")
    assert len(lines(manager, "last")) == 0
    assert [state for _, state, _, _ in lines(manager, "last", all_history=True)] == ["dropped"]


def test_the_trash_is_looked_through_on_request(manager: SessionManager, talk: str) -> None:
    manager.delete_session(talk)
    assert lines(manager, "needle") == []
    assert {f.state for f in manager.grep("needle", all_history=True)} == {"deleted"}
    assert {f.session_id for f in manager.grep("needle", [talk[:6]], all_history=True)} == {talk}
    with pytest.raises(SessionNotFoundError):
        list(manager.grep("needle", [talk]))


def test_drafts_of_others_are_looked_through_on_request(manager: SessionManager, talk: str) -> None:
    other = SessionManager(manager.path, durability="relaxed")
    other.configure_autosave(enabled=False)
    other.add_message(talk, Message("user", "draft needle"))
    assert lines(manager, "draft needle") == []
    assert [state for _, state, _, _ in lines(manager, "draft needle", all_history=True)] == ["unsaved"]
    other.close()


def test_tools_and_their_results_are_looked_through(manager: SessionManager) -> None:
    session = manager.create_session()
    blocks = [
        {"type": "tool_use", "id": "needle1", "name": "grep", "input": {"pattern": "find me"}},
        {"type": "tool_result", "tool_use_id": "needle1", "content": "a\nfound you"},
    ]
    manager.add_message(session, Message("assistant", blocks))
    assert len(lines(manager, "find me", session)) == 1
    assert len(lines(manager, "found you", session)) == 1
    assert lines(manager, "needle1", session) == []


def test_a_message_that_cannot_be_read_is_passed_over(manager: SessionManager, talk: str) -> None:
    work = manager.path.parent / "work"
    git(manager.path, "worktree", "add", "-q", str(work), talk)
    for file in work.rglob("*.md"):
        if "hay" in file.read_text():
            file.write_text("no front matter, hay", encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "break")
    assert lines(manager, "hay") == []
    assert len(lines(manager, "needle")) == 3
