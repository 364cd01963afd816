"""Where a branch starts: found by a few looks, and the same as walking back commit by commit finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git import Message, SessionManager
from claif_git.format import layout
from claif_git.git import Repository, ancestry, command
from claif_git.history.snapshot import folder_at
from claif_git.merge.branching import _first_without, newest_without


def walked_back(repo: Repository, tip: str, paths: set[str]) -> set[str]:
    """Give the newest ancestors without any of the paths, by looking at every commit."""
    found: list[str] = []
    queue, looked = [tip], {tip}
    while queue:
        oid = queue.pop()
        commit = repo.read_commit(oid)
        messages = folder_at(repo, commit.tree).folder(layout.MESSAGES)
        if not any(messages.get(path) for path in paths):
            found.append(oid)
            continue
        queue += [parent for parent in commit.parents if parent not in looked]
        looked.update(commit.parents)
    return {oid for oid in found if not any(repo.is_ancestor(oid, other) for other in found if other != oid)}


steps = st.lists(
    st.tuples(st.sampled_from(["say", "say", "aside", "merge", "drop", "edit", "title"]), st.integers(0, 9)),
    min_size=1,
    max_size=14,
)


@settings(max_examples=40, deadline=None)
@given(steps)
def test_a_branch_starts_where_walking_back_would_have_it_start(
    tmp_path_factory: Any, steps: list[tuple[str, int]]
) -> None:
    with SessionManager(tmp_path_factory.mktemp("store") / "s", durability="relaxed") as manager:
        sessions = [manager.create_session("x")]
        manager.add_message(sessions[0], Message("user", "begins"))
        for number, (what, among) in enumerate(steps):
            session = sessions[among % len(sessions)]
            step(manager, sessions, session, what, number, among)
        repo = manager._working.repo
        for session in sessions:
            parent = manager._working.read(session)
            for last in range(-1, len(parent.shown)):
                after = {entry.path for entry in parent.shown[last + 1 :]}
                assert set(newest_without(repo, parent.commit, after)) == walked_back(repo, parent.commit, after)
            if parent.shown:
                middle = len(parent.shown) // 2
                branch = manager.branch_session(session, middle)
                shown = manager._working.read(branch).shown
                assert shown == parent.shown[: middle + 1]


def step(manager: SessionManager, sessions: list[str], session: str, what: str, number: int, among: int) -> None:
    said = manager.get_messages(session)
    if what == "say":
        manager.add_message(session, Message("user", f"said {number}"))
    elif what == "aside":
        sessions.append(manager.branch_session(session, among % len(said) if said else -1))
        manager.add_message(sessions[-1], Message("user", f"aside {number}"))
    elif what == "merge" and len(sessions) > 1:
        other = sessions[(sessions.index(session) + 1) % len(sessions)]
        manager.merge_sessions(session, other, into_primary=True)
    elif what == "drop":
        manager.update_session_messages(session, said[:among] + said[among + 1 :])
    elif what == "edit" and said:
        manager.update_message_metadata(session, among % len(said), {"edited": number})
    elif what == "title":
        manager.update_title(session, f"title {number}")


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 300))
def test_the_first_without_is_found_from_any_guess(held: int, rest: int, guess: int) -> None:
    line = [str(at) for at in range(held + rest or 1)]
    looks: list[str] = []

    def is_held(oid: str) -> bool:
        looks.append(oid)
        return int(oid) < held

    found = _first_without(line, is_held, guess)
    assert found == (held if held < len(line) else None)
    assert len(looks) <= 20
    if guess == held < len(line):
        assert len(looks) <= 2


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_long_history_is_asked_of_git_or_read_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    monkeypatch.setattr(ancestry, "_BY_HAND", 4)
    if by_hand:
        monkeypatch.setattr(command, "git_available", lambda: False)
    with SessionManager(tmp_path / "s", durability="relaxed") as manager:
        session = manager.create_session("x")
        for at in range(20):
            manager.add_message(session, Message("user", f"{at}"))
        repo = manager._working.repo
        line = repo.ancestry.line(manager._store.tip(session) or "", 99)
        assert len(line) == 21
        assert repo.ancestry.parents(line[-1]) == ()
        monkeypatch.setattr(repo.ancestry, "_read", None)
        assert repo.ancestry.line(line[0], 99) == line
        assert repo.ancestry.line(line[0], 7) == line[:7]
        assert repo.ancestry.line(line[0], 99, {line[5]}) == line[:5]
        monkeypatch.undo()


def test_a_git_that_fails_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ancestry, "_BY_HAND", 2)
    monkeypatch.setattr(ancestry, "_MOST", 5)
    with SessionManager(tmp_path / "s", durability="relaxed") as manager:
        session = manager.create_session("x")
        for at in range(9):
            manager.add_message(session, Message("user", f"{at}"))
        repo = manager._working.repo
        monkeypatch.setattr(repo.ancestry, "_dir", tmp_path / "elsewhere")
        assert len(repo.ancestry.line(manager._store.tip(session) or "", 99)) == 10
    assert "one by one" in caplog.text
