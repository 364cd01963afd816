"""A turn as one pack: neither a power cut, nor kill -9, nor somebody's repacking leaves half of one, or loses one."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import struct
from pathlib import Path

import pytest
from support.power import Recorder, after_cuts

from claif_git.errors import StoreError
from claif_git.git import Repository, command, oid_of
from claif_git.git.refs import Refs
from claif_git.history.transact import transact

REF = "refs/heads/x"


def turn(store: Repository, text: str, *, durable: bool = True) -> str:
    """Add a commit with a file of its own on top of the ref; give it."""

    def act(tip: str | None, add) -> str:
        blob = add("blob", text.encode() * 50)
        tree = add("tree", b"100644 m\0" + bytes.fromhex(blob))
        parents = f"parent {tip}\n" if tip else ""
        who = "A <a@b> 1700000000 +0000"
        return add("commit", f"tree {tree}\n{parents}author {who}\ncommitter {who}\n\n{text}\n".encode())

    new, moved = transact(store, REF, act, durable=durable)
    assert moved
    assert new
    return new


def packs(store: Repository, ending: str = "*.pack") -> list[Path]:
    return sorted((store.path / "objects/pack").glob(ending))


def line(store: Repository) -> list[str]:
    """Give the commits of the ref, newest first, with all that they need read and checked."""
    found, at = [], store.ref(REF)
    while at is not None:
        commit = store.read_commit(at)
        assert all(store.read_blob(entry.oid) for entry in store.read_tree(commit.tree))
        found.append(at)
        at = commit.parents[0] if commit.parents else None
    return found


def whole_packs(store: Repository) -> None:
    """Every pack that has an index is whole, and says so."""
    for index in packs(store, "*.idx"):
        data, pack = index.read_bytes(), index.with_suffix(".pack").read_bytes()
        (count,) = struct.unpack_from(">L", data, 8 + 255 * 4)
        assert pack.startswith(struct.pack(">4sLL", b"PACK", 2, count))
        assert data[-40:-20] == pack[-20:] == hashlib.sha1(pack[:-20], usedforsecurity=False).digest()


def test_whatever_a_power_cut_leaves_is_whole_and_holds_each_acknowledged_turn(tmp_path, store, monkeypatch, git):
    acknowledged = [turn(store, "first")]
    git(store, "pack-refs", "--all")
    shutil.copytree(store.path, tmp_path / "before")
    with monkeypatch.context() as patch:
        recorder, marks = Recorder(store.path, patch), [0]
        for text in ("second", "third"):
            acknowledged.append(turn(store, text))
            marks.append(len(recorder.steps))
    states = 0
    for done, place in after_cuts(tmp_path / "before", store.path, recorder.steps, tmp_path / "cuts"):
        states += 1
        with Repository.open(place) as left:
            whole_packs(left)
            promised = sum(mark <= done for mark in marks)
            found = line(left)
            assert found[::-1] == acknowledged[: len(found)]
            assert len(found) >= promised
        if states % 20 == 0:
            assert git(place, "fsck", "--strict", "--full", "--no-dangling") == ""
            assert git(place, "rev-list", "--count", REF).strip() == str(len(found))
    assert states > 50


def test_the_power_may_go_while_packs_are_joined(tmp_path, store, monkeypatch, git):
    made = [turn(store, f"{at}", durable=False) for at in range(24)]
    os.sync()
    shutil.copytree(store.path, tmp_path / "before")
    with monkeypatch.context() as patch:
        recorder = Recorder(store.path, patch)
        assert store.gather() == 24
    steps = recorder.steps
    first_gone = next(at for at, step in enumerate(steps) if step.what == "leave" and step.name.endswith(".idx"))
    for _, place in after_cuts(tmp_path / "before", store.path, steps[: first_gone + 2], tmp_path / "cuts"):
        with Repository.open(place) as left:
            whole_packs(left)
            assert line(left)[::-1] == made
    git(store, "fsck", "--strict", "--full")


@pytest.mark.parametrize("arguments", [("repack", "-a", "-d", "-q"), ("gc", "--quiet", "--prune=now")])
def test_packing_anew_between_the_pack_and_the_ref_loses_nothing(store, monkeypatch, git, arguments):
    turn(store, "first")
    turn(store, "second")
    move = Refs.move

    def late(self: Refs, *some: object, **named: object) -> bool:
        git(store, *arguments)
        return move(self, *some, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Refs, "move", late)
        third = turn(store, "third")
    assert len(packs(store)) == 2
    assert git(store, "log", "--format=%s", REF).split() == ["third", "second", "first"]
    assert git(store, "rev-parse", REF).strip() == third
    assert not packs(store, "*.keep")
    git(store, "fsck", "--strict", "--full")
    assert len(line(store)) == 3


KILLED = """
import os, signal, sys
from claif_git.git import Repository
from claif_git.git.refs import Refs
with Repository.open(sys.argv[1]) as store:
    Refs.move = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    with store.shared(), store.turn() as turn:
        oid = turn.add("blob", b"never said")
        turn.publish("refs/heads/y", None, oid)
