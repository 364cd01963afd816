"""Two sessions side by side, on real stores."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support import people
from support.people import Person, git

from claif_git import Message, SessionManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


@pytest.fixture
def talk(manager: SessionManager) -> str:
    session = manager.create_session("A talk", metadata={"project": "x", "kept": 1})
    for text in ("zero", "one", "two", "three"):
        say(manager, session, text)
    return session


def say(manager: SessionManager, session: str, text: str) -> None:
    manager.add_message(session, Message("user", text))


def edit(manager: SessionManager, session: str, index: int, text: str) -> None:
    messages = manager.get_session(session).messages
    messages[index] = replace(messages[index], content=text)
    manager.update_session_messages(session, messages)


def test_a_branch_differs_by_what_was_said_past_the_fork(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1, "Another way")
    say(manager, branch, "two, again")
    diff = manager.diff_sessions(talk, branch)
    assert (diff.a, diff.b, diff.shared, diff.common) == (talk, branch, 2, 2)
    assert [(only.index, only.message.text) for only in diff.only_a] == [(2, "two"), (3, "three")]
    assert [(only.index, only.message.text) for only in diff.only_b] == [(2, "two, again")]
    assert diff.fork == git(manager.path, "merge-base", talk, branch)
    assert [tuple(change) for change in diff.settings] == [("title", "A talk", "Another way")]
    assert not diff.changed
    assert not diff.is_empty


def test_a_session_does_not_differ_from_itself(manager: SessionManager, talk: str) -> None:
    diff = manager.diff_sessions(talk, talk)
    assert diff.is_empty
    assert (diff.shared, diff.common, diff.fork) == (4, 4, git(manager.path, "rev-parse", talk))


def test_strangers_share_nothing(manager: SessionManager, talk: str) -> None:
    other = manager.create_session("Else")
    say(manager, other, "hello")
    diff = manager.diff_sessions(talk, other)
    assert (diff.fork, diff.shared, diff.common) == (None, 0, 0)
    assert (len(diff.only_a), len(diff.only_b)) == (4, 1)


def test_a_message_that_one_side_leaves_out_is_marked(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk)
    manager.update_session_messages(branch, manager.get_session(branch).messages[2:])
    diff = manager.diff_sessions(talk, branch)
    assert (diff.shared, diff.common, diff.only_b) == (0, 2, ())
    assert [(only.index, only.dropped) for only in diff.only_a] == [(0, True), (1, True)]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Person, Person, str]]:
    """Two people with a clone each, who can edit the same message in its own file."""
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("A talk")
    people.turn(ann, session, random.Random(1))
    bob = ann.clone("bob", tmp_path / "bob")
    yield ann, bob, session
    ann.manager.close()
    bob.manager.close()


@pytest.mark.parametrize(("hers", "his", "by"), [(1, None, "a"), (None, 2, "b"), (1, 2, "both")])
def test_a_message_edited_in_place_is_the_same_message(
    two: tuple[Person, Person, str], hers: int | None, his: int | None, by: str
) -> None:
    ann, bob, session = two
    for person, value in ((ann, hers), (bob, his)):
        if value is not None:
            person.manager.update_message_metadata(session, 0, {"rating": value})
    git(ann.path, "fetch", "-q", str(bob.path), f"refs/heads/{session}:refs/heads/bobs")
    diff = ann.manager.diff_sessions(session, "bobs")
    assert (diff.only_a, diff.only_b) == ((), ())
    (changed,) = diff.changed
    assert (changed.index_a, changed.index_b, changed.by, changed.content) == (0, 0, by, ())
    assert [tuple(field) for field in changed.fields] == [("metadata.rating", hers, his)]


def test_changed_words_are_told_run_by_run(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk)
    edited_with_git(manager, branch, "two", "two and a half")
    (changed,) = manager.diff_sessions(talk, branch).changed
    assert (changed.index_a, changed.by, changed.fields) == (2, "b", ())
    assert [tuple(run) for run in changed.content] == [("=", "two"), ("+", " and a half")]


def edited_with_git(manager: SessionManager, session: str, old: str, new: str) -> None:
    """Commit an edited message file as somebody would who knows only git."""
    work = manager.path.parent / f"work-{session}"
    git(manager.path, "worktree", "add", "-q", str(work), session)
    (file,) = (file for file in work.rglob("*.md") if f"\n{old}\n" in file.read_text())
    file.write_text(file.read_text().replace(f"\n{old}\n", f"\n{new}\n"), encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "edit by hand")
    git(manager.path, "worktree", "remove", "--force", str(work))


def test_blocks_are_compared_as_text_and_payloads_by_their_hash(manager: SessionManager) -> None:
    session = manager.create_session()
    blocks = [
        {"type": "text", "text": "look\nat this"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD" * 400}},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "found it"}]},
    ]
    manager.add_message(session, Message("user", blocks))
    branch = manager.branch_session(session)
    edited_with_git(manager, branch, "look", "look here")
    (changed,) = manager.diff_sessions(session, branch).changed
    said = "".join(run.text for run in changed.content)
    assert "look here\nat this" in said
    assert "(1600 characters" in said
    assert "found it" in said
    assert "QUJD" not in said


def test_a_file_that_cannot_be_read_is_told_not_raised(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk)
    say(manager, branch, "broken")
    break_with_git(manager, branch, ["two", "broken"])
    diff = manager.diff_sessions(talk, branch)
    assert [changed.index_a for changed in diff.changed] == [2]
    data = diff.to_data()
    assert "role" in data["only_b"][0]["problem"]
    assert "role" in data["changed"][0]["after"]["problem"]


def break_with_git(manager: SessionManager, session: str, texts: list[str]) -> None:
    work = manager.path.parent / f"broken-{session}"
    git(manager.path, "worktree", "add", "-q", str(work), session)
    for file in work.rglob("*.md"):
        if any(file.read_text().endswith(f"\n{text}\n") for text in texts):
            file.write_text(file.read_text().replace("role:", "roll:"), encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "break")
    git(manager.path, "worktree", "remove", "--force", str(work))


def test_settings_are_told_by_key(manager: SessionManager, talk: str) -> None:
    other = manager.create_session(
        "A talk", "coding", metadata={"project": "y", "new": [1], "kept": 1}, parameters={"temperature": 0.5}
    )
    settings = {change.key: (change.a, change.b) for change in manager.diff_sessions(talk, other).settings}
    assert settings["metadata.project"] == ("x", "y")
    assert settings["metadata.new"] == (None, [1])
    assert settings["template"] == (None, "coding")
    assert settings["parameters"][1]["temperature"] == 0.5
    assert not settings.keys() & {"title", "metadata.kept"}


def test_the_data_is_json(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    edited_with_git(manager, branch, "one", "won")
    say(manager, branch, "more")
    data = manager.diff_sessions(talk, branch).to_data()
    assert json.loads(json.dumps(data)) == data
    assert data["only_b"][0]["content"] == "more"
    assert data["changed"][0]["content"] == [["-", "one"], ["+", "won"], ["=", ""]][:2]


def test_shared_messages_are_not_read(manager: SessionManager, talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    branch = manager.branch_session(talk)
    say(manager, branch, "new")
    read: list[str] = []
    original = type(manager._store.repo).read

    def counted(repo: object, oid: str) -> tuple[str, bytes]:
        kind, data = original(repo, oid)
        if kind == "blob" and b"role:" in data:
            read.append(oid)
        return kind, data

    monkeypatch.setattr(type(manager._store.repo), "read", counted)
    assert len(manager.diff_sessions(talk, branch).only_b) == 1
    assert len(set(read)) == 1
