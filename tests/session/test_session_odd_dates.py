"""A commit's date is anybody's to write; one that no calendar has spoils no list."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager


@pytest.mark.parametrize("date", ["-7", "999999999999"])
def test_an_absurd_commit_date_spoils_no_list(date: str, tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = manager.create_session("A talk")
        manager.add_message(session, Message("user", "hello"))
        tree = git(manager.path, "rev-parse", f"{session}^{{tree}}")
        text = f"tree {tree}\nparent {manager.get_session(session).tip}\n"
        text += f"author A <a@b> {date} +0000\ncommitter A <a@b> {date} +0000\n\nodd\n"
        made = subprocess.run(
            ["git", "-C", str(manager.path), "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        )
        git(manager.path, "update-ref", f"refs/heads/{session}", made.stdout.strip())
        assert [found.id for found in manager.list_sessions()] == [session]
        assert manager.log(session)[0].subject == "odd"
        assert manager.history()[0].subject
