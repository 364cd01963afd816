"""Locks between threads and processes: exclusive, re-entrant where it is said, with a bound on every wait."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from claif_git.errors import ConcurrentUpdateError
from claif_git.git import Repository
from claif_git.git.locks import lock_name, sweep, wait_for

HOLDER = """
import sys
from claif_git.git import Repository
store = Repository.open(sys.argv[1])
with eval(sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hold(store, spawn):
    def start(expression: str):
        process = spawn(HOLDER, store.path, expression)
        assert process.stdout.readline() == "held\n"
        return process

    return start


def test_writers_share_and_maintenance_is_alone(store, hold):
    writer = hold("store.shared()")
    with store.shared(0.0):
        pass
    with pytest.raises(ConcurrentUpdateError, match="busy"), store.exclusive(0.05):
        pass
    writer.communicate("")
    hold("store.exclusive()")
    for begin in (store.shared, store.exclusive):
        with pytest.raises(ConcurrentUpdateError, match="busy"), begin(0.05):
            pass


def test_threads_count_as_processes_do(store):
    said: list[str] = []

    def work() -> None:
        with store.shared(1.0):
            said.append("shared")
        try:
            with store.exclusive(0.02):
                said.append("exclusive")
        except ConcurrentUpdateError:
            said.append("busy")

    with store.shared():
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert said == ["shared", "busy"]


def test_a_thread_may_take_the_stores_lock_again(store):
    with store.shared(), store.shared(0.0):
        pass
    with store.exclusive(), store.exclusive(0.0), store.shared(0.0):
        pass
    with store.exclusive(0.0):
        pass


def test_a_thread_that_shares_cannot_ask_to_be_alone(store):
    with store.shared(), pytest.raises(AssertionError), store.exclusive():
        pass
    with store.exclusive(0.0):
        pass


def test_a_waiting_maintainer_is_let_in_among_writers(store):
    """Two writers that always overlap would keep a maintainer out for ever but for the gate."""
    stop = threading.Event()

    def write() -> None:
        with Repository.open(store.path) as own:
            while not stop.is_set():
                with own.shared():
                    time.sleep(0.004)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        for _ in range(3):
            with store.exclusive(20.0):
                pass
    finally:
        stop.set()
        for writer in writers:
            writer.join()


def test_a_queue_has_one_at_a_time_and_names_who_is_waited_for(store, hold):
    other = hold("store.queue('a-session')")
    with store.queue("another", 0.0):
        pass
    with pytest.raises(ConcurrentUpdateError, match="a-session is busy"), store.queue("a-session", 0.05):
        pass
    other.kill()
    with store.queue("a-session"):
        pass


def test_a_queue_remembers_no_more_than_it_needs(store):
    for at in range(600):
        with store.queue(f"session-{at % 300}", 0.0):
            pass
    assert len(store._queues._turnstiles) <= 257


def test_waiting_behind_who_waits_ends_at_the_deadline(store, hold):
    hold("store.queue('x')")
    first = threading.Thread(target=lambda: wait_quietly(store, 0.6))
    first.start()
    while not (store.path / "claif/queues/x.gate").exists():
        time.sleep(0.001)
    time.sleep(0.1)
    with pytest.raises(ConcurrentUpdateError), Repository.open(store.path).queue("x", 0.05):
        pass
    first.join()


def wait_quietly(store: Repository, seconds: float) -> None:
    with pytest.raises(ConcurrentUpdateError), store.queue("x", seconds):
        pass


def test_a_lock_to_keep_is_anybodys_until_it_is_taken(store, hold):
    with Repository.open(store.path) as other:
        mine = store.try_lock("draft/ÄÖ x")
        assert mine is not None
        assert store.try_lock("draft/ÄÖ x") is None
        assert other.try_lock("draft/ÄÖ x") is None
        mine.release()
        mine.release()
        with other.try_lock("draft/ÄÖ x") as again:
            assert again is not None
    process = hold("store.try_lock('m1')")
    assert store.try_lock("m1") is None
    process.kill()
    process.wait()
    store.try_lock("m1").release()
    assert not list((store.path / "claif/held").iterdir())


def test_lock_names_are_file_names():
    assert lock_name("a-session.1") == "a-session.1"
    for odd in ("", ".", "../x", "A", "a/b", "x" * 101, "é", "\ud800"):
        assert lock_name(odd).isalnum()
        assert len(lock_name(odd)) == 64


def test_files_that_nobody_holds_are_swept_and_held_ones_stay(store):
    folder = store.path / "claif/queues"
    with store.queue("free"):
        pass
    with store.queue("held"):
        sweep(str(folder))
        assert {path.name for path in folder.iterdir()} == {"held"}
        (folder / "sub").mkdir()
        sweep(str(folder))
    assert sweep(str(store.path / "claif/nothing")) == 0
    with store.queue("free"):
        pass


def test_a_lock_whose_file_was_swept_meanwhile_is_taken_anew(tmp_path, monkeypatch):
    path = str(tmp_path / "lock")
    opened: list[int] = []
    real = os.open

    def swept_after_opening(name: str, *rest: int) -> int:
        fd = real(name, *rest)
        if name == path and not opened:
            opened.append(fd)
            Path(path).unlink()
        return fd

    monkeypatch.setattr(os, "open", swept_after_opening)
    lock = wait_for(path, exclusive=True, deadline=0.0)
    monkeypatch.undo()
    assert lock is not None
    assert os.path.samestat(os.fstat(lock.fd), Path(path).stat())
    lock.close()


def test_a_signal_while_waiting_leaves_nothing_locked(tmp_path, monkeypatch):
    path = str(tmp_path / "lock")
    first = wait_for(path, exclusive=True, deadline=0.0)
    monkeypatch.setattr(time, "sleep", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        wait_for(path, exclusive=True, deadline=time.monotonic() + 9)
    first.close()
    second = wait_for(path, exclusive=True, deadline=0.0)
    assert second is not None
    second.close()


def test_who_waits_for_a_burst_to_end_gets_in_though_the_lock_is_taken_again_and_again(tmp_path):
    path = str(tmp_path / "lock")
    stop = threading.Event()

    def take_again_and_again() -> None:
        while not stop.is_set():
            lock = wait_for(path, exclusive=True, deadline=time.monotonic() + 60)
            time.sleep(0.0005)
            lock.close()

    busy = threading.Thread(target=take_again_and_again)
    busy.start()
    try:
        lock = wait_for(path, exclusive=True, deadline=time.monotonic() + 60, after_burst=True)
        assert wait_for(path, exclusive=True, deadline=0.0) is None
        lock.close()
    finally:
        stop.set()
        busy.join()
    lock = wait_for(path, exclusive=True, deadline=time.monotonic() + 60, after_burst=True)
    assert wait_for(path, exclusive=True, deadline=0.0, after_burst=True) is None
    lock.close()


def test_a_child_that_is_forked_while_another_thread_holds_locks_holds_none(store):
    """Forked in the middle of a turn; it lives on while the turn ends, and others write."""
    held, end = threading.Event(), threading.Event()
    ref_lock = str(store.path / "refs/heads/x.lock")

    def turn() -> None:
        with store.queue("x"), store.shared(), store._lock_files.hold(ref_lock, 1.0):
            held.set()
            end.wait()

    thread = threading.Thread(target=turn)
    thread.start()
    held.wait()
    read, write = os.pipe()
    heard, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write)
        os.write(tell, b"x")  # it has given up its copies of the locks by now
        os.read(read, 1)
        os._exit(0)
    try:
        os.read(heard, 1)
        state = store._lock_files.look(ref_lock)
        assert state is not None
        assert not state.is_stale
        end.set()
        thread.join()
        with Repository.open(store.path) as other, other.queue("x", 0.0), other.exclusive(1.0):
            pass
        store.close()
    finally:
        os.close(write)
        os.waitpid(child, 0)


def test_a_writer_that_died_is_known_for_dead_though_a_child_of_it_lives_on(store, spawn):
    code = """
import os, sys
from claif_git.git import Repository
store = Repository.open(sys.argv[1])
with store._lock_files.hold(sys.argv[2], 1.0):
    if os.fork():
        os._exit(1)
    print("held", flush=True)
    sys.stdin.read()
    os._exit(0)
"""
    ref_lock = str(store.path / "refs/heads/x.lock")
    process = spawn(code, store.path, ref_lock)
    assert process.stdout.readline() == "held\n"
    process.wait()
    state = store._lock_files.look(ref_lock)
    assert state is not None
    assert state.is_stale
