"""The chapter on sessions that this tool was made after: every snippet of it runs as it stands, with our names in it.

`sessions.md` is that chapter. Each block is a test of its own, named after the section it stands in; before it runs, it
is given what the reader would have at that point: a manager, and a session with a conversation in it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import typing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.messages_api import KEY, MessagesApi

from claif_git import Message, MessageRole, Session, SessionManager

CHAPTER = Path(__file__).with_name("sessions.md")
_BLOCK = re.compile(r"^(#+) ([^\n]*)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[Any]:
    found, section, seen = [], "", dict[str, int]()
    for match in _BLOCK.finditer(CHAPTER.read_text(encoding="utf-8")):
        if match[2] is not None:
            section = re.sub(r"\W+", "-", match[2].lower()).strip("-")
        elif match[3] == language:
            seen[section] = seen.get(section, 0) + 1
            name = section if seen[section] == 1 else f"{section}-{seen[section]}"
            found.append(pytest.param(name, match[4], id=name))
    return found


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a reader of the chapter has at hand: names, a manager, a session of a dozen exchanges."""
    monkeypatch.chdir(tmp_path)
    manager = SessionManager()
    session_id = manager.create_session("Code Review Discussion")
    for turn in range(12):
        manager.add_message(session_id, Message(MessageRole.USER, f"Question {turn}: what does this function do?"))
        manager.add_message(session_id, Message(MessageRole.ASSISTANT, f"Answer {turn}: it is a good function."))
    names: dict[str, Any] = {
        "__name__": "reader",
        "Any": Any,
        "Dict": typing.Dict,  # noqa: UP006 - the chapter's own spelling
        "List": typing.List,  # noqa: UP006 - the chapter's own spelling
        "dataclass": dataclass,
        "datetime": datetime,
        "Message": Message,
        "MessageRole": MessageRole,
        "SessionManager": SessionManager,
        "session_mgr": manager,
        "session_id": session_id,
        "filename": "utils.py",
        "date": "2026-11-24",
        "project_name": "webapp",
        "reviewer_name": "Ada",
    }
    yield names
    for value in names.values():
        for held in (value, getattr(value, "session_mgr", None)):
            if isinstance(held, SessionManager):
                held.close()
    manager.close()


def run(names: dict[str, Any], code: str) -> None:
    exec(compile(code, "sessions.md", "exec", dont_inherit=True), names)  # noqa: S102 - running the chapter is the point


#: What some snippets stand on: the code of an earlier block, or a session that it goes on with.
BEFORE = {
    "custom-export-templates": "",
    "session-merging": "branch_id = session_mgr.branch_session(session_id, from_message_index=10)\n"
    "session_mgr.add_message(branch_id, Message(MessageRole.USER, 'Elsewhere'))\n",
}


