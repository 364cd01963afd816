"""When refs are read again: told by the stat of files, and by a clock that the tests turn themselves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from index_stores import git

from claif_git.git import refstamp
from claif_git.git.refstamp import read_loose, read_packed, refs_stamp
from claif_git.index import catchup
from claif_git.model import Message
from claif_git.session import SessionManager

SECOND = 1_000_000_000


class Clock:
    """Makes files as old as a test wants them, and counts how often refs are read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0
        self.packed_read = self.loose_read = 0
        monkeypatch.setattr(refstamp.time, "time_ns", lambda real=time.time_ns: real() + self.ahead)
        monkeypatch.setattr(catchup, "read_packed", self._counted("packed_read", read_packed))
        monkeypatch.setattr(catchup, "read_loose", self._counted("loose_read", read_loose))

    def _counted(self, name: str, real: Any) -> Any:
        def counted(*args: Any) -> Any:
            setattr(self, name, getattr(self, name) + 1)
            return real(*args)

        return counted

    def reads(self) -> tuple[int, int]:
        read = (self.loose_read, self.packed_read)
        self.loose_read = self.packed_read = 0
        return read


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "s", durability="relaxed") as opened:
        opened.create_session("one")
        yield opened


def titles(manager: SessionManager) -> list[str | None]:
    return [session.title for session in manager.list_sessions()]


def test_a_fresh_time_is_not_trusted_and_an_old_one_is(manager: SessionManager, clock: Clock) -> None:
    for _ in range(3):
        assert titles(manager) == ["one"]
    assert clock.reads()[0] == 3
    clock.ahead = 3 * SECOND
    assert titles(manager) == ["one"]
    assert clock.reads()[0] == 1
    for _ in range(3):
        assert titles(manager) == ["one"]
    assert clock.reads() == (0, 0)


