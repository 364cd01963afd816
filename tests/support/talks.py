"""Short ways to say things in tests about sessions, and to read them back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from claif_git import Message, SessionManager


def say(manager: SessionManager, session: str, *texts: str, start: str = "user") -> list[Message]:
    """Say texts by turns: the user's, the assistant's, … Give the messages as stored."""
    roles = ["user", "assistant"] if start == "user" else ["assistant", "user"]
    return [
        manager.add_message(session, Message(roles[at % 2], text))  # type: ignore[arg-type]
        for at, text in enumerate(texts)
    ]


def talk(manager: SessionManager, *texts: str, title: str | None = "A talk") -> str:
    """Make a session in which these texts are said by turns."""
    session = manager.create_session(title)
    say(manager, session, *texts)
    return session


def texts(manager: SessionManager, session: str) -> list[str]:
    """Give what a session shows, as this manager sees it."""
    return [message.text for message in manager.get_session(session).messages]


def texts_afresh(path: Path, session: str) -> list[str]:
    """Give what a session shows to a manager that has never seen it."""
    with SessionManager(path) as fresh:
        return texts(fresh, session)


def run_python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    command = [sys.executable, "-c", code, *args]
    return subprocess.run(command, capture_output=True, text=True, check=False)
