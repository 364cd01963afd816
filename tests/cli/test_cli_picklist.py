"""Merging by hand: the list that a person edits, and the editor it is edited in."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from cli_fakes import Fake, claif, session_of
from hypothesis import given
from hypothesis import strategies as st

from claif_git import SessionManager
from claif_git.cli import picklist
from claif_git.errors import InvalidInputError
from claif_git.model import Message

MESSAGES = session_of("o", ("user", "first"), ("assistant", "second\nline"), ("user", "x" * 99), ("user", "")).messages


def test_the_list_has_a_line_a_message_all_picked() -> None:
    lines = picklist.written(MESSAGES, "o", "into-1").splitlines()
    assert lines[:2] == ["pick #0 user  first", "pick #1 assistant  second line"]
    assert len(lines[2]) < 99
    assert lines[3] == "pick #3 user  (no text)"
    assert "# Merging o into into-1: 4 messages past the fork." in lines
    assert "1 message past" in picklist.written(MESSAGES[:1], "o", "i")


@given(st.lists(st.text(), max_size=5))
def test_a_list_left_as_it_was_keeps_everything(texts: list[str]) -> None:
    messages = [Message("user", text, MESSAGES[0].timestamp) for text in texts]  # type: ignore[arg-type]
    assert picklist.chosen(picklist.written(messages, "o", "i"), messages) == messages


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("pick #2 x\npick #0", [2, 0]),
        ("p 1\nd 0\ndrop #2\n\n# pick #3", [1]),
        ("", []),
        ("  pick   #3   \n", [3]),
    ],
)
def test_picked_messages_come_in_the_order_of_the_lines(text: str, kept: list[int]) -> None:
    assert picklist.chosen(text, MESSAGES) == [MESSAGES[index] for index in kept]


@pytest.mark.parametrize("text", ["edit #1", "pick", "pick #4", "pick #1\npick 1", "pickled #1", "pick #1x"])
def test_a_line_that_makes_no_sense_is_named(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"line [12] of the pick list"):
        picklist.chosen(text, MESSAGES)


def merged_by(editor: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, list[Message] | None]:
    monkeypatch.setenv("GIT_EDITOR", editor)
    manager = Fake(held={"a": session_of("a", ("user", "0"), ("user", "1"), ("user", "2"))})
    ran = claif("merge", "a", "--into", "b", "--strategy", "manual", manager=manager)
    picked = [call[2]["picked"] for call in manager.calls if call[0] == "merge_sessions"]
    return ran.code, ran.err, picked[0] if picked else None


def script(folder: Path, code: str) -> str:
    file = folder / "an editor.py"
    file.write_text(f"import sys, pathlib\nfile = pathlib.Path(sys.argv[-1])\n{code}\n", encoding="utf-8")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(file))} --wait"


def test_the_editor_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, picked = merged_by(script(tmp_path, "file.write_text('pick 2\\ndrop 0\\npick 1\\n')"), monkeypatch)
    assert code == 0
    assert [message.text for message in picked or []] == ["2", "1"]


def test_an_empty_list_calls_the_merge_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert merged_by(script(tmp_path, "file.write_text('# nothing')"), monkeypatch) == (
        1,
        "error: nothing was done\n",
        None,
    )


@pytest.mark.parametrize("editor", ["/no/such/editor", "false"])
def test_an_editor_that_fails_calls_the_merge_off(editor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, err, picked = merged_by(editor, monkeypatch)
    assert (code, picked) == (1, None)
    assert err.startswith(f"error: the editor {editor!r}")


def test_no_editor_opens_where_there_is_nothing_to_pick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", "false")
    with SessionManager() as manager:
        session = manager.create_session("A talk")
        manager.add_message(session, Message("user", "said in both"))  # type: ignore[arg-type]
        branch = manager.branch_session(session, title="A branch")
    ran = claif("merge", session, "--into", branch, "--strategy", "manual")
    assert (ran.code, ran.out, ran.err) == (0, f"{branch}\n", "nothing to merge: it is all there\n")
    ran = claif("merge", branch, "--into", session, "--strategy", "manual")
    assert (ran.code, ran.err) == (0, "nothing to merge: it is all there\n")
