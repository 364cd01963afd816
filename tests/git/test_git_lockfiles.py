"""Lock files: a dead owner's goes at once, a living one's is respected, a foreign one's goes when it is old."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from claif_git.errors import ConcurrentUpdateError, StoreError
from claif_git.git import Repository
from claif_git.git.lockfiles import FOREIGN_AGE, LockFiles

HOLDER = """
import sys, time
from claif_git.git.lockfiles import LockFiles
locks = LockFiles(sys.argv[1] + "/claif")
with locks.hold(sys.argv[2], 1.0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def locks(store):
    made = LockFiles(str(store.path / "claif"))
    yield made
    made.close()
    made.close()


@pytest.fixture
def lock(store) -> str:
    return str(store.path / "refs/heads/x.lock")


@pytest.fixture
def holder(store, spawn, lock):
    process = spawn(HOLDER, store.path, lock)
    assert process.stdout.readline() == "held\n"
    return process


def test_the_lock_of_a_living_process_is_respected(locks, lock, holder):
    with pytest.raises(ConcurrentUpdateError, match=r"x\.lock"), locks.hold(lock, 0.05):
        pass
    assert Path(lock).exists()
    holder.communicate("")
    with locks.hold(lock, 1.0):
        assert Path(lock).exists()
    assert not Path(lock).exists()


def test_the_lock_of_a_killed_process_goes_at_once(locks, lock, holder):
    holder.kill()
    holder.wait()
    assert Path(lock).exists()
    with locks.hold(lock, 0.0):
        pass
    holder.communicate()
    assert not Path(lock).exists()


def test_a_living_thread_of_the_same_process_is_respected(locks, lock, store):
    other = LockFiles(str(store.path / "claif"))
    for second in (locks, other):
        with locks.hold(lock, 1.0), pytest.raises(ConcurrentUpdateError), second.hold(lock, 0.02):
            pass
    other.close()


@pytest.mark.parametrize("content", ["", "a" * 40 + "\n", "claif-git: this is not it\n"])
def test_a_foreign_lock_goes_when_it_is_old_and_that_is_logged(locks, lock, caplog, content):
    Path(lock).write_text(content)
    with pytest.raises(ConcurrentUpdateError), locks.hold(lock, 0.02):
        pass
    assert not caplog.records
    old = time.time() - FOREIGN_AGE - 1
    os.utime(lock, (old, old))
    with locks.hold(lock, 0.02):
        pass
    assert "x.lock was left behind" in caplog.text


def test_the_age_of_foreign_locks_is_a_setting(store, append):
    with Repository(store.path, foreign_lock_age=-1) as other:
        Path(store.path / "refs/heads/x.lock").write_text("")
        append(other, "refs/heads/x", None, "hi")


def test_a_lock_that_another_took_after_the_dead_one_is_left(locks, lock, holder, monkeypatch):
    holder.kill()
    holder.wait()
    holder.communicate()
    judged = LockFiles._is_stale
    other = LockFiles(locks._broom.removesuffix("/broom"))

    def taken_meanwhile(self: LockFiles, path: str) -> bool:
        stale = judged(self, path)
        if self is locks and stale and other._fd < 0:
            Path(path).unlink()
            assert other._try(path)
        return stale

    monkeypatch.setattr(LockFiles, "_is_stale", taken_meanwhile)
    assert not locks.clear_stale(lock)
    assert Path(lock).exists()
    other.close()


def test_no_sweeper_and_no_broom_means_waiting(locks, lock, holder, monkeypatch):
    holder.kill()
    holder.wait()
    holder.communicate()
    monkeypatch.setattr("claif_git.git.lockfiles.wait_for", lambda *_args, **_named: None)
    assert not locks.clear_stale(lock)
    monkeypatch.undo()
    assert locks.clear_stale(lock)
    assert locks.clear_stale(lock)


def test_an_owner_file_that_was_swept_is_made_again(locks, lock):
    with locks.hold(lock, 1.0):
        pass
    Path(locks._owner).unlink()
    with locks.hold(lock, 1.0):
        assert Path(locks._owner).exists()


def test_a_folder_that_vanishes_for_ever_is_an_error(locks, store, monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(FileNotFoundError))
    with pytest.raises(StoreError, match="vanishing"), locks.hold(str(store.path / "refs/gone/x.lock"), 1.0):
        pass


def test_a_lock_that_cannot_be_looked_at_counts_as_held(locks, lock):
    Path(lock).mkdir()
    assert not locks.clear_stale(lock)