@pytest.mark.parametrize(("name", "code"), blocks("python"))
def test_python(name: str, code: str, reader: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    run(reader, BEFORE.get(name, ""))
    with MessagesApi() as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
        run(reader, code)
    check = globals().get("after_" + name.replace("-", "_"))
    if check is not None:
        check(reader)


def after_creating_sessions(names: dict[str, Any]) -> None:
    session = names["session_mgr"].get_session(names["session_id"])
    assert session.template == "coding"
    assert session.metadata["framework"] == "django"
    assert session.messages[0].role is MessageRole.SYSTEM


def after_adding_messages(names: dict[str, Any]) -> None:
    *_, user, system = names["session_mgr"].get_session(names["session_id"]).messages
    assert (user.content, user.metadata) == ("Can you review this Python function?", {"file": "utils.py"})
    assert system.role is MessageRole.SYSTEM


def after_retrieving_sessions(names: dict[str, Any]) -> None:
    assert isinstance(names["session"], Session)
    assert [session.id for session in names["sessions"]] == [names["session_id"]]
    assert names["coding_sessions"] == []


def after_custom_templates(names: dict[str, Any]) -> None:
    session = names["session_mgr"].get_session(names["session_id"])
    assert session.parameters == {"temperature": 0.3, "max_tokens": 2000}
    assert session.metadata == {
        "field": "computer_science",
        "output_format": "academic",
        "topic": "machine_learning",
        "year": "2024",
    }


def after_session_modification(names: dict[str, Any]) -> None:
    session = names["session_mgr"].get_session(names["session_id"])
    assert session.title == "Completed Code Review"
    assert session.metadata == {"status": "completed", "rating": 5}
    assert session.messages[-1].metadata == {"confidence": 0.95}


def after_message_management(names: dict[str, Any]) -> None:
    assert [message.role for message in names["recent_messages"]] == [MessageRole.USER] * 10
    assert len(names["recent"]) == 24
    assert names["session_mgr"].get_session(names["session_id"]).messages[5].metadata == {"important": True}


def after_markdown_export(_: dict[str, Any]) -> None:
    assert "Question 3: what does this function do?" in Path("conversation.md").read_text(encoding="utf-8")


def after_json_export(_: dict[str, Any]) -> None:
    assert '"Question 3: what does this function do?"' in Path("conversation.json").read_text(encoding="utf-8")


def after_html_export(names: dict[str, Any]) -> None:
    assert "Question 3: what does this function do?" in names["html_content"]


def after_custom_export_templates(names: dict[str, Any]) -> None:
    output = names["output"]
    assert "# Code Review Discussion" in output
    assert "**Messages:** 24" in output
    assert "## Assistant (" in output


def after_session_branching(names: dict[str, Any]) -> None:
    branch = names["session_mgr"].get_session(names["branch_id"])
    assert branch.title == "Alternative Discussion Path"
    assert len(branch.messages) == 12
    assert branch.messages[-1].content == "Let's try a different approach..."


def after_session_merging(names: dict[str, Any]) -> None:
    merged = names["session_mgr"].get_session(names["merged_id"])
    assert len(merged.messages) == 25
    assert [message.timestamp for message in merged.messages] == sorted(m.timestamp for m in merged.messages)


def after_session_analytics(names: dict[str, Any]) -> None:
    assert names["stats"]["message_count"] == 24
    assert names["stats"]["user_assistant_ratio"] == 1.0
    assert names["flow"]["topics"]


def after_with_claudeclient(names: dict[str, Any]) -> None:
    assert names["response"]
    session = names["client"].session_mgr.get_session(names["session_id"])
    assert [message.role.value for message in session.messages] == ["user", "assistant"] * 2
    assert session.messages[1].metadata["tokens"] > 0


def after_multi_user_sessions(names: dict[str, Any]) -> None:
    shared = names["MultiUserSessionManager"]()
    session_id = shared.create_shared_session(["ada", "bob"], "Planning")
    shared.add_user_message(session_id, "bob", "Shall we start?")
    with pytest.raises(PermissionError):
        shared.add_user_message(session_id, "eve", "Hello")
    shared.session_mgr.close()


def after_2_memory_management(names: dict[str, Any]) -> None:
    manager, session_id = names["session_mgr"], names["session_id"]
    names["trim_session_if_needed"](manager, session_id, max_messages=10)
    kept = manager.get_session(session_id).messages
    assert [message.content for message in kept[:1]] == ["Question 7: what does this function do?"]
    assert len(kept) == 10


def after_3_error_handling(names: dict[str, Any]) -> None:
    safe = names["safe_session_operation"]
    manager = names["session_mgr"]
    assert safe(manager, manager.get_session, "no-such-session") is None
    assert safe(manager, manager.get_session, names["session_id"]).id == names["session_id"]


@pytest.mark.parametrize(("name", "script"), blocks("bash"))
def test_shell(name: str, script: str, reader: dict[str, Any], tmp_path: Path) -> None:
    del name
    with MessagesApi() as api:
        done = subprocess.run(
            ["bash", "-euc", script.replace("SESSION_ID", reader["session_id"])],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "ANTHROPIC_BASE_URL": api.url,
                "ANTHROPIC_API_KEY": KEY,
            },
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
