"""Many processes, kill -9 at any moment, git's own housekeeping beside them: nothing acknowledged is ever lost."""

from __future__ import annotations

import random
import subprocess
import time
from dataclasses import replace

import pytest

from claif_git.git import Repository

WRITER = """
import sys
from claif_git.git import FILE_MODE, Commit, Repository, TreeEntry, command, encode_tree
path, name, who, count, queued, without = sys.argv[1:]
if without == "without":
    command.git_version = lambda: (0, 0)
store = Repository.open(path)

def turn(at):
    while True:
        old = store.ref(name)
        with store.writer(durable=at % 4 == 0) as writer:
            blob = writer.add("blob", f"{who} {at}".encode())
            tree = writer.add("tree", encode_tree([TreeEntry(FILE_MODE, "m", blob)]))
            parents = (old,) if old else ()
            commit = Commit(tree, parents, "A <a@b>", at, "A <a@b>", at, f"{who} {at}")
            made = writer.add("commit", commit.encode())
        if store.move_ref(name, old, made, durable=at % 4 == 0):
            return

print("ready", flush=True)
sys.stdin.readline()
for at in range(int(count)):
    if queued == "queued":
        with store.queue(name, 60.0), store.shared():
            turn(at)
    else:
        with store.shared():
            turn(at)
    print(at, flush=True)
store.close()
"""


@pytest.fixture
def writers(store, spawn):
    """Start writers that wait for a line, and give the line to all at once."""

    def start(names, count, queued="queued", without="with"):
        made = [spawn(WRITER, store.path, name, who, count, queued, without) for who, name in enumerate(names)]
        for process in made:
            assert process.stdout.readline() == "ready\n"
        for process in made:
            process.stdin.write("go\n")
            process.stdin.flush()
        return made

    return start


def said(store: Repository, name: str) -> list[str]:
    tip = store.ref(name)
    return [commit.message for _, commit in store.walk([tip])] if tip else []


def finish(processes) -> None:
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0


@pytest.mark.parametrize("queued", ["queued", "racing"])
def test_eight_processes_on_one_ref_lose_nothing(store, writers, clean, queued):
    finish(writers(["refs/heads/x"] * 8, 10, queued))
    assert sorted(said(store, "refs/heads/x")) == sorted(f"{who} {at}" for who in range(8) for at in range(10))
    clean(store)
    assert not [*store.path.glob("*.lock"), *(store.path / "refs").rglob("*.lock")]


def housekeeping(store: Repository, how: str) -> None:
    """Do it as somebody else would: in a process or with an opened repository of its own."""
    if how in {"ours with git", "ours without git"}:
        with Repository.open(store.path) as other:
            other._maintenance.pack(use_git=how == "ours with git")
            other.maintain(force=True)
        return
    commands = {"git gc": ["gc", "-q"], "git pack-refs": ["pack-refs", "--all"], "git repack": ["repack", "-adq"]}
    subprocess.run(["git", "-C", str(store.path), *commands[how]], check=False, capture_output=True, timeout=60)


@pytest.mark.parametrize("how", ["ours with git", "ours without git", "git gc", "git pack-refs"])
def test_housekeeping_beside_writers_loses_nothing(store, writers, clean, monkeypatch, how):
    if how == "ours without git":
        monkeypatch.setattr("claif_git.git.command.git_version", lambda: (0, 0))
    names = ["refs/heads/x", "refs/heads/y", "refs/heads/deep/er/z", "refs/heads/x"]
    running = writers(names, 40)
    rounds = 0
    while any(process.poll() is None for process in running):
        housekeeping(store, how)
        rounds += 1
    finish(running)
    assert rounds
    for who, name in enumerate(names):
        messages = said(store, name)
        assert [message for message in messages if message.startswith(f"{who} ")] == [
            f"{who} {at}" for at in reversed(range(40))
        ]
    clean(store)


def test_refs_deleted_and_made_beside_packing_stay_as_their_owners_left_them(store, writers, append):
    """The same values come and go: a packer that trusted values alone would take a new ref for the one it packed."""
    running = writers(["refs/heads/x"], 30)
    tip = append(store, "", None, "a")
    rounds = 0
    while running[0].poll() is None:
        name = f"refs/heads/come-and-go/{rounds % 3}"
        assert store.move_ref(name, None, tip, durable=False)
        with Repository.open(store.path) as other:
            other._refs.pack() if rounds % 2 else housekeeping(store, "git pack-refs")
        assert store.ref(name) == tip
        assert store.move_ref(name, tip, None, durable=False)
        assert store.ref(name) is None
        rounds += 1
    finish(running)
    assert len(said(store, "refs/heads/x")) == 30
    assert set(store.refs()) == {"refs/heads/x"}


def test_a_writer_that_is_killed_loses_nothing_acknowledged_and_holds_nobody_up(store, writers, clean):
    """Who comes next has a few seconds for each lock: a lock that only its age gives away would take a minute."""
    rng = random.Random(7)
    acknowledged = 0
    for number in range(8):
        (victim,) = writers(["refs/heads/x"], 1_000)
        first = victim.stdout.readline()
        time.sleep(rng.uniform(0, 0.02))
        victim.kill()
        acknowledged += len([first, *victim.stdout.read().splitlines()])
        victim.wait()
        reached = said(store, "refs/heads/x")
        assert len(reached) >= acknowledged
        with store.queue("refs/heads/x", 5.0), store.shared(5.0):
            tip = store.ref("refs/heads/x")
            with store.writer() as writer:
                made = writer.add(
                    "commit", replace(store.read_commit(tip), parents=(tip,), message=f"{number}").encode()
                )
            assert store.move_ref("refs/heads/x", tip, made)
        acknowledged += 1
        assert said(store, "refs/heads/x") == [f"{number}", *reached]
    clean(store)


def test_a_stopped_process_ends_nobodys_wait_but_its_own(store, writers):
    (stopped,) = writers(["refs/heads/x"], 100_000)
    stopped.stdout.readline()
    subprocess.run(["kill", "-STOP", str(stopped.pid)], check=True)
    try:
        with store.queue("refs/heads/another", 1.0), store.shared(1.0):
            pass
    finally:
        subprocess.run(["kill", "-CONT", str(stopped.pid)], check=True)
