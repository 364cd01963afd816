"""The small file work beneath everything: whole reads, one-step writes, syncing that survives the interpreter's end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from claif_git.git import files
from claif_git.git.syncing import Syncer


def test_a_file_that_grows_while_it_is_read_is_read_whole(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"a" * 10)
    real = os.fstat

    def smaller(fd: int) -> os.stat_result:
        path.write_bytes(b"b" * 3_000_000)
        return os.stat_result((*real(fd)[:6], 10, *real(fd)[7:]))

    monkeypatch.setattr(os, "fstat", smaller)
    assert files.read_file(str(path)) == b"b" * 3_000_000


def test_a_file_that_shrinks_while_it_is_read_ends_where_it_ends(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"a" * 10)
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: os.stat_result((*real(fd)[:6], 20, *real(fd)[7:])))
    assert files.read_file(str(path)) == b"a" * 10


def test_a_replacement_that_fails_leaves_the_old_and_nothing_else(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/full").write_text("x")
    with pytest.raises(OSError, match="folder"):
        files.replace(str(tmp_path / "folder"), b"new", durable=False)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_removing_says_whether_there_was_a_file(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    assert files.remove(str(tmp_path / "file"))
    assert not files.remove(str(tmp_path / "file"))
    assert not files.remove(str(tmp_path))

    def refuse(_: str) -> None:
        raise PermissionError

    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(PermissionError):
        files.remove(str(tmp_path / "file"))


def test_a_folder_that_is_gone_needs_no_syncing(tmp_path):
    files.sync_folder(str(tmp_path / "gone"))
    syncer = Syncer()
    syncer.folders([str(tmp_path / "gone")], str(tmp_path))
    syncer.close()
    syncer.close()


def synced_by(syncer: Syncer, monkeypatch, folders: list[Path], root: Path) -> list[str]:
    seen: list[str] = []
    monkeypatch.setattr("claif_git.git.syncing.sync_folder", lambda folder: seen.append(os.path.relpath(folder, root)))
    syncer.folders([str(folder) for folder in folders], str(root))
    return sorted(seen)


def test_folders_above_are_synced_once_for_each_folder(tmp_path, monkeypatch):
    syncer = Syncer()
    deep = tmp_path / "a/b"
    deep.mkdir(parents=True)
    assert synced_by(syncer, monkeypatch, [deep], tmp_path) == [".", "a", "a/b"]
    assert synced_by(syncer, monkeypatch, [deep], tmp_path) == ["a/b"]
    deep.rename(tmp_path / "kept")
    deep.mkdir()
    assert synced_by(syncer, monkeypatch, [deep, tmp_path / "a"], tmp_path) == ["a", "a/b"]
    syncer.close()


def test_an_error_while_syncing_reaches_the_caller(tmp_path, monkeypatch):
    syncer = Syncer()
    fds = [os.open(tmp_path, os.O_RDONLY) for _ in range(3)]
    done: list[int] = []

    def fail(fd: int) -> None:
        done.append(fd)
        if fd == fds[0]:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        syncer.files(fds)
    assert sorted(done) == fds
    for fd in fds:
        os.close(fd)
    syncer.close()


@pytest.mark.parametrize("closed", [True, False])
def test_threads_end_with_who_had_them(tmp_path, closed):
    before = set(threading.enumerate())
    syncer = Syncer()
    fds = [os.open(tmp_path, os.O_RDONLY) for _ in range(3)]
    syncer.files(fds)
    own = [thread for thread in threading.enumerate() if thread not in before and thread.name == "claif-git-sync"]
    assert own
    if closed:
        syncer.close()
        assert not any(thread.is_alive() for thread in own)
    del syncer
    for thread in own:
        thread.join(60)
        assert not thread.is_alive()
    for fd in fds:
        os.close(fd)


def test_turns_can_be_saved_when_the_interpreter_has_ended_its_threads(spawn, store):
    code = """
import atexit, sys
from claif_git.git import Repository
store = Repository.open(sys.argv[1])
def last():
    with store.writer() as writer:
        oids = [writer.add("blob", b"%d" % at) for at in range(5)]
    print(store.move_ref("refs/heads/x", None, oids[0]))
    store.close()
atexit.register(last)
"""
    assert spawn(code, store.path).communicate()[0] == "True\n"
    assert store.ref("refs/heads/x") is not None
