"""The last change of a store is the last one: in several processes, without the order's file, beside plain git."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.people import git
from support.talks import say, texts

from claif_git import Message, SessionManager, clone
from claif_git.errors import InvalidInputError
from claif_git.session import order, undoing

SAYING = """
import sys
from claif_git import Message, SessionManager
with SessionManager(sys.argv[1], durability="relaxed") as manager:
    for session in sys.argv[2:]:
        for line in sys.stdin if session == "-" else [session]:
            manager.add_message(line.strip(), Message("user", f"said in {line.strip()}"))
            print("said", flush=True)
"""


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>") as opened:
        yield opened


def two(manager: SessionManager) -> tuple[str, str]:
    return manager.create_session("A"), manager.create_session("B")


def undone(manager: SessionManager, times: int) -> list[str]:
    return [manager.undo().subject for _ in range(times)]


def test_undo_goes_from_session_to_session_as_they_were_changed(manager: SessionManager) -> None:
    a, b = two(manager)
    for session in (b, a, b, b, a):
        say(manager, session, f"in {session[0]}")
    assert undone(manager, 7) == [f"user: in {x}" for x in "abbab"] + ["session: B", "session: A"]
    assert manager.list_sessions() == []
    with pytest.raises(InvalidInputError, match="nothing to undo"):
        manager.undo()


def test_deletions_are_taken_back_in_turn(manager: SessionManager) -> None:
    a, b = two(manager)
    manager.delete_session(a)
    manager.delete_session(b)
    say(manager, manager.create_session("C"), "c")
    assert undone(manager, 4) == ["user: c", "session: C", f"delete of {b}", f"delete of {a}"]
    assert {session.id for session in manager.list_sessions()} == {a, b}


def test_a_branch_made_right_after_a_turn_is_taken_back_before_it(manager: SessionManager) -> None:
    a, _ = two(manager)
    say(manager, a, "said")
    branch = manager.branch_session(a, -1, "Elsewhere")
    assert manager.undo().session_id == branch
    assert manager.undo().subject == "user: said"


def test_a_message_dated_long_ago_is_undone_when_it_was_said(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, a, "now")
    manager.add_message(b, Message("user", "of old", datetime(2001, 1, 1, tzinfo=UTC)))
    assert undone(manager, 2) == ["user: of old", "user: now"]


def test_making_a_session_with_its_system_message_is_one_change(manager: SessionManager) -> None:
    manager.create_session("Templated", "coding")
    manager.undo()
    assert manager.list_sessions() == []
    manager.redo()
    assert len(manager.list_sessions()[0].messages) == 1


def test_redo_brings_everything_back_and_undo_never_goes_forward(manager: SessionManager) -> None:
    a = manager.create_session("A")
    say(manager, a, "1", "2")
    undone(manager, 3)
    for count in (0, 1, 2):
        manager.redo()
        assert len(texts(manager, a)) == count
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        manager.redo()
    assert undone(manager, 3) == ["assistant: 2", "user: 1", "session: A"]


def test_what_other_processes_said_is_taken_back_in_its_order(manager: SessionManager) -> None:
    a, b = two(manager)
    command = [sys.executable, "-c", SAYING, str(manager.path), "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:  # type: ignore[call-overload]
        said = [(one, a), (other, b), (other, a), (one, b), (other, b)]
        for process, session in said:
            process.stdin.write(session + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "said\n"
        for process in (one, other):
            process.communicate()
    assert undone(manager, 5) == [f"user: said in {session}" for _, session in reversed(said)]


def test_what_processes_said_at_once_is_all_taken_back_one_by_one(manager: SessionManager) -> None:
    a, b = two(manager)
    sayers = [
        subprocess.Popen([sys.executable, "-c", SAYING, str(manager.path), *[session] * 6], stdout=subprocess.DEVNULL)
        for session in (a, b, a)
    ]
    assert [sayer.wait() for sayer in sayers] == [0, 0, 0]
    for left in reversed(range(18)):
        manager.undo()
        assert len(texts(manager, a)) + len(texts(manager, b)) == left
    for said in range(1, 19):
        manager.redo()
        assert len(texts(manager, a)) + len(texts(manager, b)) == said


def test_without_the_order_undo_goes_by_time(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, b, "b")
    say(manager, a, "a")
    (manager.path / "claif" / "order").unlink()
    assert manager.undo().subject == "user: a"  # by the second, and within it by when the refs were written


def test_a_torn_order_costs_what_it_lost_and_no_more(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, a, "1")
    place = manager.path / "claif" / "order"
    place.write_bytes(place.read_bytes()[:-30] + b"\0" * 90)
    say(manager, b, "2")
    say(manager, a, "3")
    assert undone(manager, 3) == ["user: 3", "user: 2", "user: 1"]


def test_a_long_order_is_begun_anew_and_the_latest_changes_stay_known(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "LARGEST", 2_000)
    a, b = two(manager)
    for turn in range(40):
        say(manager, (a, b)[turn % 2], str(turn))
    assert undone(manager, 6) == [f"user: {turn}" for turn in range(39, 33, -1)]
    assert sum(path.stat().st_size for path in (manager.path / "claif").glob("order*")) < 4_500


def test_a_change_by_plain_git_is_taken_back_like_any_other(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, b, "b")
    tree = git(manager.path, "rev-parse", f"{b}^{{tree}}")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    commit = git(manager.path, *identity, "commit-tree", tree, "-p", f"refs/heads/{b}", "-m", "by hand")
    git(manager.path, "update-ref", f"refs/heads/{b}", commit)
    say(manager, a, "a")
    assert undone(manager, 3) == ["user: a", "by hand", "user: b"]


def test_a_branch_made_with_plain_git_does_not_draw_the_turn_it_stands_at(manager: SessionManager) -> None:
    a, _ = two(manager)
    say(manager, a, "said")
    git(manager.path, "branch", "a-copy", a)
    assert manager.undo().session_id == a
    assert texts(manager, "a-copy") == ["said"]


def test_an_undo_that_died_before_it_was_noted_is_not_undone(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = two(manager)
    say(manager, a, "1", "2")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "record_moves", die)
        with pytest.raises(KeyboardInterrupt):
            manager.undo()
    assert texts(manager, a) == ["1"]
    assert manager.undo().subject == "user: 1"
    manager.redo()
    assert texts(manager, a) == ["1"]


def test_a_copied_store_undoes_what_was_done_in_it(manager: SessionManager, tmp_path: Path) -> None:
    a, b = two(manager)
    say(manager, b, "b")
    say(manager, a, "a")
    shutil.copytree(manager.path, tmp_path / "copy")
    with SessionManager(tmp_path / "copy") as copy:
        say(copy, b, "here")
        assert undone(copy, 3) == ["user: here", "user: a", "user: b"]
    assert (texts(manager, a), texts(manager, b)) == (["a"], ["b"])


def test_undo_of_a_turn_that_somebody_followed_meanwhile_keeps_what_they_said(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, _ = two(manager)
    say(manager, a, "1")
    look, other = undoing.Past, SessionManager(manager.path)

    def meanwhile(working: object) -> undoing.Past:
        past = look(working)  # type: ignore[arg-type]
        _ = past.tips
        if len(texts(other, a)) == 1:
            say(other, a, "2")
        return past

    monkeypatch.setattr(undoing, "Past", meanwhile)
    assert manager.undo().subject == "user: 2"
    assert texts(manager, a) == ["1"]
    other.close()


def test_a_turn_elsewhere_leaves_nothing_to_redo_but_by_name(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, a, "a")
    manager.undo()
    say(manager, b, "b")
    with pytest.raises(InvalidInputError, match="nothing to redo"):
        manager.redo()
    manager.redo(a)
    assert (texts(manager, a), texts(manager, b)) == (["a"], ["b"])


def test_the_log_tells_what_was_done_in_its_order_and_what_was_undone(manager: SessionManager) -> None:
    a, b = two(manager)
    say(manager, b, "b")
    say(manager, a, "a")
    manager.delete_session(b)
    undone(manager, 2)
    manager.redo()
    assert [one.subject for one in manager.history()] == [
        "redo: user: a",
        "undo: user: a",
        f"undo: delete of {b}",
        f"delete: {b}",
        "user: a",
        "user: b",
        "session: B",
        "session: A",
    ]


@pytest.mark.parametrize("order", ["whole", "lost"])
def test_the_log_names_the_session_in_which_a_shared_turn_was_said(manager: SessionManager, order: str) -> None:
    late = manager.create_session("Late")
    say(manager, late, "shared")
    faster = manager.branch_session(late, title="A faster way")  # its name comes first
    say(manager, faster, "own")
    say(manager, late, "later")
    git(manager.path, "branch", "a-copy", late)
    if order == "lost":
        (manager.path / "claif" / "order").unlink()
    told = {one.subject: one.session_id for one in manager.history()}
    assert (told["session: Late"], told["user: shared"], told["user: own"]) == (late, late, faster)
    assert told["user: later"] in ({late} if order == "whole" else {late, "a-copy"})


def test_what_was_cloned_is_nobodys_change_here(manager: SessionManager, tmp_path: Path) -> None:
    a, _ = two(manager)
    say(manager, a, "a colleague's words")
    with clone(str(manager.path), tmp_path / "clone", author="Bob <bob@example.org>") as bob:
        for session in (None, a):
            with pytest.raises(InvalidInputError, match="nothing to undo"):
                bob.undo(session)
        say(bob, a, "bob's")
        assert bob.undo().subject == "user: bob's"
        with pytest.raises(InvalidInputError, match="nothing to undo"):
            bob.undo()
        assert [one.verb for one in bob.history()] == ["undo", "message", "clone"]


def test_a_log_of_single_lines_is_read_and_what_is_no_operation_passed_over(manager: SessionManager) -> None:
    a, b = two(manager)
    tip = manager.get_session(a).tip
    manager.delete_session(a)
    data = json.dumps({"verb": "delete", "session": a, "old": tip, "new": None})
    tree = git(manager.path, "hash-object", "-t", "tree", "-w", "/dev/null")
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    first = git(manager.path, *identity, "commit-tree", tree, "-m", f"delete: {a}", "-m", data)
    log = git(manager.path, *identity, "commit-tree", tree, "-p", first, "-m", "somebody's own", "-m", "{}")
    git(manager.path, "update-ref", "refs/claif/ops", log)
    assert [one.verb for one in manager.operations()] == ["delete"]
    assert manager.undo(a).subject == f"delete of {a}"
    assert {one.id for one in manager.list_sessions()} == {a, b}


def test_a_deletion_whose_trash_was_emptied_cannot_be_undone(manager: SessionManager) -> None:
    a, b = two(manager)
    manager.delete_session(a)
    git(manager.path, "update-ref", "-d", f"refs/claif/trash/{a}")
    assert manager.undo().subject == "session: B"
    assert manager.redo().session_id == b


def test_a_store_where_the_order_cannot_be_written_works_without(manager: SessionManager) -> None:
    a, _ = two(manager)
    place = manager.path / "claif" / "order"
    place.unlink()
    place.mkdir()
    say(manager, a, "1", "2")
    assert undone(manager, 2) == ["assistant: 2", "user: 1"]


def test_turns_of_a_batch_are_taken_back_one_by_one_in_their_order(manager: SessionManager) -> None:
    a, b = two(manager)
    with manager.batch():
        for session, word in ((a, "1"), (b, "2"), (a, "3"), (b, "4")):
            say(manager, session, word)
    assert undone(manager, 4) == ["user: 4", "user: 3", "user: 2", "user: 1"]
