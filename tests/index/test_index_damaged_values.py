"""A value in the index that cannot be read costs nothing but to build the index anew."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from claif_git import Message, SessionManager


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE sessions SET told = substr(told, 1, 9) WHERE id = 1",
        "UPDATE sessions SET told = told || ',' || told WHERE id = 1",
        "UPDATE sessions SET told = NULL WHERE id = 1",
        "UPDATE blobs SET told = substr(told, 1, 9) WHERE id = 2",
        "UPDATE blobs SET told = '' WHERE id = 2",
        "UPDATE blobs SET told = replace(told, 'user', 'nobody')",
        "UPDATE blobs SET told = '[1, 2]' WHERE id = 2",
        "DELETE FROM folders",
    ],
)
def test_everything_is_read_as_before_and_the_next_time_from_the_index_again(tmp_path: Path, damage: str) -> None:
    with SessionManager(tmp_path / "s") as manager:
        ids = [manager.create_session(f"Talk {at}") for at in range(3)]
        for session_id in ids:
            manager.add_message(session_id, Message("user", f"hello {session_id}"))
        listed = [(session.id, session.title, session.message_count) for session in manager.list_sessions()]
        manager.search_sessions("hello")
    with sqlite3.connect(tmp_path / "s/claif/index.db") as connection:
        connection.execute(damage)
    connection.close()
    for _ in range(2):
        with SessionManager(tmp_path / "s") as manager:
            assert [(session.id, session.title, session.message_count) for session in manager.list_sessions()] == listed
            for session_id in ids:
                assert [message.text for message in manager.get_session(session_id).messages] == [f"hello {session_id}"]
            assert len(manager.search_sessions("hello")) == 3
