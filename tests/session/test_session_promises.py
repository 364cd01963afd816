"""What must hold whatever happens: content, other tools' hands, many processes, and sudden death."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import MalformedError

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
AWKWARD = st.sampled_from(
    [
        "",
        "\n",
        "---\n",
        "---",
        "a\r\nb\r",
        "\ufeffbom",
        "nul\0nul",
        "\ud800lone",
        "\x1b[31m",
        "x\n\n\n",
        "no",
        "12:30",
        "1e3",
    ]
)
TEXT = st.one_of(ANY_TEXT, AWKWARD, st.builds(str.__add__, AWKWARD, ANY_TEXT))
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=6,
)
BLOCK = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXT}),
    st.fixed_dictionaries({"type": st.just("tool_use"), "id": TEXT, "name": TEXT, "input": JSON}),
    st.fixed_dictionaries({"type": st.just("tool_result"), "tool_use_id": TEXT, "content": TEXT}),
    st.fixed_dictionaries({"type": TEXT, "anything": JSON}),
)
CONTENT = st.one_of(TEXT, st.lists(BLOCK, max_size=4))


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store") as opened:
        yield opened


@settings(max_examples=20)
@given(st.lists(CONTENT, min_size=1, max_size=100))
def test_any_content_comes_back_exactly_and_git_finds_nothing_wrong(contents: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        with SessionManager(folder + "/store", durability="relaxed") as manager:
            session = manager.create_session()
            with manager.batch():
                for content in contents:
                    manager.add_message(session, Message("user", content))
            read = [message.content for message in manager.get_session(session).messages]
        assert repr(read) == repr(contents)
        git(Path(folder) / "store", "fsck", "--strict")


def test_a_megabyte_comes_back_exactly(manager: SessionManager) -> None:
    content = random.Random(1).randbytes(500_000).hex() + "\n---\n"
    session = manager.create_session()
    manager.add_message(session, Message("user", content))
    assert manager.get_session(session).messages[0].content == content


def test_strings_that_look_like_yaml_stay_strings(manager: SessionManager) -> None:
    metadata = {key: key for key in ("no", "yes", "null", "~", "1_000", "0x1F", "12:30:45", "2026-01-01", "1e3", "")}
    session = manager.create_session("yes", metadata=metadata)
    manager.add_message(session, Message("user", "null", metadata=metadata, id="123"))
    read = manager.get_session(session)
    assert (read.title, read.metadata) == ("yes", metadata)
    assert (read.messages[0].content, read.messages[0].metadata, read.messages[0].id) == ("null", metadata, "123")


def test_a_clone_that_converts_line_ends_changes_no_content(manager: SessionManager, tmp_path: Path) -> None:
    session = manager.create_session()
    contents = ["unix\nlines\n", "dos\r\nlines\r\n", "both\r\nof\nthem"]
    for content in contents:
        manager.add_message(session, Message("user", content))
    work = tmp_path / "work"
    git(tmp_path, "-c", "core.autocrlf=true", "clone", "-q", "-b", session, str(manager.path), str(work))
    git(work, "config", "core.autocrlf", "true")
    (work / "note.txt").write_text("touched\n", encoding="utf-8")
    for file in work.rglob("*.md"):
        file.touch()
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "touch everything")
    git(work, "push", "-q", "origin", f"HEAD:{session}")
    assert [message.content for message in manager.get_session(session).messages] == contents


def edit_by_hand(manager: SessionManager, tmp_path: Path, session: str, change: Any) -> None:
    work = tmp_path / "by-hand"
    git(tmp_path, "clone", "-q", "-b", session, str(manager.path), str(work))
    for file in sorted(work.rglob("*.md")):
        change(file)
    git(work, "commit", "-q", "-a", "-m", "by hand")
    git(work, "push", "-q", "origin", f"HEAD:{session}")


def test_a_message_edited_with_plain_git_is_read_back(manager: SessionManager, tmp_path: Path) -> None:
    session = manager.create_session()
    manager.add_message(session, Message("user", "What is 2 + 2?"))

    def change(file: Path) -> None:
        file.write_text(file.read_text("utf-8").replace("2 + 2", "3 + 3"), encoding="utf-8")

    edit_by_hand(manager, tmp_path, session, change)
    assert [message.content for message in manager.get_session(session).messages] == ["What is 3 + 3?"]
    manager.add_message(session, Message("assistant", "6"))
    assert [message.content for message in manager.get_session(session).messages] == ["What is 3 + 3?", "6"]


def test_a_malformed_file_is_an_error_that_names_it_and_the_others_stay_readable(
    manager: SessionManager, tmp_path: Path
) -> None:
    session = manager.create_session()
    for text in ("first", "second", "third"):
        manager.add_message(session, Message("user", text))

    def change(file: Path) -> None:
        if "second" in file.read_text("utf-8"):
            file.write_text("---\nrole: nobody\n---\nsecond\n", encoding="utf-8")

    edit_by_hand(manager, tmp_path, session, change)
    read = manager.get_session(session)
    with pytest.raises(MalformedError) as caught:
        _ = read.messages
    assert caught.value.session_id == session
    assert caught.value.path.startswith("messages/")
    assert caught.value.line == 2
    assert [(index, message.content) for index, message in read.readable] == [(0, "first"), (2, "third")]
    assert len(read.problems) == 1
    manager.add_message(session, Message("user", "fourth"))
    assert [message.content for _, message in manager.get_session(session).readable] == ["first", "third", "fourth"]


def test_a_branch_made_with_plain_git_is_a_session(manager: SessionManager) -> None:
    session = manager.create_session("The plan", metadata={"project": "x"})
    manager.add_message(session, Message("user", "hello"))
    git(manager.path, "branch", "try-2", session)
    made = manager.get_session("try-2")
    assert (made.title, made.metadata, [m.content for m in made.messages]) == ("The plan", {"project": "x"}, ["hello"])
    manager.update_title("try-2", "Another plan")
    manager.add_message("try-2", Message("user", "elsewhere"))
    assert manager.get_session("try-2").title == "Another plan"
    assert manager.get_session("try-2").metadata == {"project": "x"}
    assert manager.get_session(session).title == "The plan"
    assert {found.id for found in manager.list_sessions()} == {session, "try-2"}


def test_a_branch_that_is_no_conversation_is_left_alone(manager: SessionManager) -> None:
    tree = git(manager.path, "hash-object", "-t", "tree", "-w", "--stdin")
    commit = git(manager.path, "commit-tree", tree, "-m", "somebody's own")
    git(manager.path, "update-ref", "refs/heads/notes", commit)
    assert manager.list_sessions() == []
    with pytest.raises(FileNotFoundError):
        manager.get_session("notes")
    assert git(manager.path, "rev-parse", "notes") == commit


def test_a_file_removed_with_plain_git_counts_as_dropped_and_is_put_back(
    manager: SessionManager, tmp_path: Path
) -> None:
    session = manager.create_session()
    for text in ("first", "second", "third"):
        manager.add_message(session, Message("user", text))
    edit_by_hand(manager, tmp_path, session, lambda file: "second" in file.read_text("utf-8") and file.unlink())
    assert [message.content for message in manager.get_session(session).messages] == ["first", "third"]
    with SessionManager(manager.path) as fresh:
        fresh.add_message(session, Message("user", "fourth"))
        assert [message.content for message in fresh.get_session(session).messages] == ["first", "third", "fourth"]
    assert len(git(manager.path, "ls-tree", "-r", "--name-only", session, "messages/").splitlines()) == 4


WRITER = """
import sys
from claif_git import Message, SessionManager
store, session, name, count = sys.argv[1:]
with SessionManager(store) as manager:
    for number in range(int(count)):
        manager.add_message(session, Message("user", f"{name} {number}"))
        print(number, flush=True)
