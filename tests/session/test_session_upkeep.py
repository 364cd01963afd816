"""A store packs itself, beside its writers, and never stands in their way."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import StoreError
from claif_git.git import maintenance
from claif_git.session import upkeep


def loose(store: Path) -> int:
    return int(git(store, "count-objects").split()[0])


def test_a_manager_that_writes_much_keeps_the_loose_tail_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "LOOSE_OBJECTS", 200)
    monkeypatch.setattr(upkeep, "EVERY", 8)
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = manager.create_session()
        for number in range(120):
            manager.add_message(session, Message("user", str(number)))
    assert loose(tmp_path / "store") < 600
    with SessionManager(tmp_path / "store") as manager:
        texts = [message.content for message in manager.get_session(session).messages]
    assert texts == [str(number) for number in range(120)]
    git(tmp_path / "store", "fsck", "--strict")


def test_short_lived_managers_pack_at_their_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "LOOSE_OBJECTS", 100)
    with SessionManager(tmp_path / "store") as manager:
        session = manager.create_session()
    for number in range(40):
        with SessionManager(tmp_path / "store", durability="relaxed") as manager:
            manager.add_message(session, Message("user", str(number)))
    assert loose(tmp_path / "store") < 200


def test_upkeep_that_fails_is_logged_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = manager.create_session()

        def fail(*_: object, **__: object) -> None:
            raise StoreError("no room")

        monkeypatch.setattr(manager._working.repo, "maintain", fail)
        with caplog.at_level(logging.WARNING):
            manager.add_message(session, Message("user", "a"))
            manager.close()
    assert "upkeep: no room" in caplog.text
