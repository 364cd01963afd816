"""Undo and redo of several at once: each takes one step, and what others saved stays theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.talks import say, texts

from claif_git import SessionManager

STEPPING = """
import sys
from claif_git import SessionManager
with SessionManager(sys.argv[1], durability="relaxed") as manager:
    print("ready", flush=True)
    sys.stdin.readline()
    for verb in sys.argv[2:]:
        getattr(manager, verb)()
"""


def at_once(manager: SessionManager, *works: list[str]) -> None:
    """Let several processes take their steps at once; each has to succeed."""
    command, pipes = [sys.executable, "-c", STEPPING, str(manager.path)], {"stdin": subprocess.PIPE, "text": True}
    steppers = [
        subprocess.Popen([*command, *verbs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **pipes)  # type: ignore[call-overload]
        for verbs in works
    ]
    for stepper in steppers:
        assert stepper.stdout.readline() == "ready\n"
    for stepper in steppers:
        stepper.stdin.write("go\n")
        stepper.stdin.flush()
    said = [stepper.communicate()[1] for stepper in steppers]
    assert said == [""] * len(works)


def test_processes_that_undo_and_redo_at_once_each_take_their_steps(manager: SessionManager) -> None:
    session = manager.create_session("A")
    words = [str(number) for number in range(9)]
    say(manager, session, *words)
    at_once(manager, *[["undo", "undo"]] * 3)
    assert texts(manager, session) == words[:3]
    at_once(manager, *[["redo", "redo"]] * 3)
    assert texts(manager, session) == words
    at_once(manager, ["undo"] * 3, ["undo", "redo", "undo"])
    assert texts(manager, session) == words[:5]


def test_managers_in_threads_that_redo_at_once_leave_nothing_out(manager: SessionManager) -> None:
    session = manager.create_session("A")
    words = [str(number) for number in range(8)]
    say(manager, session, *words)
    for _ in words:
        manager.undo(session)

    def redo(count: int) -> None:
        with SessionManager(manager.path, durability="relaxed") as other:
            for _ in range(count):
                other.redo(session)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(redo, [2] * 4))
    assert texts(manager, session) == words


@pytest.fixture
def drafting(manager: SessionManager) -> Iterator[SessionManager]:
    with SessionManager(manager.path, author="Ada <ada@example.org>", durability="relaxed") as opened:
        opened.configure_autosave(enabled=False)
        yield opened


@pytest.mark.parametrize("looks", [True, False])
def test_undo_of_a_save_that_merged_takes_back_what_was_saved_and_nothing_else(
    manager: SessionManager, drafting: SessionManager, looks: bool
) -> None:
    session = manager.create_session("A")
    say(manager, session, "a0")
    say(drafting, session, "d1")
    manager.undo()
    if looks:
        assert texts(drafting, session) == ["d1"]
    drafting.save_session(session)
    assert texts(manager, session) == ["d1"]
    assert manager.undo().subject.startswith("merge: ")
    assert texts(manager, session) == []
    manager.redo()
    assert texts(manager, session) == ["d1"]


@pytest.mark.parametrize("looks", [True, False])
def test_what_others_saved_meanwhile_stays_when_a_save_is_undone(
    manager: SessionManager, drafting: SessionManager, looks: bool
) -> None:
    session = manager.create_session("A")
    say(drafting, session, "d1")
    say(manager, session, "a0")
    if looks:  # which merges what was saved into the draft
        assert set(texts(drafting, session)) == {"d1", "a0"}
    drafting.save_session(session)
    manager.undo()
    assert texts(manager, session) == ["a0"]
    assert manager.undo().subject == "user: a0"
    assert texts(manager, session) == []


def test_turns_said_on_a_draft_that_was_merged_are_taken_back_one_by_one(
    manager: SessionManager, drafting: SessionManager
) -> None:
    session = manager.create_session("A")
    say(drafting, session, "d1")
    say(manager, session, "a0")
    say(drafting, session, "d2")
    drafting.save_session(session)
    assert manager.undo().subject == "user: d2"
    manager.undo()
    assert texts(manager, session) == ["a0"]


def test_a_draft_that_a_dead_process_left_is_taken_back_as_its_save_would_be(
    manager: SessionManager, tmp_path: Path
) -> None:
    session = manager.create_session("A")
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as gone:
        gone.configure_autosave(enabled=False)
        say(gone, session, "d1")
    say(manager, session, "a0")
    assert manager.recover_session(session) == 1
    manager.undo()
    assert texts(manager, session) == ["a0"]
