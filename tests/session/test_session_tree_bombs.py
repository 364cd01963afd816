"""A few small trees, each many times in the next, hold more files than anybody can read: plain git fetches them."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import StoreError
from claif_git.git.treediff import TreeDiff
from claif_git.history.placing import latest_stamp

LEVELS, EQUAL = 12, 10


def tree(store: Path, rows: list[tuple[str, str, str]]) -> str:
    data = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in rows)
    words = ["git", "-C", str(store), "hash-object", "-t", "tree", "-w", "--stdin", "--literally"]
    return subprocess.run(words, input=data, check=True, capture_output=True).stdout.decode().strip()


def bomb(store: Path, session: str) -> None:
    """Put a session's last page into folders named as ours are, ten times in each, and commit that."""
    ref = f"refs/heads/{session}"
    run = git(store, "ls-tree", "--name-only", f"{ref}:messages").split()[-1]
    oid = git(store, "rev-parse", f"{ref}:messages/{run}")
    stamp, writer, _ = run.rsplit("-", 2)
    for level in range(LEVELS):
        names = [f"{stamp[:-2]}{level:02}-{writer}-000{at}" for at in range(EQUAL)]
        oid = tree(store, [("40000", name, oid) for name in names])
    rows = [line.replace("\t", " ").split() for line in git(store, "ls-tree", ref).splitlines()]
    root = [(mode.lstrip("0"), name, oid if name == "messages" else held) for mode, _, held, name in rows]
    git(store, "update-ref", ref, git(store, "commit-tree", "-m", "bomb", "-p", ref, tree(store, root)))


@pytest.fixture
def store(tmp_path: Path) -> tuple[SessionManager, str, str]:
    manager = SessionManager(tmp_path / "store")
    good, bad = (manager.create_session(title) for title in ("good", "bad"))
    for session in (good, bad):
        manager.add_message(session, Message("user", "hello"))
    return manager, good, bad


@pytest.mark.parametrize("known", [False, True], ids=["never listed", "listed before"])
def test_lists_searches_and_sums_leave_it_out_with_a_word(
    store: tuple[SessionManager, str, str], caplog: pytest.LogCaptureFixture, known: bool
) -> None:
    manager, good, bad = store
    if known:
        assert len(manager.search_sessions("hello")) == 2
    bomb(manager.path, bad)
    with caplog.at_level(logging.WARNING):
        assert [session.id for session in manager.list_sessions()] == [good]
    assert [record.getMessage() for record in caplog.records] == [
        f"session {bad} is left out: more than 2,000,000 files below one folder"
    ]
    assert [hit.session_id for hit in manager.search_sessions("hello")] == [good]
    assert manager.store_stats().total.messages == 1


def test_it_cannot_be_read_but_deleted(store: tuple[SessionManager, str, str]) -> None:
    manager, good, bad = store
    bomb(manager.path, bad)
    for act in (
        lambda: manager.get_session(bad).messages,
        lambda: manager.blame(bad),
        lambda: manager.diff_sessions(good, bad),
    ):
        with pytest.raises(StoreError, match="more than 2,000,000 files"):
            act()
    manager.add_message(good, Message("user", "more"))
    manager.delete_session(bad)
    assert [session.id for session in manager.list_sessions()] == [good]


def test_what_differs_and_what_came_last_is_sought_to_an_end(
    store: tuple[SessionManager, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, good, bad = store
    bomb(manager.path, bad)
    monkeypatch.setattr("claif_git.git.trees.MOST_FILES", 2000)
    before, after = (manager._working.peek(name, manager._working.store.tip(name)).root for name in (good, bad))
    assert latest_stamp(after)
    with pytest.raises(StoreError, match="files below one folder"):
        list(TreeDiff(manager._working.repo).added(before.oid, after.oid))
    with pytest.raises(StoreError, match="files below one folder"):
        manager.merge_sessions(good, bad, into_primary=True)
