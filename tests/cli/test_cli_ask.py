"""`claif-git ask`: with a real store, and a server on this machine that speaks the Messages API."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cli_fakes import claif
from support.messages_api import Failure, MessagesApi, Reply

from claif_git.cli import last
from claif_git.session import SessionManager


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[MessagesApi]:
    with MessagesApi() as served:
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-test")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", served.url)
        yield served


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(session_id: str) -> list[tuple[str, str]]:
    with SessionManager() as manager:
        return [(str(message.role), message.text) for message in manager.get_session(session_id).messages]


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    with ExitStack() as opened:

        def piped(data: bytes) -> None:
            reader, writer = os.pipe()
            with os.fdopen(writer, "wb") as stream:
                stream.write(data)
            monkeypatch.setattr("sys.stdin", opened.enter_context(os.fdopen(reader, encoding="utf-8")))

        yield piped


def test_a_new_session_is_titled_after_the_prompt_and_its_id_is_not(api: MessagesApi) -> None:
    api.script.append("Rotate it.\n\n")
    ran = claif("ask", "My secret hunter2\nleaked, what now?", "--model", "claude-test-1")
    assert (ran.code, ran.out) == (0, "Rotate it.\n\n")
    session_id = ran.err.removeprefix("session ").strip()
    assert ran.err == f"session {session_id}\n"
    assert "hunter2" not in session_id
    assert "secret" not in session_id
    assert said(session_id) == [("user", "My secret hunter2\nleaked, what now?"), ("assistant", "Rotate it.\n\n")]
    with SessionManager() as manager:
        session = manager.get_session(session_id)
        assert session.title == "My secret hunter2"
        assert session.messages[1].model == "claude-test-1"
        assert session.messages[1].tokens


def test_continuing_goes_on_with_the_last_session_of_the_folder(
    api: MessagesApi, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SessionManager().close()
    ran = claif("ask", "-c", "hello")
    assert (ran.code, api.requests) == (2, [])
    first = claif("ask", "hello").err.split()[1]
    other = folder / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    second = claif("ask", "hello").err.split()[1]
    monkeypatch.chdir(folder)
    ran = claif("ask", "-c", "next?")
    assert (ran.code, ran.err) == (0, "")
    assert [text for role, text in said(first) if role == "user"] == ["hello", "next?"]
    monkeypatch.setenv("CLAIF_SESSION", second)
    claif("ask", "--continue", "next?")
    assert [text for role, text in said(second) if role == "user"] == ["hello", "next?"]
    claif("ask", "--session", second[:-2], "again")
    assert [text for role, text in said(second) if role == "user"][-1] == "again"


def test_without_a_key_one_line_says_so_and_nothing_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    ran = claif("ask", "hello")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.splitlines()[0] == "error: ANTHROPIC_API_KEY is not set"
    assert not Path(os.environ["CLAIF_GIT_STORE"]).exists()


def test_what_is_piped_in_goes_before_the_prompt(api: MessagesApi, pipe: Callable[[bytes], None]) -> None:
    pipe(b"diff --git a b\n")
    claif("ask", "Review this")
    pipe("from a pipe \u00e9\n".encode())
    claif("ask")
    pipe(b"the whole prompt")
    claif("ask", "-")
    asked = [request["messages"][-1]["content"][-1]["text"] for request in api.requests]
    assert asked == ["diff --git a b\n\nReview this", "from a pipe \u00e9", "the whole prompt"]


@pytest.mark.parametrize("data", [b"", b" \n", b"\xff\xfe"])
def test_a_prompt_that_says_nothing_is_a_usage_error(
    api: MessagesApi, pipe: Callable[[bytes], None], data: bytes
) -> None:
    pipe(data)
    assert claif("ask").code == 2
    assert api.requests == []


def test_files_go_along(api: MessagesApi, folder: Path) -> None:
    (folder / "notes.txt").write_text("remember", encoding="utf-8")
    (folder / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    ran = claif("ask", "What is in there?", "--file", "notes.txt", "-f", "dot.png")
    blocks = api.requests[0]["messages"][0]["content"]
    assert [block["type"] for block in blocks] == ["text", "image", "text"]
    assert "remember" in blocks[0]["text"]
    with SessionManager() as manager:
        assert manager.get_session(ran.err.split()[1]).title == "What is in there?"
    assert claif("ask", "x", "--file", "absent.txt").code == 3


def test_options_reach_the_request(api: MessagesApi) -> None:
    claif("ask", "hello", "--system", "Be brief.", "--max-tokens", "77", "--template", "coding", "--no-stream")
    request = api.requests[0]
    assert request["max_tokens"] == 77
    assert [block["text"] for block in request["system"]][-1] == "Be brief."
    assert "software engineer" in request["system"][0]["text"]
    assert not request.get("stream")


def test_json_has_the_answer_and_where_it_is(api: MessagesApi) -> None:
    api.script.append("Hi\x1b[31m\u202e")
    ran = claif("ask", "hello", "--json")
    shown = json.loads(ran.out)
    assert shown["session_id"] == ran.err.split()[1]
    assert shown["text"] == shown["message"]["content"] == "Hi\x1b[31m\u202e"
    assert shown["message"]["role"] == "assistant"
    assert shown["usage"]["total"] > 0
    assert shown["notes"] == []
    assert "\u202e" not in ran.out


def test_an_answer_cannot_steer_the_terminal(api: MessagesApi) -> None:
    api.script.extend(["a\x1b[2Jb\u202ec", "a\x1b[2Jb"])
    assert claif("ask", "hello", terminal=True).out == "a\\x1b[2Jb\\u202ec\n"
    assert claif("ask", "hello", "--no-stream").out == "a\\x1b[2Jb\n"


def test_a_failed_call_keeps_the_prompt_and_says_how_to_go_on(api: MessagesApi) -> None:
    api.script.append(Failure(400, "no such model\x1b[2J"))
    ran = claif("ask", "hello")
    assert (ran.code, ran.out) == (1, "")
    session_id = ran.err.split()[1]
    assert "no such model" in ran.err
    assert f"claif-git ask --retry --session {session_id}" in ran.err
    assert said(session_id) == [("user", "hello")]
    ran = claif("ask", "--retry", "--session", session_id)
    assert ran.code == 0
    assert [role for role, _ in said(session_id)] == ["user", "assistant"]
    assert claif("ask", "--retry", "-c").code == 2


def test_a_refused_key_is_a_refusal(api: MessagesApi) -> None:
    api.keys = {"another"}
    assert claif("ask", "hello").code == 4


def test_an_answer_that_breaks_off_is_kept(api: MessagesApi) -> None:
    api.script.append(Reply("one two three four", error_after=2))
    ran = claif("ask", "hello")
    assert (ran.code, ran.out) == (1, "one two\n")
    assert said(ran.err.split()[1])[1] == ("assistant", "one two")


def test_an_answer_that_broke_off_is_asked_for_again(api: MessagesApi) -> None:
    api.script.extend([Reply("one two three four", error_after=2), "one two three four"])
    session_id = claif("ask", "hello").err.split()[1]
    ran = claif("ask", "--retry", "-c")
    assert (ran.code, ran.out) == (0, "one two three four\n")
    assert ran.err.endswith("left out; it stays in history\n")
    assert said(session_id) == [("user", "hello"), ("assistant", "one two three four")]
    assert claif("undo", session_id).code == 0
    assert said(session_id)[1:] == [("assistant", "one two"), ("assistant", "one two three four")]


def test_an_empty_answer_is_an_error_and_keeps_the_prompt(api: MessagesApi) -> None:
    api.script.append("")
    ran = claif("ask", "hello")
    assert (ran.code, ran.out) == (1, "")
    assert "error: the model gave an empty answer\n" in ran.err
    assert said(ran.err.split()[1]) == [("user", "hello")]


def test_an_answer_cut_by_a_limit_is_noted(api: MessagesApi) -> None:
    api.script.append(Reply("one two", stop_reason="max_tokens"))
    ran = claif("ask", "hello")
    assert ran.code == 0
    assert "note: " in ran.err
    assert "max_tokens" in ran.err


@pytest.mark.usefixtures("api")
def test_interrupting_keeps_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    from claif_git.cli.answers import Listener

    hear = Listener.hear

    def interrupted(self: Listener, piece: str) -> None:
        hear(self, piece)
        raise KeyboardInterrupt

    monkeypatch.setattr(Listener, "hear", interrupted)
    ran = claif("ask", "hello")
    session_id = ran.err.split()[1]
    assert (ran.code, ran.out) == (130, "Hello!\n")
    assert ran.err.endswith(f"to ask again: claif-git ask --retry --session {session_id}\n")
    assert said(session_id)[1] == ("assistant", "Hello!")
    monkeypatch.setattr(Listener, "hear", hear)
    monkeypatch.setattr("claif_git.chat.take_turn", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    ran = claif("ask", "hello")
    assert ran.code == 130
    assert "claif-git ask --retry --session" in ran.err


def test_a_store_that_cannot_be_written_to_forgets_the_last_session(tmp_path: Path) -> None:
    (tmp_path / "claif").write_text("a file in the way", encoding="utf-8")
    last.remember(tmp_path, tmp_path, "s-1")
    assert last.recall(tmp_path, tmp_path) is None


def test_a_closed_stdin_says_nothing(api: MessagesApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert claif("ask").code == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("x"))
    assert claif("ask").code == 2
    assert api.requests == []


def test_the_store_stays_clean_for_stock_git(api: MessagesApi) -> None:
    claif("ask", "hello")
    claif("ask", "-c", "next?")
    assert len(api.requests) == 2
    store = os.environ["CLAIF_GIT_STORE"]
    checked = subprocess.run(["git", "-C", store, "fsck", "--strict"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")
