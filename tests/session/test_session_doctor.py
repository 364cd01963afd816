"""What a doctor finds in a store, and what it mends."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from support.checkups import fixed, only, put, repo, wrong
from support.loosened import loosened
from support.talks import talk

from claif_git import Message, SessionManager
from claif_git.errors import StoreError
from claif_git.git.lockfiles import _OURS
from claif_git.session import trash, upkeep_checks

AREAS = ["index", "objects", "refs", "locks", "drafts", "trash", "marks", "sessions", "config", "disk"]
PAGE = "messages/2026-01-02T03-04-05.000000-abcd-0000"


def test_a_sound_store_is_told_area_by_area(manager: SessionManager) -> None:
    talk(manager, "hello", "hi")
    manager.search_sessions("hello")
    found = manager.doctor()
    assert [one.area for one in found] == AREAS
    assert {one.level for one in found} == {"ok"}
    assert found[0].message.startswith("fresh: 1 session, 2 messages, ")
    assert found[7].message.startswith("1 session, ")
    assert manager.doctor(fix=True)[1:9] == found[1:9]


def test_the_sessions_that_are_read_are_counted(manager: SessionManager) -> None:
    talk(manager, "one")
    talk(manager, "two")
    told: list[tuple[int, int]] = []
    manager.doctor(progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


# objects


def test_a_damaged_pack_is_named(manager: SessionManager) -> None:
    talk(manager, "hello", "hi")
    manager.gc()
    (pack,) = (manager.path / "objects" / "pack").glob("*.pack")
    data = bytearray(pack.read_bytes())
    data[-1] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(bytes(data))
    assert (
        only(manager, "problem").message
        == f"the pack {pack.name} is damaged: its content is not what its checksum says"
    )


def test_a_pack_without_its_index_is_named(manager: SessionManager) -> None:
    folder = manager.path / "objects" / "pack"
    (folder / "pack-1234.pack").write_bytes(b"PACK" + bytes(40))
    assert [one.message for one in wrong(manager)] == [
        "the pack pack-1234.pack is damaged: its content is not what its checksum says"
    ]
    os.utime(folder / "pack-1234.pack", (1, 1))
    assert wrong(manager)[0].message == "the pack pack-1234.pack is damaged: pack-1234.idx is missing"


def test_damaged_loose_objects_that_a_pack_has_are_mended(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    tip = manager._store.tip(session)
    assert tip is not None
    loose = loosened(manager.path, tip)
    kept = loose.read_bytes()
    manager.gc()
    loose.parent.mkdir(exist_ok=True)
    loose.write_bytes(kept[:-4])
    found = only(manager, "problem")
    assert (found.area, found.repair) == ("objects", "pack")
    assert tip in found.message
    assert ("objects", "pack") in fixed(manager)
    assert wrong(manager) == []


@pytest.mark.parametrize(
    "name",
    [
        "pack/tmp_pack_x",
        "pack/.tmp-123-pack-abc.pack",
        "pack/multi-pack-index.lock",
        "info/commit-graph.lock",
        "info/commit-graphs/commit-graph-chain.lock",
    ],
)
def test_what_was_left_half_written_is_removed(manager: SessionManager, name: str) -> None:
    left = manager.path / "objects" / name
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"half")
    assert fixed(manager) == []
    os.utime(left, (1, 1))
    assert f"1 temporary file, as objects/{name}" in only(manager, "note").message
    assert fixed(manager) == [("objects", "clean")]
    assert not left.exists()


def packed(manager: SessionManager) -> Path:
    for said in ("one", "two", "three"):
        talk(manager, said)
    repo(manager)._refs.pack()
    return manager.path / "packed-refs"


def test_a_damaged_line_in_packed_refs_is_named_and_left_alone(manager: SessionManager) -> None:
    path = packed(manager)
    path.write_text(path.read_text().replace("\n", "\nzzzz", 1))
    before = path.read_bytes()
    found = only(manager, "problem")
    assert found.area == "refs"
    assert found.message.endswith("packed-refs is damaged: line 2 is no ref's")
    assert "by hand" in found.hint
    assert fixed(manager) == []
    with pytest.raises(StoreError, match="packed-refs is damaged"):
        manager.purge_session(manager.list_sessions()[0].id)
    assert path.read_bytes() == before


def test_packed_refs_that_are_out_of_order_are_sorted(manager: SessionManager) -> None:
    path = packed(manager)
    held = {session.id for session in manager.list_sessions()}
    head, *lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([head, *reversed(lines)]))
    assert only(manager, "problem").message.startswith("packed-refs is out of order")
    assert fixed(manager) == [("refs", "pack")]
    assert wrong(manager) == []
    with SessionManager(manager.path) as other:
        assert {other.get_session(session_id).id for session_id in held} == held


def test_packing_that_is_due_is_done(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    loosened(manager.path, manager._store.tip(talk(manager, *map(str, range(9)))) or "")
    monkeypatch.setattr("claif_git.git.maintenance.LOOSE_OBJECTS", 3)
    monkeypatch.setattr("claif_git.git.maintenance._SAMPLE", 256)  # all folders, not some that may be empty
    found = only(manager, "note")
    assert found.message.endswith("packing is due")
    assert fixed(manager) == [("objects", "pack")]


def test_a_repair_that_cannot_be_done_is_told(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.list_sessions()
    manager._finding.close()
    (manager.path / "claif" / "index.db").write_bytes(b"rubbish" * 999)

    def fail(*_: object) -> None:
        raise StoreError("the disk is full", hint="make room")

    monkeypatch.setattr(manager._finding, "reindex", fail)
    found = [one for one in manager.doctor(fix=True) if one.is_wrong]
    assert [(one.message, one.hint) for one in found][-1] == ("not repaired: the disk is full", "make room")


def test_a_machine_without_git_is_told(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_checks, "git_available", lambda: False)
    monkeypatch.setattr("claif_git.git.inspection.command.git_available", lambda: False)
    assert only(manager, "note").hint == "install git"


# refs


def test_refs_that_name_nothing_are_named(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    tip = manager._store.tip(session)
    assert tip is not None
    tree = repo(manager).read_commit(tip).tree
    for name, text in [("lost", "a" * 40), ("bad", "rubbish"), ("tree", tree)]:
        (manager.path / "refs" / "heads" / name).write_text(text + "\n")
    found = [one for one in wrong(manager) if one.area == "refs"]
    assert [one.message for one in found] == [
        "ref refs/heads/bad is damaged: it holds no object id",
        f"refs/heads/lost points at {'a' * 40}: object {'a' * 40} is missing",
        f"refs/heads/tree points at {tree}: it is a tree, not a commit",
    ]
    assert [one.session_id for one in found] == ["bad", "lost", "tree"]
    assert all("git update-ref -d refs/heads/" in one.hint for one in found[1:])
    assert found[0].hint.endswith("or remove that file")  # git does not remove what it cannot read
    assert not any("fetch" in one.hint for one in found)


# locks


def lock(manager: SessionManager, name: str, data: bytes, age: float = 0) -> Path:
    path = manager.path / name
    path.write_bytes(data)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_locks_of_the_dead_are_removed_and_those_of_the_living_are_not(manager: SessionManager) -> None:
    dead = lock(manager, "refs/heads/a.lock", _OURS)
    old = lock(manager, "packed-refs.lock", b"", 600)
    young = lock(manager, "refs/heads/b.lock", b"")
    held = str(manager.path / "refs" / "heads" / "c.lock")
    with repo(manager)._lock_files.hold(held, 1):
        told = {one.message.partition(":")[0]: one for one in manager.doctor() if one.area == "locks"}
        assert told["refs/heads/a.lock"].message.endswith("its process is dead")
        assert told["packed-refs.lock"].message.endswith("another program left it 600 s ago")
        assert told["refs/heads/b.lock"].message.endswith("held by another program")
        assert told["refs/heads/c.lock"].message.endswith(f"held by process {os.getpid()}")
        assert sorted(one.level for one in told.values()) == ["ok", "ok", "problem", "problem"]
        assert sorted(fixed(manager)) == [("locks", "clean")] * 2
        assert (dead.exists(), old.exists(), young.exists(), Path(held).exists()) == (False, False, True, True)


def test_in_somebody_elses_repository_only_our_own_locks_go(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "code", durability="relaxed") as manager:
        repo(manager).config_set("claif.namespace", "true")
    with SessionManager(tmp_path / "code", durability="relaxed") as manager:
        dead, old = lock(manager, "a.lock", _OURS), lock(manager, "index.lock", b"", 600)
        assert fixed(manager) == [("locks", "clean")]
        assert (dead.exists(), old.exists()) == (False, True)
        assert only(manager, "problem").hint == "remove it, if no git is running here"


# drafts, trash, marks


def test_unsaved_turns_of_the_dead_are_named_and_left_to_recover(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    with SessionManager(manager.path) as other:
        other.configure_autosave(enabled=False)
        other.add_message(session, Message("user", "unsaved"))  # type: ignore[arg-type]
        assert "a running program has unsaved turns" in next(
            one.message for one in manager.doctor() if one.area == "drafts"
        )
    found = only(manager, "problem", fix=True)
    assert (found.area, found.session_id) == ("drafts", session)
    assert found.hint == f"claif-git session recover {session}"
    manager.delete_session(session)
    assert "wait for it to be restored" in next(one.message for one in manager.doctor() if one.area == "drafts")
    manager.restore_session(session)
    manager.recover_session(session)
    assert wrong(manager) == []


def test_old_trash_is_left_to_gc(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    manager.delete_session(talk(manager, "hello"))
    assert manager.doctor()[5].message == "1 deleted session to be restored, if need be"
    monkeypatch.setattr(trash, "KEPT", timedelta(days=-1))
    assert only(manager, "note", fix=True).hint == "claif-git gc forgets those"
    assert len(manager.trashed_sessions()) == 1


def test_marks_of_no_use_are_removed(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    folder = manager.path / "claif" / "checked"
    folder.mkdir(parents=True, exist_ok=True)
    tip = manager._store.tip(session)
    (folder / session).write_text(f"{tip}\n")
    (folder / "nobody").write_text(f"{tip}\n")
    (folder / "also").mkdir()
    (folder / "also").rmdir()
    assert "as that of nobody" in only(manager, "note").message
    assert fixed(manager) == [("marks", "marks")]
    assert [path.name for path in folder.iterdir()] == [session]
    (folder / session).write_text("rubbish\n")
    assert fixed(manager) == [("marks", "marks")]


# sessions


def test_every_malformed_file_is_named_by_session(manager: SessionManager) -> None:
    session, other = talk(manager, "hello"), talk(manager, "sound")
    put(manager, session, f"{PAGE}/2026-01-02T03-04-06.000000-user-00000001.md", b"no front matter\n")
    put(manager, session, "messages/notes.txt", b"?")
    found = wrong(manager)
    assert {one.session_id for one in found} == {session}
    assert [one.area for one in found] == ["sessions"] * 2
    assert sorted(one.hint for one in found) == [
        f"git show {session}:{PAGE}/2026-01-02T03-04-06.000000-user-00000001.md",
        f"git show {session}:messages/notes.txt",
    ]
    branch = manager.branch_session(other)
    assert {one.session_id for one in wrong(manager)} == {session}
    assert branch in {one.id for one in manager.list_sessions()}


def test_files_that_are_not_there_are_named_by_session(manager: SessionManager) -> None:
    session, other = talk(manager, "hello"), talk(manager, "other")
    blob = manager._working.read(session).shown[0].blob
    tree = repo(manager).read_commit(manager._store.tip(other) or "").tree
    for oid in (blob, tree):
        loosened(manager.path, oid).unlink()
    with SessionManager(manager.path) as fresh:
        found = {one.session_id: one.message for one in wrong(fresh)}
        assert f"object {blob} is missing" in found[session]
        assert found[other] == f"{other}: object {tree} is missing"


def test_a_session_of_a_later_format_is_told(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    put(manager, session, f"sessions/{session}/session.yaml", b"format: 99\n")
    assert "upgrade claif-git" in {one.hint for one in manager.doctor() if one.session_id == session}


# configuration and disk


def test_what_is_wrong_in_the_configuration_is_told(manager: SessionManager) -> None:
    store = repo(manager)
    store.config_set("claif.namespace", "maybe")
    store.config_set("gc.pruneExpire", "now")
    store.config_set("remote.odd.url", "ext::sh -c true")
    store.move_ref("refs/claif/heads/elsewhere", None, manager._store.tip(talk(manager, "hello")))
    told = {one.message for one in manager.doctor() if one.area == "config" and one.level != "ok"}
    assert "claif.namespace is 'maybe', neither true nor false" in told
    assert "gc.pruneExpire lets git take objects away that are just being written" in told
    assert "not looked at: 1 ref below refs/claif/heads/" in told
    assert any(message.startswith("the remote odd: ") for message in told)
    with (manager.path / "config").open("a") as config:
        config.write("[broken\n")
    assert any("config" in one.message and "failed" in one.message for one in wrong(manager))


@pytest.mark.parametrize(("free", "level"), [(1, "problem"), (upkeep_checks.LEAST_FREE, "ok")])
def test_a_full_disk_is_told(manager: SessionManager, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, free))  # type: ignore[attr-defined]
    assert manager.doctor()[-1].level == level


def test_too_little_room_to_pack_and_no_leave_to_write_are_told(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk(manager, "hello")
    manager.gc()
    monkeypatch.setattr(upkeep_checks, "LEAST_FREE", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))  # type: ignore[attr-defined]
    monkeypatch.setattr(upkeep_checks.os, "access", lambda *_: False)
    told = [one.message for one in manager.doctor() if one.area == "disk"]
    assert told[0] == f"nothing can be written: {manager.path} is read-only here"
    assert only(manager, "problem").message == told[0]
    assert "are needed to pack anew" in told[1]
