"""Opening stores: what is one, what is not, what cannot be written to, and what is damaged."""

from __future__ import annotations

import builtins
import errno
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.loosened import loosened
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import Message, SessionManager
from claif_git.errors import StoreError, UnwritableStoreError
from claif_git.git import git_available
from claif_git.session.batch import Batch
from claif_git.session.checked import Checked
from claif_git.session.store import Store


def test_a_store_is_made_where_there_is_none_with_the_folders_above_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "store"
    with SessionManager(path) as manager:
        assert manager.path == path
        session = talk(manager, "hello")
    assert git(path, "symbolic-ref", "HEAD") == "refs/heads/claif-store"
    assert "conversations" in git(path, "show", "claif-store:README.md")
    with SessionManager(str(path)) as again:
        assert texts(again, session) == ["hello"]
    git(path, "fsck", "--strict")


def test_two_stores_made_apart_begin_with_the_same_commits(tmp_path: Path) -> None:
    tips = []
    for name in ("one", "two"):
        SessionManager(tmp_path / name).close()
        tips.append(git(tmp_path / name, "rev-parse", "claif-store"))
    assert tips[0] == tips[1]


def test_what_is_no_store_is_an_error_and_is_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="ascii")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "notes.txt").write_text("x", encoding="ascii")
    for path in (file, folder, file / "below"):
        with pytest.raises((StoreError, FileNotFoundError)) as caught:
            SessionManager(path)
        assert "\n" not in str(caught.value)
    assert [entry.name for entry in folder.iterdir()] == ["notes.txt"]
    with pytest.raises(FileNotFoundError):
        Store.open(tmp_path / "nothing", create=False)


def code_repository(path: Path, *, commits: bool = True) -> Path:
    git(path.parent, "init", "-q", "-b", "main", str(path))
    if commits:
        (path / "code.py").write_text("x = 1\n", encoding="ascii")
        git(path, "add", "code.py")
        git(path, "commit", "-q", "-m", "code")
    return path