"""


def test_a_pack_that_a_dead_writer_kept_is_let_go_and_anothers_stays(store, spawn):
    turn(store, "first")
    assert spawn(KILLED, store.path).wait() == -signal.SIGKILL
    (kept,) = packs(store, "*.keep")
    by_hand = packs(store)[0].with_name("pack-" + "0" * 40 + ".keep")
    by_hand.write_text("by hand")
    os.utime(by_hand, (1, 1))
    store.maintain(force=True)
    assert packs(store, "*.keep") == [by_hand]
    assert not kept.exists()
    assert store.has(oid_of("blob", b"never said"))  # two weeks, as anything that nothing refers to


def test_a_living_writers_pack_is_kept_from_joining_and_from_upkeep(store):
    for at in range(24):
        turn(store, f"{at}", durable=False)
    with store.shared(), store.turn() as waiting:
        oid = waiting.add("blob", b"waits")
        move = Refs.move

        def late(self: Refs, *some: object, **named: object) -> bool:
            (kept,) = packs(store, "*.keep")
            assert store.gather() == 24
            assert packs(store, "*.keep") == [kept]
            assert kept.with_suffix(".pack").exists()
            return move(self, *some, **named)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Refs, "move", late)
            assert waiting.publish("refs/claif/y", None, oid)
        waiting.settle()
    assert store.read_blob(oid) == b"waits"
    assert len(packs(store)) == 2


@pytest.mark.parametrize("durable", [True, False])
def test_the_same_turn_twice_is_there_once_and_mended_if_it_was_damaged(store, durable, clean):
    with store.shared():
        for at in range(2):
            with store.turn(durable) as made:
                oid = made.add("blob", b"said twice")
                made.add("blob", b"said twice")
                assert made.read(oid) == ("blob", b"said twice")
                assert store.read_blob(oid) == b"said twice"
                commit = made.add("commit", _commit(made.add("tree", b"")))
                assert made.publish(f"refs/heads/{at}", None, commit)
                made.settle()
    assert len(packs(store)) == 1
    assert not list(store.path.rglob("tmp_*"))
    clean(store)


def _commit(tree: str) -> bytes:
    who = "A <a@b> 1700000000 +0000"
    return f"tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n".encode()


def test_a_turn_that_lost_the_race_or_failed_leaves_no_ref_and_no_temporary_files(store, monkeypatch):
    first = turn(store, "first")
    with store.shared(), store.turn() as late:
        oid = late.add("blob", b"late")
        assert not late.publish(REF, "0" * 40, oid)
        late.settle()
        (store.path / "refs/heads/s").write_text("ref: refs/heads/x\n")
        with pytest.raises(StoreError, match="symbolic"):
            late.publish("refs/heads/s", first, oid)
        monkeypatch.setattr(os, "write", _full)
        with pytest.raises(OSError, match="No space"):
            late.publish(REF, first, oid)
    assert store.ref(REF) == first
    assert not list(store.path.rglob("tmp_*"))
    assert not packs(store, "*.keep")


def _full(*_: object) -> int:
    raise OSError(28, "No space left on device")


def test_a_ref_that_moves_to_what_is_there_makes_no_pack(store):
    first = turn(store, "first")
    with store.shared(), store.turn() as made:
        assert made.publish("refs/heads/y", None, first)
        made.settle()
    assert store.ref("refs/heads/y") == first
    assert len(packs(store)) == 1


def test_folders_that_are_missing_are_made(store):
    shutil.rmtree(store.path / "objects/pack")
    assert turn(store, "first") == store.ref(REF)


# Joining


def test_packs_stay_few_however_many_turns(store, monkeypatch, git, clean):
    monkeypatch.setattr(command, "git_available", lambda: False)
    most = 0
    for at in range(700):
        turn(store, f"{at}", durable=False)
        if at % 16 == 0:
            store.gather()
            most = max(most, len(packs(store)))
    assert most <= 40
    assert len(line(store)) == 700
    assert git(store, "rev-list", "--count", REF).strip() == "700"
    clean(store)


def test_packs_with_deltas_on_names_damaged_ones_and_those_that_are_others_business_are_left_alone(store, git):
    for at in range(30):
        turn(store, f"{at}", durable=False)
    git(store, "-c", "repack.useDeltaBaseOffset=false", "repack", "-a", "-d", "-q")
    (deltas,) = packs(store)
    assert deltas.stat().st_size < 32 << 10
    for at in range(30):
        turn(store, f"more {at}", durable=False)
    fresh = [pack for pack in packs(store) if pack != deltas]
    damaged, promised = fresh[0], fresh[1]
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-30] + b"rubbish" * 4 + b"xx")
    promised.with_suffix(".promisor").touch()
    assert store.gather() == 28
    assert {deltas, damaged, promised} < set(packs(store))
    assert len(packs(store)) == 4


def test_packs_that_a_multi_pack_index_names_are_left_to_git(store, git):
    for at in range(30):
        turn(store, f"{at}", durable=False)
    git(store, "multi-pack-index", "write")
    assert store.gather() == 0
    assert len(packs(store)) == 30


def test_an_object_that_several_packs_hold_stands_once_in_what_they_become(store, git, clean):
    for at in range(12):
        turn(store, f"{at}", durable=False)
        with store.shared(), store.turn(durable=False) as made:
            blob = made.add("blob", b"0" * 50)
            commit = made.add("commit", _commit(made.add("tree", b"100644 m\0" + bytes.fromhex(blob))) + b"%d" % at)
            assert made.publish(f"refs/heads/{at}", None, commit)
    assert store.gather() == 24
    (pack,) = packs(store)
    git(store, "verify-pack", str(pack))
    clean(store)


def test_one_joins_at_a_time(store):
    for at in range(24):
        turn(store, f"{at}", durable=False)
    with Repository.open(store.path) as other, other._upkeep(1.0):
        assert store.gather() == 0
    assert store.gather() == 24
    assert store.gather() == 0
    shutil.rmtree(store.path / "objects/pack")
    assert store.gather() == 0
    store._free_packs()
