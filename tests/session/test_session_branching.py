"""Branches: exactly the parent's messages up to one, on the history that said them, and nothing copied."""

from __future__ import annotations

import random
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import people
from support.people import Person, git
from support.talks import say, talk, texts, texts_afresh

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, MalformedError, MessageIndexError, StoreError

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


def objects(manager: SessionManager, *tips: str) -> set[str]:
    return {line.split()[0] for line in git(manager.path, "rev-list", "--objects", *tips).splitlines()}


def adder(manager: SessionManager, session: str, message: Message) -> str:
    assert message.origin is not None
    path = f"messages/{message.origin.path}"
    return git(manager.path, "log", "-1", "--format=%H", "--diff-filter=A", session, "--", path)


@pytest.mark.parametrize(
    ("index", "shown"), [(0, "0"), (2, "012"), (-1, "01234"), (-2, "0123"), (-5, "0"), (4, "01234")]
)
def test_a_branch_holds_messages_0_to_the_index_inclusive(manager: SessionManager, index: int, shown: str) -> None:
    session = talk(manager, *"01234")
    branch = manager.branch_session(session, index)
    assert texts(manager, branch) == list(shown) == texts_afresh(manager.path, branch)
    assert texts(manager, session) == list("01234")
    message = manager.get_messages(session)[len(shown) - 1]
    assert git(manager.path, "merge-base", session, branch) == adder(manager, session, message)
    assert git(manager.path, "rev-parse", f"{branch}^") == adder(manager, session, message)


@pytest.mark.parametrize("index", [5, -6, 99])
def test_an_index_outside_is_an_index_error_and_makes_nothing(manager: SessionManager, index: int) -> None:
    session = talk(manager, *"01234")
    with pytest.raises(IndexError):
        manager.branch_session(session, index)
    with pytest.raises(MessageIndexError):
        manager.branch_session(manager.create_session(), 0)
    with pytest.raises(InvalidInputError):
        manager.branch_session(session, "1")  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError):
        manager.branch_session(session, 1, 5)  # type: ignore[arg-type]
    assert len(manager.list_sessions()) == 2


def test_a_branch_has_the_parents_settings_a_title_of_its_own_and_goes_its_own_way(manager: SessionManager) -> None:
    session = manager.create_session("Plan", "coding", {"a": 1}, parameters={"model": "m"})
    say(manager, session, "0", "1")
    named, unnamed = manager.branch_session(session, 1, "Other"), manager.branch_session(session)
    assert manager.get_session(unnamed).title == "Plan (branch)"
    read = manager.get_session(named)
    assert (read.title, read.template, read.metadata["a"], read.parameters["model"]) == ("Other", "coding", 1, "m")
    manager.update_metadata(named, {"a": 2})
    manager.update_title(named, "Renamed")
    say(manager, named, "x")
    assert manager.get_session(session).metadata["a"] == 1
    assert manager.get_session(session).title == "Plan"
    assert texts(manager, session)[1:] == ["0", "1"]
    assert manager.get_session(manager.branch_session(manager.create_session())).title is None


def test_an_empty_session_branches_from_its_beginning(manager: SessionManager) -> None:
    branch = manager.branch_session(manager.create_session("Empty"))
    assert texts(manager, branch) == []
    say(manager, branch, "0")
    assert texts_afresh(manager.path, branch) == ["0"]


def test_nothing_is_copied(manager: SessionManager) -> None:
    session = manager.create_session(metadata={"a": 1, "b": 2})
    with manager.batch():
        for at in range(300):
            say(manager, session, f"{at} " + "x" * 2000)
    before = objects(manager, session)
    branch = manager.branch_session(session, 150)
    new = objects(manager, branch) - before
    size = sum(int(git(manager.path, "cat-file", "-s", oid)) for oid in new)
    assert len(new) < 12
    assert size < 3000


def test_a_branch_after_a_trim_shows_what_stands_and_brings_nothing_back(
    manager: SessionManager,
) -> None:
    session = talk(manager, *"012345")
    read = manager.get_session(session).messages
    manager.update_session_messages(session, [read[1], read[3], read[4], read[5]])
    branch = manager.branch_session(session, 1)
    assert texts(manager, branch) == ["1", "3"] == texts_afresh(manager.path, branch)
    say(manager, branch, "x")
    manager.merge_sessions(session, branch, into_primary=True)
    assert texts(manager, session) == ["1", "3", "4", "5", "x"]