@pytest.mark.parametrize("commits", [True, False])
def test_a_code_repository_is_left_alone_unless_it_was_told_to_hold_conversations(
    tmp_path: Path, *, commits: bool
) -> None:
    code = code_repository(tmp_path / "code", commits=commits)
    before = git(code, "for-each-ref")
    with pytest.raises(StoreError, match="holds no conversations") as caught:
        SessionManager(code)
    assert "claif.namespace" in caught.value.hint
    assert (git(code, "for-each-ref"), git(code, "symbolic-ref", "HEAD")) == (before, "refs/heads/main")
    git(code, "config", "claif.namespace", "true")
    with SessionManager(code) as manager:
        session = talk(manager, "in a code repository")
        assert texts(manager, session) == ["in a code repository"]
    assert git(code, "for-each-ref", "refs/heads") == git(code, "for-each-ref", "refs/heads/main")
    assert git(code, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(code, "status", "--porcelain") == ""


def test_a_repository_into_which_plain_git_fetched_sessions_is_a_store(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
    work, bare = tmp_path / "work", tmp_path / "bare"
    git(tmp_path, "clone", "-q", "-b", session, str(tmp_path / "store"), str(work))
    with SessionManager(work) as opened:
        say(opened, session, "again")
    assert git(work, "symbolic-ref", "HEAD") == f"refs/heads/{session}"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(bare))
    git(bare, "fetch", "-q", str(work), f"{session}:{session}")
    with SessionManager(bare) as opened:
        assert texts(opened, session) == ["hello", "again"]
    assert git(bare, "symbolic-ref", "HEAD") == "refs/heads/claif-store"


def test_a_store_of_a_later_format_is_refused(tmp_path: Path) -> None:
    SessionManager(tmp_path / "store").close()
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", str(tmp_path / "store"), str(work))
    for said, shown in (("format: 2\n", "2"), ("format: later\n", r"\?")):
        (work / "claif.yaml").write_text(said, encoding="ascii")
        git(work, "commit", "-q", "-a", "-m", "later")
        git(work, "push", "-q", "origin", "HEAD:claif-store")
        with pytest.raises(StoreError, match=f"format {shown}") as caught:
            SessionManager(tmp_path / "store")
        assert caught.value.hint == "upgrade claif-git"


def test_a_damaged_object_is_named_and_other_sessions_go_on(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session, other = talk(manager, "hello"), talk(manager, "world")
        oid = manager.get_messages(session)[0].origin.blob  # type: ignore[union-attr]
        file = loosened(manager.path, oid)
        file.write_bytes(b"rubbish")
    with SessionManager(tmp_path / "store") as manager:
        with pytest.raises(StoreError, match=oid):
            _ = manager.get_session(session).messages
        assert texts(manager, other) == ["world"]
        say(manager, other, "goes on")
        say(manager, session, "goes on too")


WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to write, as a read-only file system does; permissions would not hold the root user."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    git_available()  # asked once a process: not while git cannot be run
    os_open, built_in_open = os.open, builtins.open

    def guarded(path: Any, flags: int, *args: Any, **options: Any) -> int:
        return refuse() if flags & WRITING else os_open(path, flags, *args, **options)

    def guarded_file(file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        return refuse() if set(mode) & set("wax+") else built_in_open(file, mode, *args, **options)

    monkeypatch.setattr(os, "open", guarded)
    monkeypatch.setattr(builtins, "open", guarded_file)
    for name in ("mkdir", "makedirs", "rename", "replace", "link", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, refuse)


def test_a_store_that_cannot_be_written_to_can_be_read(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello", "world")
        manager.register_template("mine", {"system_message": "x"})
        deleted = talk(manager, "gone")
        manager.delete_session(deleted)
    request.getfixturevalue("read_only")
    with SessionManager(tmp_path / "store") as manager:
        assert texts(manager, session) == ["hello", "world"]
        assert [message.text for message in manager.get_messages(session, limit=1)] == ["world"]
        assert [found.id for found in manager.list_sessions()] == [session]
        assert len(manager.search_sessions("hello")) == 1
        assert "mine" in manager.templates()
        assert manager.get_session_stats(session)["message_count"] == 2
        assert [found.id for found in manager.trashed_sessions()] == [deleted]
        assert manager.drafts() == []
        assert "hello" in manager.export_session(session)
        assert len(manager.log(session)) == 3
        for write in (
            lambda: say(manager, session, "no"),
            lambda: manager.delete_session(session),
            lambda: manager.restore_session(deleted),
            lambda: manager.add_remote("hub", "https://example.org/hub"),
            manager.gc,
        ):
            with pytest.raises(UnwritableStoreError) as caught:
                write()
            assert str(caught.value) == f"cannot write to {tmp_path / 'store'}: Read-only file system"
            assert isinstance(caught.value, OSError)


def test_unsaved_turns_are_left_alone_where_nothing_can_be_written(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
        manager.configure_autosave(enabled=False)
        say(manager, session, "unsaved")
    request.getfixturevalue("read_only")
    with SessionManager(tmp_path / "store") as manager:
        assert [draft.alive for draft in manager.drafts()] == [True]  # nobody can tell, nor save them


def test_what_lies_beside_sessions_is_never_shown_as_one(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session = talk(manager, "hello")
        git(manager.path, "branch", "deep/er", session)
        git(manager.path, "tag", "v1", session)
        assert [found.id for found in manager.list_sessions()] == [session]
        with pytest.raises(FileNotFoundError):
            manager.get_session("deep/er")


# What was looked through for removed files


def test_without_its_mark_or_with_a_damaged_one_history_is_looked_through_again(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, *(str(at) for at in range(70)))
    mark = tmp_path / "store" / "claif" / "checked" / session
    assert mark.exists()
    for data in (b"rubbish", b"", b"0" * 40):
        mark.write_bytes(data)
        with SessionManager(tmp_path / "store", durability="relaxed") as manager:
            say(manager, session, "more")
    assert len(texts_afresh(tmp_path / "store", session)) == 73


def test_who_closes_a_store_leaves_word_how_far_history_was_looked_through(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, *(str(at) for at in range(20)))
        few = talk(manager, "one")
        tip = manager.get_session(session).tip
    marks = tmp_path / "store" / "claif" / "checked"
    assert (marks / session).read_text().strip() == tip
    assert not (marks / few).exists()


def test_a_mark_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, "0")
        checked = Checked(manager._store.repo)
        monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError))
        checked.moved(session, "0" * 40, 1000)
        assert checked._read_mark(session) is None


# Batches


def test_a_batch_that_lost_every_race_is_united_and_one_error_stops_no_other_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        first, second = sorted([talk(manager, "0"), talk(manager, "0")])
        join = Batch._join

        def failing(batch: Batch, ref: str, move: Any) -> None:
            if move.session_id == first:
                raise StoreError("no")
            join(batch, ref, move)

        monkeypatch.setattr(Batch, "_join", failing)

        def racing() -> None:
            with SessionManager(manager.path) as other, manager.batch():
                for session in (first, second):
                    say(manager, session, "batch")
                    say(other, session, "theirs")

        with pytest.raises(StoreError, match="no"):
            racing()
        assert texts(manager, first) == ["0", "theirs"]
        assert sorted(texts(manager, second)) == ["0", "batch", "theirs"]


def test_a_session_deleted_by_others_during_a_batch_lives_on_with_what_was_said(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, "0")
        with SessionManager(manager.path) as other, manager.batch():
            say(manager, session, "1")
            other.delete_session(session)
        assert texts_afresh(manager.path, session) == ["0", "1"]


def test_a_ref_that_is_locked_is_waited_for_in_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from claif_git.errors import ConcurrentUpdateError
    from claif_git.git import Repository

    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, "0")
        move, failed = Repository.move_ref, []

        def locked(repo: Repository, *args: Any, **options: Any) -> bool:
            if not failed:
                failed.append(args)
                raise ConcurrentUpdateError("locked")
            return move(repo, *args, **options)

        with manager.batch():
            say(manager, session, "1")
            monkeypatch.setattr(Repository, "move_ref", locked)
        assert failed
        assert texts_afresh(manager.path, session) == ["0", "1"]


def test_a_history_that_plain_git_rewrote_is_read_as_it_now_is(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, *"01234")
        git(manager.path, "update-ref", f"refs/heads/{session}", f"{session}~2")
        assert texts(manager, session) == list("012")
        say(manager, session, "x")
        assert texts_afresh(manager.path, session) == [*"012", "x"]
        git(manager.path, "branch", "-m", session, "renamed")
        say(manager, "renamed", "y")
        assert texts_afresh(manager.path, "renamed") == [*"012", "x", "y"]


def test_stock_git_collects_garbage_under_an_open_manager(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        session = talk(manager, *"0123")
        held = manager.get_session(session)
        subprocess.run(["git", "-C", str(manager.path), "gc", "-q", "--prune=now"], check=True)
        assert [message.text for message in held.messages] == list("0123")
        manager.add_message(session, Message("user", "4"))
        git(manager.path, "repack", "-q", "-a", "-d")
        assert texts(manager, session) == list("01234") == texts_afresh(manager.path, session)
