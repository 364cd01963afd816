"""The file of the index: damaged, locked, replaced, of another version, not writable, shared by many."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from index_stores import check_against_git, git
from support.loosened import loosened

from claif_git.errors import IndexUnavailableError, StoreError
from claif_git.index import database, index, schema
from claif_git.index.database import Database
from claif_git.model import Message
from claif_git.session import SessionManager


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with SessionManager(tmp_path / "s", durability="relaxed") as manager:
        for number in range(3):
            session_id = manager.create_session(f"session {number}")
            manager.add_message(session_id, Message("user", f"word {number}"))
    return tmp_path / "s"


@pytest.fixture
def manager(store: Path) -> Iterator[SessionManager]:
    with SessionManager(store, durability="relaxed") as opened:
        yield opened


def file_of(store: Path) -> Path:
    return store / "claif/index.db"


def look(manager: SessionManager) -> tuple[int, int]:
    return len(manager.list_sessions()), len(manager.search_sessions("word"))


def is_shared(manager: SessionManager) -> bool:
    return manager._finding.index.stats().path is not None


def test_the_index_stands_beside_the_refs_and_outlives_its_manager(store: Path) -> None:
    for _ in range(2):
        with SessionManager(store) as manager:
            assert look(manager) == (3, 3)
            assert is_shared(manager)
    assert file_of(store).stat().st_size > 0
    assert not Path(f"{file_of(store)}-wal").exists()


def test_nothing_is_opened_before_it_is_asked(store: Path) -> None:
    with SessionManager(store) as manager:
        manager.add_message(manager.resolve("session-0"), Message("user", "hello"))
    assert not file_of(store).exists()


@pytest.mark.parametrize(
    "damage",
    [b"", b"not a database" * 1000, b"SQLite format 3\x00" + bytes(4096)],
    ids=["empty", "rubbish", "header"],
)
def test_a_damaged_file_is_replaced(store: Path, damage: bytes) -> None:
    file_of(store).write_bytes(damage)
    with SessionManager(store) as manager:
        assert look(manager) == (3, 3)
        assert is_shared(manager)


def test_damage_that_shows_only_later_is_repaired_under_way(store: Path, manager: SessionManager) -> None:
    assert look(manager) == (3, 3)
    manager._finding.index.close()
    with file_of(store).open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        for page in range(4096, size, 4096):
            file.seek(page)
            file.write(b"\xff" * 64)
    assert look(manager) == (3, 3)
    assert is_shared(manager)
    check_against_git(manager)


def test_tables_of_somebody_else_are_replaced(store: Path) -> None:
    connection = sqlite3.connect(file_of(store))
    connection.execute("CREATE TABLE sessions(x)")
    connection.close()
    with SessionManager(store) as manager:
        assert look(manager) == (3, 3)
        assert is_shared(manager)


def test_an_earlier_version_is_replaced_and_a_later_one_left_alone(store: Path) -> None:
    for version, shared in [(schema.VERSION - 1, True), (schema.VERSION + 1, False)]:
        with SessionManager(store) as manager:
            look(manager)
        connection = sqlite3.connect(file_of(store))
        connection.execute("UPDATE meta SET value = ? WHERE key = 'version'", (version,))
        connection.commit()
        connection.close()
        with SessionManager(store) as manager:
            assert look(manager) == (3, 3)
            assert is_shared(manager) is shared


def test_an_index_that_was_removed_or_replaced_under_us_is_made_anew(store: Path, manager: SessionManager) -> None:
    assert look(manager) == (3, 3)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file_of(store)}{suffix}").unlink(missing_ok=True)
    assert look(manager) == (3, 3)
    assert file_of(store).exists()
    with SessionManager(store) as other:
        other.reindex()
        assert look(manager) == (3, 3)
        manager.create_session("after")
        assert (look(other), look(manager)) == ((4, 3), (4, 3))
        assert is_shared(manager)


def test_a_locked_index_is_done_without(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 0.05)
    with SessionManager(store) as manager:
        assert look(manager) == (3, 3)
        holder = sqlite3.connect(file_of(store), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        manager.create_session("while it is locked")
        assert look(manager) == (4, 3)
        assert not is_shared(manager)
        manager.create_session("and another")
        assert look(manager) == (5, 3)
        holder.execute("ROLLBACK")
        holder.close()
        manager._finding.index._alone_until = 0
        assert look(manager) == (5, 3)
        assert is_shared(manager)


def test_a_store_that_cannot_be_written_to_is_listed_and_searched(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise PermissionError("read-only")

    monkeypatch.setattr(index, "open_shared", refused)
    with SessionManager(store) as manager:
        assert look(manager) == (3, 3)
        first = manager._finding.index._database
        manager._finding.index._alone_until = 0  # another try at sharing does not cost what was built
        assert look(manager) == (3, 3)
        assert manager._finding.index._database is first
        assert not is_shared(manager)
        with pytest.raises(StoreError, match="read-only"):
            manager.reindex()
    assert not file_of(store).exists()


def test_a_file_that_can_only_be_read_is_done_without(manager: SessionManager) -> None:
    look(manager)
    shared = manager._finding.index._database
    assert shared is not None
    shared.connection.execute("PRAGMA query_only = ON")
    manager.create_session("one more")
    assert look(manager) == (4, 3)
    assert not is_shared(manager)


def test_without_fts5_sessions_are_listed_from_git(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE VIRTUAL TABLE words USING no_such_module(x)")

    monkeypatch.setattr(schema, "create", broken)
    with SessionManager(store) as manager:
        assert [session.title for session in manager.list_sessions({"title": "session 1"})] == ["session 1"]
        assert len(manager.list_sessions(limit=2)) == 2
        with pytest.raises(IndexUnavailableError, match="FTS5"):
            manager.search_sessions("word")


def test_without_sqlite_sessions_are_listed_from_git(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "claif_git.index", None)
    with SessionManager(store) as manager:
        assert len(manager.list_sessions()) == 3
        tip = manager._store.tip(manager.resolve("session-1"))
        assert tip is not None
    loosened(store, tip).unlink()
    with SessionManager(store) as manager:
        assert len(manager.list_sessions()) == 2
        with pytest.raises(IndexUnavailableError):
            manager.search_sessions("word")


def test_an_error_of_a_temporary_index_is_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "open_shared", lambda *_, **__: None)
    with SessionManager(store) as manager:
        look(manager)
        own = manager._finding.index._database
        assert own is not None
        own.connection.execute("DROP TABLE places")
        with pytest.raises(IndexUnavailableError):
            manager.search_sessions("word")
        assert look(manager) == (3, 3)


def test_a_change_is_whole_or_not_at_all(tmp_path: Path) -> None:
    opened = Database(tmp_path / "x.db")

    def half_way() -> None:
        with opened.writing():
            schema.set_metas(opened.connection, {"a": "b"})
            raise KeyError

    with pytest.raises(KeyError):
        half_way()
    assert "a" not in schema.metas(opened.connection)
    opened.close()


def test_reindexing_builds_the_same_again(manager: SessionManager) -> None:
    look(manager)
    told: list[tuple[int, int]] = []
    stats = manager.reindex(lambda done, every: told.append((done, every)))
    assert (stats.sessions, stats.messages, stats.blobs, stats.version) == (3, 3, 3, schema.VERSION)
    assert stats.bytes > 0
    assert told[-1] == (3, 3)
    check_against_git(manager)


def test_threads_share_one_index(manager: SessionManager) -> None:
    seen: list[Any] = []

    def work() -> None:
        seen.extend(look(manager) for _ in range(10))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [(3, 3)] * 40


def test_a_forked_child_opens_the_index_for_itself(store: Path) -> None:
    with SessionManager(store) as manager:
        assert look(manager) == (3, 3)
        pid = os.fork()
        if pid == 0:
            os._exit(0 if look(manager) == (3, 3) and is_shared(manager) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
        manager.create_session("in the parent")
        assert look(manager) == (4, 3)


def _talk(path: str, number: int) -> None:
    with SessionManager(path, durability="relaxed") as manager:
        session_id = manager.create_session(f"process {number}")
        for turn in range(6):
            manager.add_message(session_id, Message("user", f"word {turn}"))
            own = [one for one in manager.list_sessions() if one.id == session_id]
            assert [one.message_count for one in own] == [turn + 1]
            hits = manager.search_sessions("word", None)
            assert len([hit for hit in hits if hit.session_id == session_id]) == turn + 1


def test_processes_that_write_and_look_all_see_what_they_wrote(store: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_talk, args=(str(store), number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with SessionManager(store) as manager:
        assert look(manager)[0] == 7
        check_against_git(manager)


def test_long_work_is_done_in_slices(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    from claif_git.index import catchup

    monkeypatch.setattr(catchup, "_SLICE", 0.0)
    told: list[tuple[int, int]] = []
    assert len(manager.list_sessions(progress=lambda done, every: told.append((done, every)))) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    told.clear()
    assert len(manager.search_sessions("word", progress=lambda done, every: told.append((done, every)))) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_another_process_that_wrote_in_between_is_heard(
    store: Path, manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claif_git.index import catchup

    monkeypatch.setattr(catchup, "_SLICE", 0.0)
    with SessionManager(store) as other:

        def meanwhile(done: int, _: int) -> None:
            if done == 1:
                other.create_session("meanwhile")
                monkeypatch.setattr(catchup, "_SLICE", 1.0)
                other.list_sessions()

        assert len(manager.list_sessions(progress=meanwhile)) == 4
    git(manager, "pack-refs", "--all")
    assert look(manager) == (4, 3)
