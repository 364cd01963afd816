"""The command line as it is run: processes, pipes, terminals and signals."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.messages_api import MessagesApi, Reply

from claif_git import SessionManager

COMMAND = [sys.executable, "-m", "claif_git"]


def claif(*args: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(
        [*COMMAND, *args],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == code, ran.stderr
    return ran


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        yield served


def on_a_terminal(*args: str, keys: bytes = b"", wait_for: bytes = b"") -> tuple[int, bytes]:
    """Run a command on a terminal of its own, typing `keys` once `wait_for` is seen; give its code and output."""
    terminal, end = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    child = subprocess.Popen([*COMMAND, *args], stdin=end, stdout=end, stderr=end, env=env, start_new_session=True)
    os.close(end)
    shown, typed = b"", not keys
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end has closed
            break
        if not piece:
            break
        shown += piece
        if not typed and wait_for in shown:
            os.write(terminal, keys)
            typed = True
    os.close(terminal)
    return child.wait(timeout=60), shown


def test_a_session_is_made_shown_and_deleted_by_its_id() -> None:
    made = claif("session", "create", "--title", "My Session", "--template", "coding")
    session_id = made.stdout.strip()
    assert (made.stdout, made.stderr) == (f"{session_id}\n", "")
    branched = claif("branch", session_id, "--title", "Other")
    assert (branched.stdout.count("\n"), branched.stderr) == (1, "")
    assert claif("session", "list").stdout.count("\n") == 2
    assert "#0 system" in claif("session", "show", session_id[:12]).stdout
    assert claif("log", session_id).stdout.count("\n") == 2
    assert json.loads(claif("log", session_id, "--json").stdout)[0]["message_index"] == 0
    assert json.loads(claif("session", "stats", session_id, "--flow", "--json").stdout)["message_count"] == 1
    assert claif("session", "search", "software engineer").stdout.startswith(f"{session_id}\t#0\tsystem\t")
    merged = claif("merge", branched.stdout.strip(), "--into", session_id)
    assert merged.stdout == f"{session_id}\n"
    assert f"claif-git session restore {session_id}" in claif("session", "delete", session_id).stderr
    assert claif("session", "list", "--trash").stdout.startswith(session_id)
    assert "is in the trash" in claif("session", "show", session_id, code=3).stderr
    assert claif("session", "restore", session_id).stdout == f"{session_id}\n"
    assert claif("session", "export", session_id, "--format", "html").stdout.startswith("<!")
    assert "expired" in claif("gc").stdout


def test_the_sections_of_an_export_can_be_chosen(tmp_path: Path) -> None:
    session_id = claif("session", "create", "--title", "T", "--metadata", '{"project": "webapp"}').stdout.strip()
    target = tmp_path / "detailed.json"
    claif(
        "session", "export", session_id, "--format", "json", "--include-metadata", "--include-tokens", "--output",
        str(target),
    )  # fmt: skip
    assert "webapp" in target.read_text(encoding="utf-8")
    assert "json" in claif("session", "export", session_id, "--format", "nonsense", code=2).stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    for number in range(3):
        claif("session", "create", "--title", f"Session {number}")
    for args, code in ((["session", "list"], 141), (["--help"], 1)):
        with subprocess.Popen([*COMMAND, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.close()
            assert child.stderr.read() == b""
        assert child.returncode == code


def test_an_error_nobody_reads_is_still_a_code() -> None:
    with subprocess.Popen(
        [*COMMAND, "session", "show", "nobody"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stderr.close()
    assert child.returncode == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_a_full_disk_is_one_line() -> None:
    SessionManager().close()
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*COMMAND, "template", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr == "error: the output: No space left on device\n"


@pytest.mark.parametrize("words", [["template", "list"], ["--help"], ["session", "list", "--json"]])
def test_a_closed_output_is_one_line_and_no_file_is_taken_for_it(words: list[str]) -> None:
    session_id = claif("session", "create", "--title", "Zoë").stdout.strip()
    ran = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *COMMAND, *words], stderr=subprocess.PIPE, text=True, check=False
    )
    assert ran.returncode == 1
    assert re.fullmatch(r"error: (the output: )?Bad file descriptor\n", ran.stderr)
    assert claif("say", session_id, "hello").returncode == 0


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_what_is_done_is_done_whatever_streams_are_closed(closed: str) -> None:
    session_id = claif("session", "create", "--title", "Zoë").stdout.strip()
    words = [*COMMAND, "say", session_id, "hello"]
    subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *words], capture_output=True, check=False)
    shown = json.loads(claif("session", "show", session_id, "--json").stdout)
    assert [message["content"] for message in shown["messages"]] == ["hello"]
    assert claif("doctor").returncode == 0


def test_any_text_can_be_printed_in_any_locale() -> None:
    session_id = claif("session", "create", "--title", "Zoë 漢字").stdout.strip()
    shown = claif("session", "list", PYTHONIOENCODING="ascii").stdout
    assert shown.startswith(f"{session_id}\tZo\\xeb \\u6f22\\u5b57\t")


def test_a_terminal_gets_a_table_and_is_asked_before_a_deletion() -> None:
    session_id = claif("session", "create", "--title", "evil \x1b]0;x\x07").stdout.strip()
    code, shown = on_a_terminal("session", "list")
    assert code == 0
    assert b"messages" in shown
    assert b"\x1b[1mid" in shown
    assert b"\x1b]0" not in shown
    assert b"\x1b[" not in on_a_terminal("--color", "never", "session", "list")[1]
    code, shown = on_a_terminal("session", "delete", session_id, keys=b"n\n", wait_for=b"[y/N]")
    assert (code, b"nothing was done" in shown) == (1, True)
    code, _ = on_a_terminal("session", "delete", session_id, keys=b"y\n", wait_for=b"[y/N]")
    assert code == 0
    assert claif("session", "list").stdout == ""


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_and_its_kin_keep_the_partial_answer(ending: signal.Signals, api: MessagesApi) -> None:
    api.answer = lambda _: Reply("word " * 500, delay=0.05)
    child = subprocess.Popen(
        [*COMMAND, "ask", "hello"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may have it ignored (nohup does), and a child would inherit that.
        preexec_fn=lambda: signal.signal(ending, signal.SIG_DFL),  # noqa: PLW1509 - one call, and no lock in it
    )
    assert child.stdout is not None
    heard = child.stdout.read(4)
    child.send_signal(ending)
    rest, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert (heard, rest[-1]) == ("word", "\n")
    session_id = err.splitlines()[0].removeprefix("session ")
    (told,) = err.splitlines()[1:]
    assert told == (
        f"interrupted; what came of the answer is kept; to go on: claif-git ask --session {session_id}; "
        f"to ask again: claif-git ask --retry --session {session_id}"
    )
    answer = json.loads(claif("session", "show", session_id, "--json").stdout)["messages"][1]
    assert answer["content"].startswith("word")
    assert answer["metadata"]["interrupted"] is True
    heading = next(line for line in claif("session", "show", session_id).stdout.splitlines() if "#1" in line)
    assert "interrupted" in heading


def test_a_reader_of_an_answer_that_goes_away_leaves_what_was_said(api: MessagesApi) -> None:
    api.answer = lambda _: Reply("word " * 200, delay=0.01)
    child = subprocess.Popen(
        [*COMMAND, "ask", "hello"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(4)
    child.stdout.close()
    err = child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 141
    assert len(err.splitlines()) == 1
    assert "word" in claif("session", "show", err.split()[1]).stdout


def test_a_prompt_can_be_piped_in(api: MessagesApi) -> None:
    ran = subprocess.run([*COMMAND, "ask", "-"], input="hello\n", capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "Hello! What are we working on?\n")
    assert api.requests[0]["messages"][0]["content"][-1]["text"] == "hello"


def test_what_a_crashed_program_had_not_saved_is_named_and_saved() -> None:
    session_id = claif("session", "create", "--title", "T").stdout.strip()
    crash = f"""
import os
from claif_git.session import SessionManager
from claif_git.model import Message
manager = SessionManager()
manager.configure_autosave(False)
manager.add_message({session_id!r}, Message("user", "unsaved"))
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", crash], check=True)
    assert claif("session", "list").stderr == (
        f"unsaved turns: {session_id}; to save them: claif-git session recover {session_id}\n"
    )
    assert "unsaved" not in claif("session", "show", session_id).stdout
    assert claif("session", "recover").stdout == f"{session_id}\n"
    assert "unsaved" in claif("session", "show", session_id).stdout
    assert claif("session", "list").stderr == ""
