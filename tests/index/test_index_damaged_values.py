"""What in the index cannot be read, or contradicts itself, costs nothing but to build the index anew."""

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
        "DELETE FROM places WHERE session = 2",
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


def test_a_table_whose_description_is_damaged_is_made_anew(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "s") as manager:
        made = manager.create_session("Talk")
        manager.list_sessions()
    with sqlite3.connect(tmp_path / "s/claif/index.db") as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = 'CREATE ' || CAST(x'e228a1' AS TEXT) WHERE name = 'places'")
    connection.close()
    with SessionManager(tmp_path / "s") as manager:
        assert "index" in [finding.area for finding in manager.doctor() if finding.repair]
        assert [session.id for session in manager.list_sessions()] == [made]
        assert "index" not in [finding.area for finding in manager.doctor() if finding.repair]


def test_a_list_leaves_out_what_was_deleted_and_repeats_nothing_where_the_index_by_name_is_damaged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s/claif/index.db"
    with SessionManager(tmp_path / "s") as manager:
        kept, deleted = (manager.create_session(title) for title in ("kept", "deleted"))
        manager.list_sessions()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        found = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_sessions_1'"
        (page,) = connection.execute(found).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x0a\0\0\0\0" + size.to_bytes(2, "big") + bytes(size - 7))  # a leaf that holds nothing
    with SessionManager(tmp_path / "s") as manager:
        manager.delete_session(deleted)
        manager.add_message(kept, Message("user", "hello"))
        assert [(session.id, session.message_count) for session in manager.list_sessions()] == [(kept, 1)]