"""


def writer(store: Path, session: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(store), session, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_eight_processes_append_to_one_session_and_lose_nothing(manager: SessionManager) -> None:
    session = manager.create_session()
    running = [writer(manager.path, session, f"writer-{number}", 12) for number in range(8)]
    for process in running:
        process.communicate()
        assert process.returncode == 0
    texts = [message.content for message in manager.get_session(session).messages]
    for number in range(8):
        own = [text for text in texts if str(text).startswith(f"writer-{number} ")]
        assert own == [f"writer-{number} {at}" for at in range(12)]
    assert len(texts) == 96
    git(manager.path, "fsck", "--strict")


def test_kill_9_in_mid_append_loses_nothing_acknowledged_and_blocks_nobody(manager: SessionManager) -> None:
    session = manager.create_session()
    acknowledged: set[str] = set()
    dice = random.Random(5)
    for round_ in range(8):
        process = writer(manager.path, session, f"round-{round_}", 10_000)
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(dice.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
        lines = (first + process.stdout.read()).splitlines()
        process.communicate()
        acknowledged |= {f"round-{round_} {line}" for line in lines if line}
        manager.add_message(session, Message("user", f"after {round_}"))
        acknowledged.add(f"after {round_}")
    texts = {str(message.content) for message in manager.get_session(session).messages}
    assert acknowledged <= texts
    git(manager.path, "fsck", "--strict")


def test_a_manager_sees_at_once_what_another_process_wrote(manager: SessionManager) -> None:
    session = manager.create_session()
    manager.add_message(session, Message("user", "mine"))
    writer(manager.path, session, "other", 1).communicate()
    assert [message.content for message in manager.get_messages(session)] == ["mine", "other 0"]
