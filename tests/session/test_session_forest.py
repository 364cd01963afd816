"""Who was branched from whom and merged into whom, who said what where, and what each commit did."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


def say(manager: SessionManager, session: str, text: str, role: str = "user", **fields: object) -> None:
    count = sum(len(one.messages) for one in manager.list_sessions())
    message = Message(role, text, START + timedelta(minutes=count), **fields)  # type: ignore[arg-type]
    manager.add_message(session, message)


@pytest.fixture
def talk(manager: SessionManager) -> str:
    session = manager.create_session("A talk")
    for number in range(4):
        say(manager, session, f"turn {number}")
    return session


# The forest


def test_a_branch_stands_below_its_parent_with_the_message_that_it_left_at(manager: SessionManager, talk: str) -> None:
    late, early = manager.branch_session(talk, 2, "Late"), manager.branch_session(talk, 0, "Early")
    say(manager, early, "own")
    below = manager.branch_session(early, -1, "Below")
    other = manager.create_session("Else")
    say(manager, below, "newest")
    found = {node.session_id: node for node in manager.forest()}
    order = [(node.session_id, node.depth) for node in manager.forest()]
    assert sorted(order[:4] + order[4:]) == sorted([(talk, 0), (early, 1), (below, 2), (late, 1), (other, 0)])
    start = order.index((talk, 0))
    assert order[start : start + 4] == [(talk, 0), (early, 1), (below, 2), (late, 1)]
    assert (found[late].fork.parent, found[late].fork.message_index) == (talk, 2)
    assert found[late].fork.commit == git(manager.path, "merge-base", late, talk)
    assert (found[below].fork.parent, found[below].fork.message_index) == (early, 1)
    assert (found[early].message_count, found[early].own_count) == (2, 1)
    assert (found[talk].fork, found[talk].own_count, found[other].fork) == (None, 4, None)
    assert json.dumps([node.to_data() for node in manager.forest()])


def test_a_merge_is_noted_and_makes_no_branch_of_what_it_took_in(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "in the branch")
    say(manager, talk, "in the talk")
    manager.merge_sessions(talk, branch, into_primary=True)
    say(manager, talk, "after")
    found = {node.session_id: node for node in manager.forest()}
    merge = git(manager.path, "rev-list", "--merges", talk)
    assert [(one.session_id, one.commit) for one in found[talk].merged] == [(branch, merge)]
    assert (found[talk].fork, found[branch].fork.parent, found[branch].merged) == (None, talk, ())


def test_a_merge_into_a_new_session_stands_below_the_primary(manager: SessionManager, talk: str) -> None:
    other = manager.create_session("Else")
    say(manager, other, "elsewhere")
    merged = manager.merge_sessions(talk, other)
    node = next(node for node in manager.forest() if node.session_id == merged)
    assert (node.fork.parent, node.fork.message_index, node.depth) == (talk, 3, 1)
    assert [one.session_id for one in node.merged] == [other]


def test_a_fast_forward_leaves_both_where_they_are(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk)
    say(manager, branch, "ahead")
    manager.merge_sessions(talk, branch, into_primary=True)
    found = {node.session_id: node for node in manager.forest()}
    assert (found[talk].fork, found[branch].fork.parent, found[branch].fork.message_index) == (None, talk, 3)


def test_branches_made_and_renamed_with_git_are_placed_too(manager: SessionManager, talk: str) -> None:
    git(manager.path, "branch", "plain", f"{talk}~2")
    say(manager, "plain", "only in the plain one")
    found = {node.session_id: node for node in manager.forest()}
    assert (found["plain"].fork.parent, found["plain"].fork.message_index, found["plain"].depth) == (talk, 1, 1)
    git(manager.path, "branch", "-m", talk, "renamed")
    found = {node.session_id: node for node in manager.forest()}
    roots = [name for name, node in found.items() if node.fork is None]
    assert len(roots) == 1
    assert set(found) == {"plain", "renamed"}


def test_a_branch_of_a_deleted_session_says_where_it_came_from(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    manager.delete_session(talk)
    (node,) = manager.forest()
    assert (node.session_id, node.depth, node.fork.parent, node.fork.message_index) == (branch, 0, talk, None)


def test_a_branch_of_a_merged_session_merges_nothing(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 0)
    say(manager, branch, "b")
    say(manager, talk, "t")
    manager.merge_sessions(talk, branch, into_primary=True)
    before_last = manager.branch_session(talk, len(manager.get_session(talk).messages) - 2)
    node = next(node for node in manager.forest() if node.session_id == before_last)
    assert (node.merged, node.fork.parent) == ((), talk)


# Blame


def test_blame_names_who_said_it_where_it_first_stood(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "**ask** the model\nplease", metadata={"user": "bob"})
    say(manager, branch, "a model says", "assistant", model="claude-x")
    manager.merge_sessions(talk, branch, into_primary=True)
    say(manager, talk, "last")
    blamed = manager.blame(talk)
    messages = manager.get_session(talk).messages
    assert [one.index for one in blamed] == list(range(len(messages)))
    for one, message in zip(blamed, messages, strict=True):
        path = f"messages/{message.origin.path}"
        assert one.commit == git(manager.path, "log", "--format=%H", "--diff-filter=A", talk, "--", path)
        assert one.author == git(manager.path, "log", "-1", "--format=%an <%ae>", one.commit)
        assert (one.role, one.time, one.model) == (message.role, message.timestamp, message.model)
    by_text = {one.text: one for one in blamed}
    assert by_text["**ask** the model"].branch == by_text["a model says"].branch == branch
    assert by_text["**ask** the model"].author == "bob <bob@invalid>"
    assert by_text["a model says"].author == "claude-x <claude-x@invalid>"
    assert {by_text[text].branch for text in ("turn 0", "turn 3", "last")} == {talk}
    assert json.dumps([one.to_data() for one in blamed])


def test_blame_of_a_branch_names_the_parent_for_what_it_took_along(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "own")
    assert [one.branch for one in manager.blame(branch)] == [talk, talk, branch]
    manager.delete_session(talk)
    assert [one.branch for one in manager.blame(branch)] == [talk, talk, branch]


def test_blame_knows_branches_that_git_made(manager: SessionManager, talk: str) -> None:
    git(manager.path, "branch", "plain", f"{talk}~2")
    say(manager, "plain", "own")
    assert [one.branch for one in manager.blame("plain")] == [talk, talk, "plain"]
    git(manager.path, "branch", "-m", talk, "renamed")
    assert [one.branch for one in manager.blame("renamed")] == ["renamed"] * 4


def test_blame_of_an_edited_message_is_of_who_said_it(manager: SessionManager, talk: str) -> None:
    said = manager.blame(talk)[1].commit
    manager.update_message_metadata(talk, 1, {"rating": 5})
    assert manager.blame(talk)[1].commit == said


# Log


def test_the_log_is_what_git_log_says(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "b")
    manager.merge_sessions(talk, branch, into_primary=True)
    manager.update_title(talk, "New")
    turns = manager.log(talk)
    said = git(manager.path, "log", "--format=%H|%P|%an <%ae>|%s", talk).splitlines()
    assert sorted(f"{t.commit}|{' '.join(t.parents)}|{t.author}|{t.subject}" for t in turns) == sorted(said)
    seen: set[str] = set()
    for turn in turns:
        assert not seen & set(turn.parents)
        seen.add(turn.commit)
    assert turns[0].sessions == (talk,)
    assert manager.log(talk, limit=3) == turns[:3]


def test_a_turn_knows_its_message(manager: SessionManager, talk: str) -> None:
    say(manager, talk, "answer", "assistant", model="claude-x", tokens=7)
    turn = manager.log(talk, limit=1)[0]
    assert (turn.kind, turn.role, turn.message_index, turn.model, turn.tokens) == (
        "message", "assistant", 4, "claude-x", 7,
    )  # fmt: skip
    brief = manager.log(talk, limit=1, brief=True)[0]
    assert (brief.role, brief.message_index, brief.model, brief.tokens) == ("assistant", 4, None, None)
    manager.update_session_messages(talk, manager.get_session(talk).messages[:-1])
    drop, said = manager.log(talk, limit=2)
    assert (drop.kind, said.kind, said.message_index, said.model) == ("drop", "message", None, "claude-x")


def test_a_brief_log_reads_no_message(manager: SessionManager, talk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.close()
    with SessionManager(manager.path) as again:
        read: list[bytes] = []
        original = type(again._store.repo).read

        def counted(repo: object, oid: str) -> tuple[str, bytes]:
            kind, data = original(repo, oid)
            read.append(data if kind == "blob" else b"")
            return kind, data

        monkeypatch.setattr(type(again._store.repo), "read", counted)
        assert len(again.log(talk, brief=True)) == 5
        assert not [data for data in read if b"role:" in data]


def test_the_log_of_a_family_holds_its_branches(manager: SessionManager, talk: str) -> None:
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "b")
    below = manager.branch_session(branch)
    say(manager, below, "c")
    other = manager.create_session("Else")
    turns = manager.log(talk, branches=True)
    said = git(manager.path, "log", "--format=%H", talk, branch, below).splitlines()
    assert sorted(turn.commit for turn in turns) == sorted(said)
    assert {name for turn in turns for name in turn.sessions} == {talk, branch, below}
    assert {turn.subject: turn.message_index for turn in turns}["user: b"] == 2
    assert [turn.sessions for turn in manager.log(other, branches=True)] == [(other,)]


def test_the_log_of_a_message_that_cannot_be_read_goes_on(manager: SessionManager, talk: str) -> None:
    work = manager.path.parent / "work"
    git(manager.path, "worktree", "add", "-q", str(work), talk)
    folder = next(work.glob("messages/*"))
    (folder / "2030-01-01T00-00-00.000000-user-0123abcd.md").write_text("no front matter", encoding="utf-8")
    git(work, "add", "messages")
    git(work, "commit", "-q", "-m", "by hand")
    turn = manager.log(talk, limit=1)[0]
    assert (turn.kind, turn.role, turn.message_index, turn.model) == ("message", "user", 4, None)


# Show


def test_a_turn_is_shown_with_its_message(manager: SessionManager, talk: str) -> None:
    shown = manager.show(f"{talk}#2")
    assert (shown.message.text, shown.turn.message_index, shown.edited, shown.changes) == ("turn 2", 2, False, None)
    assert shown.turn.commit == shown.revision.commit
    assert manager.show(talk).message.text == "turn 3"


def test_an_edited_message_is_shown_as_it_stands(manager: SessionManager, talk: str) -> None:
    manager.update_message_metadata(talk, 2, {"rating": 5})
    shown = manager.show(f"{talk}#2")
    assert (shown.message.metadata, shown.edited) == ({"rating": 5}, True)
    edit = manager.show(talk)
    assert (edit.message, edit.turn.kind) == (None, "message 2")
    (changed,) = edit.changes.changed
    assert [tuple(field) for field in changed.fields] == [("metadata.rating", None, 5)]


def test_a_dropped_message_is_still_shown(manager: SessionManager, talk: str) -> None:
    commit = manager.revision(f"{talk}#3").commit
    manager.update_session_messages(talk, manager.get_session(talk).messages[:-1])
    shown = manager.show(commit[:10])
    assert (shown.message.text, shown.turn.message_index) == ("turn 3", None)
    drop = manager.show(talk)
    assert [only.message.text for only in drop.changes.only_a] == ["turn 3"]


def test_other_commits_show_what_they_changed(manager: SessionManager, talk: str) -> None:
    first = git(manager.path, "rev-list", "--max-parents=0", talk)
    assert [change.b for change in manager.show(first).changes.settings] == ["A talk"]
    manager.update_title(talk, "New")
    assert [tuple(one) for one in manager.show(talk).changes.settings] == [("title", "A talk", "New")]
    branch = manager.branch_session(talk, 1)
    say(manager, branch, "b")
    manager.merge_sessions(talk, branch, into_primary=True)
    merge = manager.show(talk)
    assert (merge.turn.kind, [only.message.text for only in merge.changes.only_b]) == ("merge", ["b"])


def test_a_commit_of_a_deleted_session_is_shown(manager: SessionManager, talk: str) -> None:
    commit = manager.revision(f"{talk}#1").commit
    manager.delete_session(talk)
    shown = manager.show(commit)
    assert (shown.revision.session_id, shown.message.text) == (talk, "turn 1")
