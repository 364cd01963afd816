"""What people call a point in history, beside what git says of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import (
    AmbiguousIdError,
    InvalidInputError,
    MessageIndexError,
    NotFoundError,
    SessionNotFoundError,
)

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


@pytest.fixture
def talk(manager: SessionManager) -> str:
    session = manager.create_session("A talk")
    for number in range(6):
        say(manager, session, f"turn {number}")
        if number == 3:
            manager.update_title(session, "Another title")
    return session


def say(manager: SessionManager, session: str, text: str, minutes: int = 0) -> None:
    manager.add_message(session, Message("user", text, START + timedelta(minutes=minutes)))


def subject(manager: SessionManager, rev: str) -> str:
    return git(manager.path, "log", "-1", "--format=%s", manager.revision(rev).commit)


def test_a_session_is_its_tip(manager: SessionManager, talk: str) -> None:
    found = manager.revision(talk[:8])
    assert (found.session_id, found.commit) == (talk, git(manager.path, "rev-parse", talk))
    assert (found.message_index, found.path) == (None, None)


@pytest.mark.parametrize(("number", "index"), [(0, 0), (3, 3), (5, 5), (-1, 5), (-6, 0)])
def test_a_number_names_a_message_and_the_commit_that_added_it(
    manager: SessionManager, talk: str, number: int, index: int
) -> None:
    found = manager.revision(f"{talk}#{number}")
    assert (found.message_index, subject(manager, f"{talk}#{number}")) == (index, f"user: turn {index}")
    path = f"messages/{found.path}"
    added = git(manager.path, "log", "--format=%H", "--diff-filter=A", talk, "--", path)
    assert added == found.commit


def test_a_message_that_a_merge_brought_is_found_where_it_was_said(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 2)
    say(manager, branch, "said in the branch", 30)
    said = git(manager.path, "rev-parse", branch)
    say(manager, talk, "goes on", 40)
    manager.merge_sessions(talk, branch, into_primary=True)
    say(manager, talk, "and on", 50)
    texts = [message.text for message in manager.get_session(talk).messages]
    assert manager.revision(f"{talk}#{texts.index('said in the branch')}").commit == said
    assert subject(manager, f"{talk}#{texts.index('goes on')}") == "user: goes on"


@pytest.mark.parametrize(("back", "text"), [("~", 4), ("~1", 4), ("~2", 3), ("~3", 2), ("~5", 0)])
def test_turns_are_counted_and_other_commits_are_not(manager: SessionManager, talk: str, back: str, text: int) -> None:
    manager.update_metadata(talk, {"k": 1})
    assert subject(manager, f"{talk}{back}") == f"user: turn {text}"
    assert manager.revision(f"{talk}{back}").message_index == text


def test_no_turn_back_is_the_tip(manager: SessionManager, talk: str) -> None:
    manager.update_metadata(talk, {"k": 1})
    assert subject(manager, f"{talk}~0") == "session: k"


def test_a_turn_that_is_left_out_by_now_has_no_number(manager: SessionManager, talk: str) -> None:
    manager.update_session_messages(talk, manager.get_session(talk).messages[:-2])
    found = manager.revision(f"{talk}~1")
    assert (subject(manager, f"{talk}~1"), found.message_index) == ("user: turn 4", None)
    assert found.path


def test_as_it_stood_goes_by_the_dates_of_the_commits(manager: SessionManager, talk: str) -> None:
    tip = git(manager.path, "rev-parse", talk)
    now = int(git(manager.path, "log", "-1", "--format=%ct", talk))
    old = dated_commit(manager, talk, tip, now - 5 * 86400)
    new = dated_commit(manager, talk, old, now - 60)
    git(manager.path, "update-ref", f"refs/heads/{talk}", new)
    assert manager.revision(f"{talk}@{{now}}").commit == new
    assert manager.revision(f"{talk}@{{1 hour ago}}").commit == old
    assert manager.revision(f"{talk}@{{3.days.ago}}").commit == old


def dated_commit(manager: SessionManager, session: str, parent: str, seconds: int) -> str:
    env = {**os.environ, "GIT_AUTHOR_DATE": f"{seconds} +0000", "GIT_COMMITTER_DATE": f"{seconds} +0000"}
    command = ["git", "-C", str(manager.path), "commit-tree", f"{session}^{{tree}}", "-p", parent, "-m", "dated"]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()


def test_before_its_beginning_a_session_was_not(manager: SessionManager, talk: str) -> None:
    with pytest.raises(NotFoundError, match="younger than"):
        manager.revision(f"{talk}@{{2001-01-01}}")


@pytest.mark.parametrize("packed", [False, True])
def test_a_commit_is_known_by_the_beginning_of_its_id(manager: SessionManager, talk: str, packed: bool) -> None:
    if packed:
        git(manager.path, "gc", "-q")
    for number in (0, 4):
        commit = manager.revision(f"{talk}#{number}").commit
        for digits in (7, 8, 11, 40):
            found = manager.revision(commit[:digits].upper() if digits == 8 else commit[:digits])
            assert (found.session_id, found.commit, found.message_index) == (talk, commit, number)


def test_a_commit_belongs_to_the_session_that_it_was_first_part_of(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 2)
    say(manager, branch, "own", 30)
    assert manager.revision(manager.revision(f"{branch}#0").commit).session_id == talk
    own = manager.revision(f"{branch}#-1").commit
    assert manager.revision(own).session_id == branch
    manager.merge_sessions(talk, branch, into_primary=True)
    assert manager.revision(own).session_id == branch
    manager.delete_session(branch)
    assert manager.revision(own).session_id == talk
    manager.delete_session(talk)
    assert manager.revision(own).session_id == branch


def test_what_is_no_commit_of_a_session_is_not_found(manager: SessionManager, talk: str) -> None:
    blob = git(manager.path, "rev-parse", f"{talk}:.gitattributes")
    stores = git(manager.path, "rev-parse", "claif-store")
    stray = git(manager.path, "commit-tree", f"{talk}^{{tree}}", "-m", "stray")
    for oid in (blob, stores, stray, "0" * 40, "abcdef12345"):
        with pytest.raises(NotFoundError):
            manager.revision(oid[:12])


NONSENSE = ["", "#1", "~", "x~y", "{talk}#", "{talk}#x", "{talk}~-1", "{talk}@{{", "{talk}#1~2"]
OTHER_DIGITS = ["{talk}#\N{ARABIC-INDIC DIGIT THREE}", "{talk}~\N{FULLWIDTH DIGIT ONE}"]
OTHER_DAYS = "{talk}@{{\N{ARABIC-INDIC DIGIT THREE} days ago}}"


@pytest.mark.parametrize("rev", [*NONSENSE, *OTHER_DIGITS, OTHER_DAYS])
def test_nonsense_is_one_line(manager: SessionManager, talk: str, rev: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        manager.revision(rev.format(talk=talk))
    assert "\n" not in str(caught.value)


def test_errors_name_what_is_wrong(manager: SessionManager, talk: str) -> None:
    with pytest.raises(MessageIndexError, match="messages 0 to 5"):
        manager.revision(f"{talk}#6")
    with pytest.raises(InvalidInputError, match="has 6 turns"):
        manager.revision(f"{talk}~6")
    single = manager.create_session("Single")
    manager.add_message(single, Message("user", "only"))
    with pytest.raises(InvalidInputError, match=r"has 1 turn: there is none 1 back"):
        manager.revision(f"{single}~1")
    with pytest.raises(SessionNotFoundError):
        manager.revision("nobody")
    with pytest.raises(InvalidInputError, match="not a moment"):
        manager.revision(f"{talk}@{{some day}}")
    manager.create_session("A talk")
    with pytest.raises(AmbiguousIdError):
        manager.revision("a-talk#1")
    with pytest.raises(InvalidInputError):
        manager.revision(7)  # type: ignore[arg-type]


def test_a_diff_takes_revisions(manager: SessionManager, talk: str) -> None:
    diff = manager.diff_sessions(f"{talk}~2", talk)
    assert [only.message.text for only in diff.only_b] == ["turn 4", "turn 5"]
    assert (diff.only_a, diff.shared, diff.settings) == ((), 4, diff.settings)
    assert [change.key for change in diff.settings] == ["title"]


def test_the_raw_diff_is_what_git_says(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 2)
    assert manager.raw_diff(talk, branch).rstrip("\n") == git(manager.path, "diff", "--no-renames", talk, branch)
    assert manager.raw_diff(talk, branch, stat=True).splitlines()[-1] == git(
        manager.path, "diff", "--no-renames", "--stat", talk, branch
    ).splitlines()[-1]  # fmt: skip