def test_after_edits_a_branch_shows_the_edited_messages(manager: SessionManager) -> None:
    session = talk(manager, *"0123")
    manager.update_message_metadata(session, 0, {"edited": 1})
    read = manager.get_session(session).messages
    read[1].content = "one"
    manager.update_session_messages(session, [Message("system", "summary"), *read])
    branch = manager.branch_session(session, 2)
    assert texts(manager, branch) == ["summary", "0", "one"]
    assert manager.get_messages(branch)[1].metadata == {"edited": 1}
    assert manager.get_messages(branch) == manager.get_messages(session)[:3]


def test_a_branch_of_pictures_has_the_pictures(manager: SessionManager) -> None:
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVs" * 2000}}
    session = talk(manager, "0", "1", "2")
    read = manager.get_session(session).messages
    read[0].content = [picture]
    manager.update_session_messages(session, read)
    branch = manager.branch_session(session, 0)
    with SessionManager(manager.path) as fresh:
        assert fresh.get_messages(branch)[0].content == [picture]


def test_a_branch_takes_a_malformed_message_along(manager: SessionManager, tmp_path: Path) -> None:
    session = talk(manager, "0", "1", "2")
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", "-b", session, str(manager.path), str(work))
    min(work.rglob("*-user-*.md")).write_text("---\nrole: [\n", encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "by hand")
    git(work, "push", "-q", "origin", f"HEAD:{session}")
    branch = manager.branch_session(session, 1)
    assert [message.text for _, message in manager.get_session(branch).readable] == ["1"]
    with pytest.raises(MalformedError, match=branch):
        _ = manager.get_session(branch).messages


def test_a_branch_of_a_branch_and_of_a_merge(manager: SessionManager) -> None:
    session = talk(manager, *"0123")
    one, two = manager.branch_session(session, 1), manager.branch_session(session, 2)
    say(manager, one, "a", "b")
    say(manager, two, "c", "d")
    three = manager.branch_session(one, 2)
    assert texts(manager, three) == ["0", "1", "a"]
    merged = manager.merge_sessions(one, two)
    shown = texts(manager, merged)
    for index in range(len(shown)):
        branch = manager.branch_session(merged, index)
        assert texts(manager, branch) == shown[: index + 1] == texts_afresh(manager.path, branch)
    git(manager.path, "fsck", "--strict")


def test_in_a_chronological_session_a_branch_is_cut_by_time(manager: SessionManager) -> None:
    session = manager.create_session("C")
    manager.add_message(session, Message("user", "0", NOON))
    other = manager.branch_session(session)
    for at in (1, 3, 5):
        manager.add_message(session, Message("user", str(at), NOON + timedelta(minutes=at)))
    for at in (2, 4, 6):
        manager.add_message(other, Message("user", str(at), NOON + timedelta(minutes=at)))
    manager.merge_sessions(session, other, "chronological", into_primary=True)
    assert texts(manager, session) == list("0123456")
    for index in range(7):
        branch = manager.branch_session(session, index)
        assert texts_afresh(manager.path, branch) == list("0123456")[: index + 1]
        say(manager, branch, "x")
        assert texts(manager, branch)[-1] == "x"
    merged = manager.merge_sessions(session, branch, into_primary=True)
    assert texts(manager, merged) == [*"0123456", "x"]


def test_twins_are_one_message_in_a_branch_too(tmp_path: Path) -> None:
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("T")
    ann.say(session)
    bob = ann.clone("bob", tmp_path / "bob")
    for person in (ann, bob):
        person.manager.add_message(session, Message("user", "the same", id="x"))
        person.say(session)
    people.pull(ann, bob, session)
    shown = ann.texts(session)
    assert shown.count("the same") == 1
    for index in range(len(shown)):
        branch = ann.manager.branch_session(session, index)
        assert ann.texts(branch) == shown[: index + 1]
        ann.manager.merge_sessions(session, branch, into_primary=True)
        assert ann.texts(session) == shown
    ann.manager.close()
    bob.manager.close()


