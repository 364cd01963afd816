"""What a doctor finds in the index, and that it is built anew where it is wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from support.checkups import fixed, only, put, wrong
from support.talks import say, talk

from claif_git import Message, SessionManager

PAGE = "messages/2026-01-02T03-04-05.000000-abcd-0000"


def test_an_index_that_is_absent_or_behind_is_nothing_wrong(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    assert manager.doctor()[0].message == "there is none; the next list or search builds it"
    manager.list_sessions()
    assert "but for the messages of 1 session," in manager.doctor()[0].message
    say(manager, session, "more")
    assert manager.doctor()[0].message.startswith("behind by 1 session,")
    assert wrong(manager) == []


@pytest.mark.parametrize("data", [b"no database at all " * 99, b"SQLite format 3\x00" + b"\x07" * 5000])
def test_a_damaged_index_is_built_anew(manager: SessionManager, data: bytes) -> None:
    talk(manager, "hello")
    manager.list_sessions()
    manager._finding.close()
    path = manager.path / "claif" / "index.db"
    for file in path.parent.glob("index.db*"):
        file.unlink()
    path.write_bytes(data)
    found = only(manager, "problem")
    assert (found.area, found.repair, found.hint) == ("index", "reindex", "claif-git reindex")
    assert fixed(manager) == [("index", "reindex")]
    assert wrong(manager) == []


def test_a_row_that_says_otherwise_than_its_session_is_found(manager: SessionManager) -> None:
    session = talk(manager, "hello", "hi")
    manager.list_sessions()
    with closing(sqlite3.connect(manager.path / "claif" / "index.db")) as database:
        database.execute("UPDATE sessions SET messages = 7 WHERE shown")
        database.commit()
    found = only(manager, "problem")
    assert found.message == f"it says that {session} shows 7 messages, not 2"
    assert fixed(manager) == [("index", "reindex")]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM blobs WHERE id % 2", "it holds 1 message of {}, not 2"),
        ("DELETE FROM places WHERE position", "it holds 1 message of {}, not 2"),
        ("UPDATE blobs SET total = 9 WHERE total", "it says that {} took 9 tokens, not 7"),
    ],
)
def test_an_index_that_holds_else_than_its_sessions_is_built_anew(
    manager: SessionManager, change: str, said: str
) -> None:
    session = talk(manager, "hello")
    manager.add_message(session, Message("assistant", "hi", tokens=7))  # type: ignore[arg-type]
    manager.search_sessions("hello")
    with closing(sqlite3.connect(manager.path / "claif" / "index.db")) as database:
        database.execute(change)
        database.commit()
    assert only(manager, "problem").message == said.format(session)
    assert fixed(manager) == [("index", "reindex")]
    assert wrong(manager) == []
    assert len(manager.search_sessions("hi")) == 1


def test_a_message_that_breaks_the_format_makes_no_index_wrong(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    put(manager, session, f"{PAGE}/2026-01-02T03-04-06.000000-user-00000001.md", b"no front matter\n")
    manager.search_sessions("hello")
    assert [one.area for one in wrong(manager)] == ["sessions"]


def test_a_folder_where_the_index_should_be_is_told(manager: SessionManager) -> None:
    talk(manager, "hello")
    path = manager.path / "claif" / "index.db"
    path.mkdir(parents=True)
    found = only(manager, "problem", fix=True)
    assert found.hint == f"move it away: mv {path} {path}.old"
    assert len(manager.list_sessions()) == 1


@pytest.mark.parametrize(("version", "said"), [("1", "earlier"), ("99", "later")])
def test_an_index_of_another_version_is_told(manager: SessionManager, version: str, said: str) -> None:
    manager.list_sessions()
    with closing(sqlite3.connect(manager.path / "claif" / "index.db")) as database:
        database.execute("UPDATE meta SET value = ? WHERE key = 'version'", (version,))
        database.commit()
    assert only(manager, "note").message.endswith(said)


def test_an_index_that_others_hold_is_told(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.list_sessions()
    manager._finding.close()
    monkeypatch.setattr("claif_git.index.health.BUSY", 0.01)
    with closing(sqlite3.connect(manager.path / "claif" / "index.db")) as database:
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.execute("BEGIN EXCLUSIVE")
        assert "cannot be looked at" in only(manager, "note").message
