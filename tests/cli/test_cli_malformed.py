"""A file that cannot be read is named, and hides no other message."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_fakes import claif
from support.people import git

from claif_git import Message, SessionManager


@pytest.fixture
def session(tmp_path: Path) -> str:
    with SessionManager() as manager:
        made = manager.create_session("A talk")
        for text in ("first", "second", "third"):
            manager.add_message(made, Message("user", text))  # type: ignore[arg-type]
        work = tmp_path / "work"
        git(tmp_path, "clone", "-q", "-b", made, str(manager.path), str(work))
        broken = next(file for file in work.rglob("*.md") if "second" in file.read_text("utf-8"))
        broken.write_text("no front matter\n", encoding="utf-8")
        git(work, "commit", "-q", "-a", "-m", "break it")
        git(work, "push", "-q", "origin", f"HEAD:{made}")
        return made


def test_the_others_are_shown_with_their_numbers(session: str) -> None:
    ran = claif("session", "show", session)
    assert ran.code == 1
    assert "#0" in ran.out
    assert "first" in ran.out
    assert "#2" in ran.out
    assert "third" in ran.out
    assert f"error: {session}:messages/" in ran.err


def test_one_that_can_be_read_is_shown_alone(session: str) -> None:
    ran = claif("session", "show", session, "--message", "2", "--raw")
    assert (ran.code, ran.out.strip()) == (0, "third")
    ran = claif("session", "show", session, "--message", "1")
    assert ran.code == 1
    assert ran.err.startswith(f"error: {session}:messages/")
