"""Upkeep: what is loose is packed, what the dead left goes, what is damaged is mended or named; nothing is lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from claif_git.errors import ConcurrentUpdateError, StoreError
from claif_git.git import Repository, command, packing
from claif_git.git.loose import loose_path

WITH_AND_WITHOUT = pytest.mark.parametrize("with_git", [True, False], ids=["with git", "without git"])


@pytest.fixture
def without_git(monkeypatch):
    monkeypatch.setattr(command, "git_version", lambda: (0, 0))


@pytest.fixture
def either(with_git, request):
    return with_git or request.getfixturevalue("without_git")


@pytest.fixture
def filled(store, append) -> Repository:
    tip = None
    for at in range(8):
        tip = append(store, "refs/heads/x", tip, f"turn {at}")
        store.move_ref(f"refs/claif/drafts/x/{at}", None, tip)
    with store.writer(durable=False) as writer:
        writer.add("blob", b"nobody refers to this yet")
    return store


def everything(store: Repository) -> dict[str, tuple[str, bytes]]:
    oids = store._maintenance.loose()
    for index in (store.path / "objects/pack").glob("*.idx"):
        oids += packing._ids(index)
    return {oid: store.read(oid) for oid in oids}


@WITH_AND_WITHOUT
@pytest.mark.usefixtures("either")
def test_objects_and_refs_are_packed_and_none_is_lost(filled, clean, with_git):
    before, refs = everything(filled), filled.refs()
    report = filled.maintain(force=True)
    assert report.with_git == with_git
    assert report.packed_refs == 9
    assert report.packed_objects >= 8 * 5
    assert report.damaged == report.repaired == ()
    assert not filled._refs.loose_names()
    assert everything(filled) == before
    assert filled.refs() == refs
    clean(filled)
    with Repository.open(filled.path) as other:
        assert everything(other) == before


@WITH_AND_WITHOUT
@pytest.mark.usefixtures("either")
def test_it_runs_by_itself_past_a_threshold(filled, monkeypatch):
    assert filled.maintain() is None
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_OBJECTS", 20)
    monkeypatch.setattr("claif_git.git.maintenance._SAMPLE", 256)
    before = everything(filled)
    assert filled.maintain().packed_objects == len(before)
    assert filled.maintain() is None
    assert everything(filled) == before
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_REFS", 2)
    for at in range(3):
        filled.move_ref(f"refs/heads/y{at}", None, filled.ref("refs/heads/x"))
    assert filled.maintain().packed_refs == 3


def test_an_old_git_leaves_no_loose_tail_either(filled, monkeypatch):
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_OBJECTS", 20)
    monkeypatch.setattr("claif_git.git.maintenance._SAMPLE", 256)
    monkeypatch.setattr(command, "git_version", lambda: (2, 30))
    with filled.writer(durable=False) as writer:
        for at in range(40):
            writer.add("blob", b"%d" % at)
    before = everything(filled)
    assert filled.maintain().with_git
    assert filled._maintenance.loose() == []
    assert everything(filled) == before


def test_git_that_fails_is_stood_in_for(filled, monkeypatch, caplog):
    def fail(*_args: object, **_named: object) -> None:
        raise StoreError("git repack failed: fatal: dubious ownership")

    before = everything(filled)
    monkeypatch.setattr(command, "run", fail)
    report = filled.maintain(force=True)
    assert not report.with_git
    assert "dubious ownership" in caplog.text
    assert filled._maintenance.loose() == []
    assert everything(filled) == before


def test_a_collection_that_fails_loses_nothing(filled, monkeypatch, caplog):
    real = command.run

    def fail(arguments, **named):
        if arguments[0] == "gc":
            raise StoreError("git gc failed: fatal: gc is already running")
        return real(arguments, **named)

    before = everything(filled)
    monkeypatch.setattr(command, "run", fail)
    assert filled.maintain(force=True).with_git
    assert "already running" in caplog.text
    assert everything(filled) == before


def test_small_packs_are_joined_without_git(store, monkeypatch, without_git, clean):  # noqa: ARG001 - what it does counts
    monkeypatch.setattr("claif_git.git.maintenance.PACKS", 3)
    for at in range(5):
        with store.pack_writer(durable=False) as writer:
            for number in range(20):
                writer.add("blob", b"%d" % (at * 10 + number))
    before = everything(store)
    packs = sorted((store.path / "objects/pack").glob("*.pack"))
    packs[0].with_suffix(".keep").write_text("")
    with Repository.open(store.path) as other:
        assert all(other.read(oid) == found for oid, found in before.items())
        assert store.maintain() is not None
        assert all(other.read(oid) == found for oid, found in before.items())
    assert len(list((store.path / "objects/pack").glob("*.pack"))) == 2
    assert packs[0].exists()
    assert everything(store) == before
    assert store.maintain() is None
    clean(store)


def test_joining_leaves_what_is_damaged_large_or_gits_own(store, monkeypatch):
    for at in range(3):
        with store.pack_writer(durable=False) as writer:
            oid = writer.add("blob", os.urandom(100 + at * 10))
    packs = {index: index.stat().st_ino for index in (store.path / "objects/pack").glob("*.idx")}
    (store.path / "objects/pack/multi-pack-index").write_text("")
    packing.join_packs(store._objects)
    (store.path / "objects/pack/multi-pack-index").unlink()
    monkeypatch.setattr(packing, "_SMALL", 10)
    packing.join_packs(store._objects)
    monkeypatch.undo()
    assert {index: index.stat().st_ino for index in packs} == packs
    (damaged,) = (index for index in packs if oid in packing._ids(index))
    pack = damaged.with_suffix(".pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:60] + b"?" * 90)
    (store.path / "objects/pack/pack-0.idx").write_bytes(b"rubbish")
    (store.path / "objects/pack/pack-0.pack").write_bytes(b"")
    packing.join_packs(store._objects)
    assert damaged.exists()
    assert (store.path / "objects/pack/pack-0.idx").exists()
    assert len(list((store.path / "objects/pack").glob("*.idx"))) == 3


@WITH_AND_WITHOUT
@pytest.mark.usefixtures("either")
def test_damage_is_mended_where_a_pack_is_whole_and_named_elsewhere(filled, clean, with_git):
    filled._maintenance.pack(use_git=with_git)
    packed = next(iter(everything(filled)))
    with filled.writer(durable=False) as writer:
        twice = writer.add(*filled.read(packed))
        lost = writer.add("blob", b"lost")
    for oid in (twice, lost):
        path = Path(loose_path(filled._objects.folder, oid))
        path.chmod(0o644)
        path.write_bytes(b"")
    report = filled.maintain(force=True)
    assert report.repaired == (twice,)
    assert report.damaged == (lost,)
    assert filled.read(twice)
    with filled.writer(durable=False) as writer:
        writer.add("blob", b"lost")
    clean(filled)


def test_damage_in_both_places_is_named(store):
    with store.pack_writer(durable=False) as writer:
        oid = writer.add("blob", b"x" * 100)
    with store.writer(durable=False) as writer:
        writer.add("blob", b"x" * 100)
    (pack,) = (store.path / "objects/pack").glob("*.pack")
    for path in (pack, Path(loose_path(store._objects.folder, oid))):
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:14].ljust(60, b"?"))
    assert store.maintain(force=True).damaged == (oid,)


def test_what_the_dead_left_is_removed(filled, spawn):
    holder = "import sys\nfrom claif_git.git.lockfiles import LockFiles\n"
    holder += "with LockFiles(sys.argv[1] + '/claif').hold(sys.argv[1] + '/refs/heads/y.lock', 1):\n"
    holder += "    print('held', flush=True); sys.stdin.read()"
    process = spawn(holder, filled.path)
    process.stdout.readline()
    process.kill()
    process.communicate()
    old = time.time() - 90_000
    for name in ("packed-refs.lock", "objects/pack/tmp_pack_x", "objects/00/tmp_obj_x", "tmp_claif_x"):
        (filled.path / name).parent.mkdir(exist_ok=True)
        (filled.path / name).write_text("")
        os.utime(filled.path / name, (old, old))
    (filled.path / "objects/pack/tmp_pack_new").write_text("")
    with filled.queue("x"):
        report = filled.maintain(force=True)
    assert set(report.removed_files) >= {
        "refs/heads/y.lock",
        "packed-refs.lock",
        "objects/pack/tmp_pack_x",
        "objects/00/tmp_obj_x",
        "tmp_claif_x",
    }
    assert (filled.path / "objects/pack/tmp_pack_new").exists()
    assert len(list((filled.path / "claif/owners").iterdir())) == 1
    assert {path.name for path in (filled.path / "claif/queues").iterdir()} <= {"x", "x.gate"}


def test_one_at_a_time(filled, monkeypatch):
    monkeypatch.setattr("claif_git.git.repository._LONG_WAIT", 0.05)
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_REFS", 2)
    with Repository.open(filled.path) as other, other._upkeep(1.0):
        assert filled.maintain() is None
        with pytest.raises(ConcurrentUpdateError):
            filled.maintain(force=True)


def test_maintenance_that_nobody_asked_for_gives_way(filled, monkeypatch):
    monkeypatch.setattr("claif_git.git.repository._UNASKED_WAIT", 0.02)
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_REFS", 2)
    path = Path(loose_path(filled._objects.folder, filled.ref("refs/heads/x")))
    path.chmod(0o644)
    path.write_bytes(b"")
    with Repository.open(filled.path) as other, other.shared():
        assert filled.maintain() is None


def test_a_file_that_vanishes_while_it_is_looked_at_is_no_error(filled):
    (filled.path / "tmp_claif_x").symlink_to("gone")
    assert filled._maintenance.clean() == ()