def test_what_was_removed_with_plain_git_is_not_in_a_branch_and_does_not_come_back(tmp_path: Path) -> None:
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("T")
    for _ in range(5):
        ann.say(session)
    people.remove_with_git(ann, session, random.Random(1))
    shown = ann.texts(session)
    assert len(shown) == 4
    for index in range(4):
        branch = ann.manager.branch_session(session, index)
        assert ann.texts(branch) == shown[: index + 1]
    ann.manager.merge_sessions(session, branch, into_primary=True)
    assert ann.texts(session) == shown
    ann.manager.close()


def test_a_criss_cross_history_branches_where_it_should(tmp_path: Path) -> None:
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("T")
    ann.say(session)
    bob = ann.clone("bob", tmp_path / "bob")
    for _ in range(2):
        ann.say(session)
        bob.say(session)
        mine, yours = ann.tip(session), bob.tip(session)
        people.fetch(ann, bob, session)
        people.fetch(bob, ann, session)
        ann.manager._working.join(session, ann.manager._store.head(session), yours)
        bob.manager._working.join(session, bob.manager._store.head(session), mine)
    people.pull(ann, bob, session)
    shown = ann.texts(session)
    assert len(shown) == 5
    for index in range(5):
        branch = ann.manager.branch_session(session, index)
        assert ann.texts(branch) == shown[: index + 1]
        assert texts_afresh(ann.path, branch) == shown[: index + 1]
    ann.manager.close()
    bob.manager.close()


def test_plain_git_merges_a_branch_back_as_we_do(manager: SessionManager) -> None:
    session = talk(manager, *"0123")
    branch = manager.branch_session(session, 1)
    say(manager, branch, "a", "b")
    say(manager, session, "4")
    done = subprocess.run(
        ["git", "-C", str(manager.path), "merge-tree", "--write-tree", session, branch],
        capture_output=True,
        text=True,
        check=True,
    )
    manager.merge_sessions(session, branch, into_primary=True)
    assert git(manager.path, "rev-parse", f"{session}^{{tree}}") == done.stdout.strip()


@pytest.mark.parametrize("seed", range(4))
def test_branches_of_sessions_with_any_past_show_a_beginning_of_them(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("T")
    for _ in range(8):
        dice.choice([*people.ACTS, people.remove_with_git])(ann, session, dice)
    shown = ann.manager.get_session(session).messages
    for index in {0, len(shown) // 2, len(shown) - 1, dice.randrange(len(shown))}:
        branch = ann.manager.branch_session(session, index)
        assert [message.text for message in ann.manager.get_session(branch).messages] == [
            message.text for message in shown[: index + 1]
        ]
        merged = ann.manager.merge_sessions(session, branch, into_primary=True)
        assert ann.texts(merged) == [message.text for message in shown]
    git(ann.path, "fsck", "--strict")
    ann.manager.close()


def of_a_later_format(manager: SessionManager) -> str:
    """Give a session whose own file says that a later version wrote it."""
    session = talk(manager, "0", "1")
    file = f"sessions/{session}/session.yaml"
    blob = subprocess.run(
        ["git", "-C", str(manager.path), "hash-object", "-w", "--stdin"],
        input="format: 2\ncreated_at: 2026-01-01T00:00:00.000000Z\n",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    index = ["env", f"GIT_INDEX_FILE={manager.path}/an-index", "git", "-C", str(manager.path)]
    subprocess.run([*index, "read-tree", session], check=True)
    subprocess.run([*index, "update-index", "--cacheinfo", f"100644,{blob},{file}"], check=True)
    tree = subprocess.run([*index, "write-tree"], check=True, capture_output=True, text=True).stdout.strip()
    commit = git(manager.path, "commit-tree", tree, "-p", session, "-m", "later")
    git(manager.path, "update-ref", f"refs/heads/{session}", commit)
    return session


def test_a_session_of_a_later_format_is_shown_and_left_alone(manager: SessionManager) -> None:
    session, other = of_a_later_format(manager), talk(manager, "x")
    assert texts(manager, session) == ["0", "1"]
    uses: list[Any] = [
        lambda: say(manager, session, "2"),
        lambda: manager.update_title(session, "x"),
        lambda: manager.branch_session(session, 0),
        lambda: manager.merge_sessions(other, session),
        lambda: manager.merge_sessions(session, other, into_primary=True),
        lambda: manager.merge_sessions(other, session, into_primary=True),
    ]
    for use in uses:
        with pytest.raises(StoreError, match="format 2"):
            use()
    assert texts(manager, session) == ["0", "1"]
    assert len(manager.list_sessions()) == 2
