"""The recipe for an archive, word by word as the page on scale gives it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import claif_git
from claif_git import Message, SessionManager

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scale.md"


def recipe() -> str:
    (block,) = re.findall(r"```text\n(\$ cd store\.git\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return "".join(line.removeprefix("$ ") + "\n" for line in block.splitlines())


def git(store: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(store), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def sessions(tmp_path: Path) -> dict[str, str]:
    """Make a hub with five sessions and a clone of it; give ids by title."""
    git(tmp_path, "init", "-q", "--bare", "hub.git")
    with SessionManager(tmp_path / "store.git") as manager:
        made = {title: manager.create_session(title) for title in ("A 2025 one", "B 2025 two", "C 2026 three")}
        for title, session_id in made.items():
            for at in range(3):
                manager.add_message(session_id, Message("user", f"{title}: {at}"))
        manager.add_remote("origin", str(tmp_path / "hub.git"))
        manager.push(all=True)
    return made


def test_cold_sessions_stand_below_one_ref_and_any_of_them_comes_back(tmp_path: Path, sessions: dict[str, str]) -> None:
    tips = {title: git(tmp_path / "store.git", "rev-parse", name).strip() for title, name in sessions.items()}
    subprocess.run(["sh", "-e", "-c", recipe()], cwd=tmp_path, check=True, capture_output=True)
    for store in (tmp_path / "store.git", tmp_path / "hub.git"):
        left = git(store, "for-each-ref", "--format=%(refname)").split()
        kept = ["refs/archive/2025", f"refs/heads/{sessions['C 2026 three']}"]
        assert [ref for ref in left if "claif" not in ref and "remotes" not in ref] == kept
        parents = git(store, "rev-list", "--parents", "-1", "refs/archive/2025").split()[1:]
        assert sorted(parents) == sorted(tip for title, tip in tips.items() if "2025" in title)
        git(store, "fsck", "--strict")
    with claif_git.clone(str(tmp_path / "hub.git"), tmp_path / "clone") as clone:
        assert [session.title for session in clone.list_sessions()] == ["C 2026 three"]
        git(clone.path, "fetch", "-q", "origin", "refs/archive/2025")
        git(clone.path, "branch", sessions["B 2025 two"], tips["B 2025 two"])
        back = clone.get_session(sessions["B 2025 two"])
        assert [message.text for message in back.messages] == [f"B 2025 two: {at}" for at in range(3)]
