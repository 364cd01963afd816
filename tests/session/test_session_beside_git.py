"""Somebody packs, prunes or purges at the worst moment: what was acknowledged is there, and nothing is broken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import SessionManager
from claif_git.errors import SessionNotFoundError, StoreError
from claif_git.git import command
from claif_git.git.refs import Refs

PACKING = pytest.mark.parametrize("packing", [("repack", "-a", "-d", "-q"), ("gc", "--quiet", "--prune=now")])
FSCK = ("fsck", "--strict", "--full", "--no-dangling")


@pytest.fixture
def packed_before_each_move(monkeypatch: pytest.MonkeyPatch, manager: SessionManager) -> Callable[..., None]:
    """Give what has git pack the store anew right before every move of a ref."""
    move = Refs.move

    def start(*packing: str) -> None:
        def late(self: Refs, *args: Any, **named: Any) -> bool:
            git(manager.path, *packing)
            return move(self, *args, **named)

        monkeypatch.setattr(Refs, "move", late)

    return start


def whole(path: Path) -> bool:
    return git(path, *FSCK) == "" and not list((path / "objects/pack").glob("*.keep"))


@PACKING
def test_a_batch_outlives_packing(manager: SessionManager, packed_before_each_move: Any, packing: Any) -> None:
    first, second = talk(manager, "0"), talk(manager, "0")
    packed_before_each_move(*packing)
    with manager.batch():
        say(manager, first, "1", "2")
        say(manager, second, "1", "2")
    assert texts_afresh(manager.path, first) == texts_afresh(manager.path, second) == ["0", "1", "2"]
    assert whole(manager.path)


@PACKING
def test_an_import_outlives_packing(manager: SessionManager, packed_before_each_move: Any, packing: Any) -> None:
    def exported(count: int) -> bytes:
        return json.dumps([{"role": ["user", "assistant"][at % 2], "content": f"{at}"} for at in range(count)]).encode()

    packed_before_each_move(*packing)
    for count in (2, 4):
        (made,) = manager.import_data(exported(count)).sessions
        assert texts_afresh(manager.path, made.id) == [str(at) for at in range(count)]
    assert whole(manager.path)


@PACKING
def test_a_deletion_outlives_packing(manager: SessionManager, packed_before_each_move: Any, packing: Any) -> None:
    session = talk(manager, "0", "1")
    packed_before_each_move(*packing)
    manager.delete_session(session)
    manager.restore_session(session)
    assert texts_afresh(manager.path, session) == ["0", "1"]
    assert whole(manager.path)


@PACKING
def test_a_pull_outlives_packing(
    tmp_path: Path, manager: SessionManager, packed_before_each_move: Any, packing: Any
) -> None:
    git(tmp_path, "init", "-q", "--bare", "hub")
    with SessionManager(tmp_path / "other") as other:
        session = talk(other, "0", "1")
        other.add_remote("origin", str(tmp_path / "hub"))
        other.push([session])
        manager.add_remote("origin", str(tmp_path / "hub"))
        manager.pull([session])
        say(other, session, "2")
        other.push([session])
    packed_before_each_move(*packing)
    manager.pull([session])
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]
    assert whole(manager.path)


def test_a_purge_of_another_session_takes_nothing_from_a_batch_that_is_being_written(manager: SessionManager) -> None:
    session, unrelated = talk(manager, "0"), talk(manager, "secret")
    with manager.batch():
        say(manager, session, "1")
        with SessionManager(manager.path) as other:
            other.purge_session(unrelated)
        git(manager.path, "gc", "--quiet", "--prune=now")
        say(manager, session, "2")
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]
    assert whole(manager.path)


def test_a_merge_with_what_was_purged_while_somebody_picked_writes_nothing(manager: SessionManager) -> None:
    ours = talk(manager, "0", "1")
    theirs = manager.branch_session(ours)
    say(manager, ours, "ours")
    say(manager, theirs, "theirs")

    def picked(messages: Any) -> Any:
        with SessionManager(manager.path) as other:
            other.purge_session(theirs)
        return messages

    with pytest.raises(StoreError, match="removed from the store meanwhile"):
        manager.merge_sessions(ours, theirs, strategy="manual", resolver=picked)
    assert [session.id for session in manager.list_sessions()] == [ours]
    assert texts_afresh(manager.path, ours) == ["0", "1", "ours"]
    assert whole(manager.path)


@pytest.mark.parametrize("with_git", [True, False])
def test_a_batch_does_not_bring_back_a_session_that_was_purged(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch, *, with_git: bool
) -> None:
    session, stays = talk(manager, "0"), talk(manager, "0")

    def batched() -> None:
        with manager.batch():
            say(manager, session, "1")
            say(manager, stays, "1")
            with monkeypatch.context() as patch, SessionManager(manager.path) as other:
                if not with_git:
                    patch.setattr(command, "git_available", lambda: False)
                other.purge_session(session)

    with pytest.raises(SessionNotFoundError):
        batched()
    assert [found.id for found in manager.list_sessions()] == [stays]
    assert texts(manager, stays) == texts_afresh(manager.path, stays) == ["0", "1"]
    assert whole(manager.path)