def test_a_change_within_the_same_tick_is_seen(manager: SessionManager) -> None:
    folder = manager.path / "refs/heads"
    titles(manager)
    seen = folder.stat()
    manager.create_session("two")
    os.utime(folder, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert titles(manager) == ["two", "one"]


def test_what_was_not_sure_when_it_was_noted_is_never_trusted_later(manager: SessionManager, clock: Clock) -> None:
    folder = manager.path / "refs/heads"
    titles(manager)  # notes nothing: the folder is as fresh as the look
    seen = folder.stat()
    manager.create_session("two")
    os.utime(folder, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    clock.ahead = 10 * SECOND
    assert titles(manager) == ["two", "one"]


def test_only_loose_refs_are_read_where_packed_refs_is_unchanged(manager: SessionManager, clock: Clock) -> None:
    git(manager, "pack-refs", "--all")
    clock.ahead = 3 * SECOND
    titles(manager)
    clock.reads()
    manager.create_session("two")
    assert titles(manager) == ["two", "one"]
    assert clock.reads() == (1, 0)


def test_packed_refs_that_was_replaced_is_read(manager: SessionManager, clock: Clock) -> None:
    first = manager.list_sessions()[0].id
    git(manager, "pack-refs", "--all")
    clock.ahead = 3 * SECOND
    titles(manager)
    packed = manager.path / "packed-refs"
    seen = packed.stat()
    manager.add_message(first, Message("user", "hello"))
    git(manager, "pack-refs", "--all")  # as long as before, and made to look as old: another file all the same
    os.utime(packed, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert packed.stat().st_size == seen.st_size
    assert packed.stat().st_ino != seen.st_ino
    assert manager.list_sessions()[0].message_count == 1


def test_a_ref_that_is_packed_or_deleted_is_noticed(manager: SessionManager, clock: Clock) -> None:
    second = manager.create_session("two")
    git(manager, "pack-refs", "--all")
    manager.add_message(second, Message("user", "loose again"))
    clock.ahead = 3 * SECOND
    assert titles(manager) == ["two", "one"]
    third = manager.create_session("three")
    assert titles(manager) == ["three", "two", "one"]
    git(manager, "branch", "-D", third)
    (manager.path / "refs/heads" / second).unlink()
    assert [session.message_count for session in manager.list_sessions()] == [0, 0]
    git(manager, "branch", "-D", second)
    assert titles(manager) == ["one"]


def test_a_symbolic_ref_is_followed_each_time(manager: SessionManager, clock: Clock) -> None:
    first = manager.list_sessions()[0].id
    git(manager, "symbolic-ref", "refs/heads/link", "refs/remotes/far/away")
    clock.ahead = 3 * SECOND
    assert titles(manager) == ["one"]
    git(manager, "update-ref", "refs/remotes/far/away", f"refs/heads/{first}")
    assert titles(manager) == ["one", "one"]


def test_a_damaged_ref_is_left_out_until_it_is_mended(
    manager: SessionManager, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    first = manager.list_sessions()[0].id
    ref = manager.path / "refs/heads" / first
    whole = ref.read_bytes()
    ref.write_bytes(b"rubbish\n")
    clock.ahead = 3 * SECOND
    assert titles(manager) == []
    assert first in caplog.text
    ref.write_bytes(whole)
    assert titles(manager) == ["one"]


def test_nested_branches_are_no_sessions(manager: SessionManager) -> None:
    git(manager, "branch", "feature/x", manager.list_sessions()[0].id)
    assert titles(manager) == ["one"]
    git(manager, "pack-refs", "--all")
    assert titles(manager) == ["one"]


def test_a_store_in_a_namespace_looks_at_its_own_folder(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "s") as opened:
        opened.create_session("shown as a branch")
        assert titles(opened) == ["shown as a branch"]
        git(opened, "config", "claif.namespace", "true")
    with SessionManager(tmp_path / "s") as hidden:
        assert titles(hidden) == []
        hidden.create_session("hidden")
        assert titles(hidden) == ["hidden"]
        git(hidden, "config", "--unset", "claif.namespace")
    with SessionManager(tmp_path / "s") as opened:
        assert titles(opened) == ["shown as a branch"]


def test_a_copied_store_does_not_trust_the_stamps_that_came_along(tmp_path: Path, clock: Clock) -> None:
    with SessionManager(tmp_path / "s") as first:
        first.create_session("one")
        clock.ahead = 3 * SECOND
        titles(first)
        titles(first)
    git_copy = tmp_path / "t"
    os.system(f"cp -a '{tmp_path / 's'}' '{git_copy}'")  # noqa: S605 - the paths are ours
    clock.reads()
    with SessionManager(git_copy) as copy:
        assert titles(copy) == ["one"]
        assert clock.reads() == (1, 1)


def test_stamps_tell_a_missing_file_from_a_fresh_one(tmp_path: Path) -> None:
    assert refs_stamp(tmp_path, "refs/heads/") == ("none", "none")
    (tmp_path / "refs/heads").mkdir(parents=True)
    assert refs_stamp(tmp_path, "refs/heads/").folder == ""
    os.utime(tmp_path / "refs/heads", ns=(0, time.time_ns() - 3 * SECOND))
    assert refs_stamp(tmp_path, "refs/heads/").folder.count(" ") == 2


def test_locks_and_folders_are_no_loose_refs(tmp_path: Path) -> None:
    heads = tmp_path / "refs/heads"
    assert read_loose(tmp_path, "refs/heads/") == {}
    (heads / "folder").mkdir(parents=True)
    (heads / "a").write_text("1\n")
    (heads / "a.lock").write_text("2\n")
    assert read_loose(tmp_path, "refs/heads/") == {"a": "1"}
    assert read_packed(tmp_path, "refs/heads/") == {}


def test_a_loose_ref_that_vanishes_while_it_is_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "refs/heads").mkdir(parents=True)
    (tmp_path / "refs/heads/a").write_text("1\n")

    def gone(path: str) -> bytes:
        raise FileNotFoundError(path)

    monkeypatch.setattr(refstamp, "read_file", gone)
    assert read_loose(tmp_path, "refs/heads/") == {}
