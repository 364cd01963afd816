"""What is purged is gone: no ref, no object, no index, no log brings it back."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import SessionNotFoundError, StoreError
from claif_git.git import repository

SECRET = "a secret that nobody should have said"


@pytest.fixture(params=["git", "no git"])
def manager(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SessionManager]:
    if request.param == "no git":
        monkeypatch.setattr(repository.command, "git_available", lambda: False)
    with SessionManager(tmp_path / "store") as opened:
        yield opened


def objects(manager: SessionManager) -> str:
    listed = git(manager.path, "cat-file", "--batch-all-objects", "--batch-check")
    blobs = [line.split()[0] for line in listed.splitlines() if " blob " in line]
    return "\n".join(git(manager.path, "cat-file", "-p", blob) for blob in blobs)


def talk(manager: SessionManager, *texts: str) -> str:
    session = manager.create_session("A talk")
    for text in texts:
        manager.add_message(session, Message("user", text))
    return session


def test_nothing_of_a_purged_session_is_left(manager: SessionManager) -> None:
    kept = talk(manager, "something else")
    session = talk(manager, "harmless", SECRET)
    manager.undo(session)
    manager.delete_session(session)
    assert SECRET in objects(manager)
    report = manager.purge_session(session[:12])
    assert (report.session_id, report.remotes, report.shared_by) == (session, [], [])
    assert SECRET not in objects(manager)
    assert all(operation.session_id != session for operation in manager.operations())
    for verb in (manager.get_session, manager.restore_session):
        with pytest.raises(SessionNotFoundError):
            verb(session)
    assert [message.text for message in manager.get_session(kept).messages] == ["something else"]
    git(manager.path, "fsck", "--strict")


def test_a_tombstone_tells_other_stores(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    tip = manager.get_session(session).tip
    manager.purge_session(session)
    stone = git(manager.path, "show", f"claif-store:tombstones/{session}.yaml")
    assert tip in stone
    assert "purged: true" in stone


def test_what_forks_share_stays_in_them_and_is_said(manager: SessionManager) -> None:
    session = talk(manager, "shared", SECRET)
    fork = manager.branch_session(session, 0, "Fork")
    report = manager.purge_session(session)
    assert report.shared_by == [fork]
    assert SECRET not in objects(manager)
    assert [message.text for message in manager.get_session(fork).messages] == ["shared"]


def test_a_dry_run_only_tells(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    git(manager.path, "update-ref", f"refs/remotes/hub/{session}", session)
    report = manager.purge_session(session, dry_run=True)
    assert report.remotes == ["hub"]
    assert f"refs/heads/{session}" in report.refs
    assert [message.text for message in manager.get_session(session).messages] == [SECRET]


def test_drafts_and_tracked_copies_go_too(manager: SessionManager) -> None:
    session = talk(manager, "saved")
    git(manager.path, "update-ref", f"refs/remotes/hub/{session}", session)
    manager.configure_autosave(enabled=False)
    manager.add_message(session, Message("user", SECRET))
    assert manager.purge_session(session).remotes == ["hub"]
    assert SECRET not in objects(manager)
    assert git(manager.path, "for-each-ref", "--format=%(refname)").splitlines() == [
        "refs/claif/ops",
        "refs/heads/claif-store",
    ]
    assert manager.drafts() == []


def test_what_is_not_there_cannot_be_purged(manager: SessionManager) -> None:
    with pytest.raises(SessionNotFoundError):
        manager.purge_session("nothing")


def test_a_commit_graph_names_nothing_that_is_gone(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    talk(manager, "kept")
    git(manager.path, "commit-graph", "write", "--reachable")
    manager.purge_session(session)
    git(manager.path, "fsck", "--strict")


def test_the_purge_is_in_the_log_and_says_none_of_the_titles_words(manager: SessionManager) -> None:
    session = manager.create_session("Layoffs in May")
    manager.add_message(session, Message("user", SECRET))
    manager.delete_session(session)
    manager.purge_session(session)
    (one,) = manager.operations()
    assert (one.verb, one.subject) == ("purge", f"purge: …{session.rpartition('-')[2]}")
    assert "layoffs" not in git(manager.path, "log", "--all", "--format=%B")
    assert "layoffs" not in (manager.path / "claif" / "order").read_text()


def test_a_purge_is_passed_over_by_undo(manager: SessionManager) -> None:
    kept, session = talk(manager, "kept"), talk(manager, SECRET)
    manager.purge_session(session)
    assert manager.undo().subject == "user: kept"
    assert [one.id for one in manager.list_sessions()] == [kept]


@pytest.mark.parametrize("where", ["trash", "tag", "branch", "draft", "tracked", "log"])
def test_whatever_holds_a_copy_is_named(manager: SessionManager, where: str) -> None:
    session = talk(manager, "harmless", SECRET)
    if where == "tag":
        holder = "refs/tags/kept"
        git(manager.path, "-c", "user.name=a", "-c", "user.email=a@b", "tag", "-a", "-m", "x", "kept", session)
    elif where == "branch":
        holder = "refs/heads/by-hand"
        git(manager.path, "branch", "by-hand", session)
    elif where == "log":
        holder = "logs/HEAD"
        (manager.path / "logs").mkdir()
        tip = manager.get_session(session).tip
        (manager.path / holder).write_text(f"{'0' * 40} {tip} a <a@b> 1700000000 +0000\tcommit: x\n")
    else:
        fork = manager.branch_session(session, title="Fork")
        if where == "trash":
            holder = f"refs/claif/trash/{fork}"
            manager.delete_session(fork)
        elif where == "tracked":
            holder = f"refs/remotes/hub/{fork}"
            git(manager.path, "update-ref", holder, fork)
            git(manager.path, "update-ref", "-d", f"refs/heads/{fork}")
        else:
            holder = f"refs/claif/drafts/{fork}/0123456789ab"
            git(manager.path, "update-ref", holder, fork)
            git(manager.path, "update-ref", "-d", f"refs/heads/{fork}")
    told = manager.purge_session(session, dry_run=True)
    report = manager.purge_session(session)
    named = [*report.held_by, *(f"refs/heads/{name}" for name in report.shared_by)]
    assert named == [holder]
    assert told.held_by == report.held_by
    assert not told.objects
    assert report.objects == (SECRET not in objects(manager))


def test_what_holds_nothing_of_it_is_not_named(manager: SessionManager) -> None:
    session, other = talk(manager, SECRET), talk(manager, "something else")
    git(manager.path, "tag", "other", other)
    manager.delete_session(talk(manager, "deleted"))
    report = manager.purge_session(session)
    assert (report.shared_by, report.held_by, report.objects) == ([], [], True)


def test_an_attachment_that_another_session_has_too_is_not_said_to_be_gone(manager: SessionManager) -> None:
    data = base64.b64encode(bytes(range(256)) * 8).decode()
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}
    one, two = talk(manager, "a"), talk(manager, "b")
    for session in (one, two):
        manager.add_message(session, Message("user", [image]))
    report = manager.purge_session(one)
    assert (report.shared_by, report.objects) == ([two], False)


def test_the_reflog_of_a_purged_session_goes_with_it(manager: SessionManager) -> None:
    git(manager.path, "config", "core.logAllRefUpdates", "always")
    session = talk(manager, SECRET)
    git(manager.path, "update-ref", f"refs/heads/{session}", session + "~0", "-m", "by hand", "--create-reflog")
    log = manager.path / "logs" / "refs" / "heads" / session
    log.parent.mkdir(parents=True, exist_ok=True)
    tip = manager.get_session(session).tip
    log.write_text(f"{'0' * 40} {tip} a <a@b> 1700000000 +0000\tcommit: x\n")
    assert manager.purge_session(session).objects
    assert SECRET not in objects(manager)
    assert not log.exists()


def test_what_a_dead_fetch_left_goes_too(manager: SessionManager) -> None:
    session = talk(manager, SECRET)
    left = manager.path / "claif" / "incoming" / "0123456789abcdef" / "objects" / "pack"
    left.mkdir(parents=True)
    (left / "pack-x.pack").write_bytes(SECRET.encode())
    manager.purge_session(session)
    assert list((manager.path / "claif" / "incoming").iterdir()) == []


def test_gc_sweeps_what_a_dead_fetch_left(manager: SessionManager) -> None:
    left = manager.path / "claif" / "incoming" / "0123456789abcdef"
    left.mkdir(parents=True)
    manager.gc()
    assert not left.exists()


def test_the_log_forgets_one_session_of_a_pull_and_keeps_the_others(manager: SessionManager, tmp_path: Path) -> None:
    with SessionManager(tmp_path / "other") as other:
        made = [talk(other, f"of {count}") for count in range(3)]
    manager.add_remote("origin", str(tmp_path / "other"))
    manager.pull()
    manager.undo()
    manager.redo()
    manager.purge_session(made[0])
    assert all(made[0] not in str(one.moves) for one in manager.operations())
    assert set(manager.undo().session_ids) == set(made[1:])
    manager.redo()
    assert {one.id for one in manager.list_sessions()} == set(made[1:])


def test_what_the_log_keeps_of_an_undone_pull_goes_with_its_session(manager: SessionManager, tmp_path: Path) -> None:
    with SessionManager(tmp_path / "other") as other:
        session = talk(other, "a")
        manager.add_remote("origin", str(tmp_path / "other"))
        manager.pull()
        other.add_message(session, Message("user", "theirs"))
        manager.add_message(session, Message("user", "mine"))
        manager.pull()
        manager.add_message(session, Message("user", SECRET))
        for _ in range(2):
            manager.undo()
    git(manager.path, "gc", "-q", "--prune=now")
    assert SECRET in objects(manager)
    report = manager.purge_session(session)
    assert (report.objects, report.remotes) == (True, ["origin"])
    assert SECRET not in objects(manager)
    git(manager.path, "fsck", "--strict")


def test_a_linked_worktree_that_holds_something_of_it_is_named(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session, other = talk(manager, SECRET), talk(manager, "something else")
        git(manager.path, "worktree", "add", "--detach", str(tmp_path / "alone"), session)
        git(manager.path, "worktree", "add", str(tmp_path / "on-it"), session)
        git(manager.path, "worktree", "add", str(tmp_path / "elsewhere"), other)
        for log in manager.path.glob("worktrees/*/logs/HEAD"):
            log.unlink()
        bad = manager.path / "worktrees" / "elsewhere" / "refs" / "bisect" / "bad"
        bad.parent.mkdir(parents=True)
        bad.write_text(manager.get_session(session).tip + "\n")
        report = manager.purge_session(session)
        assert report.held_by == ["worktrees/alone/HEAD", "worktrees/elsewhere/refs/bisect/bad", "worktrees/on-it/HEAD"]
        assert not report.objects
        assert SECRET in objects(manager)


def test_a_reflog_of_a_linked_worktree_is_named(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session, other = talk(manager, SECRET), talk(manager, "something else")
        git(manager.path, "worktree", "add", "--detach", str(tmp_path / "wt"), session)
        git(tmp_path / "wt", "checkout", "-q", "--detach", other)
        assert manager.purge_session(session, dry_run=True).held_by == ["worktrees/wt/logs/HEAD"]


def test_what_working_trees_and_reflogs_need_is_kept(manager: SessionManager, tmp_path: Path) -> None:
    session, kept = talk(manager, SECRET), talk(manager, "something else")
    tree = tmp_path / "wt"
    git(manager.path, "worktree", "add", "--detach", str(tree), kept)
    names = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for text in ("remembered", "standing"):
        (tree / "mine.txt").write_text(text)
        git(tree, "add", "mine.txt")
        git(tree, *names, "commit", "-q", "--amend", "-m", text)
    (tree / "staged.txt").write_text("staged")
    git(tree, "add", "staged.txt")
    with_names = (
        git(manager.path, "rev-parse", kept),
        git(tree, "rev-parse", "HEAD@{1}"),
        git(tree, "rev-parse", "HEAD"),
    )
    git(manager.path, "update-ref", "--no-deref", "HEAD", with_names[1])
    lost = "1" * 40
    with (manager.path / "worktrees" / "wt" / "logs" / "HEAD").open("a") as log:
        log.write(f"{with_names[2]} {lost} a <a@b> 1700000000 +0000\tcommit: that is gone\n")
    assert manager.purge_session(session).objects
    assert SECRET not in objects(manager)
    assert {"remembered", "standing", "staged"} < set(objects(manager).splitlines())
    for commit in with_names:
        git(manager.path, "rev-list", "--objects", commit)
    assert git(tree, "status", "--short") == "A  staged.txt"


@pytest.mark.parametrize("version", ["2", "4"])
def test_a_conflict_in_a_working_tree_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(repository.command, "git_available", lambda: False)
    with SessionManager(tmp_path / "store") as manager:
        session, kept = talk(manager, SECRET), talk(manager, "something else")
        git(manager.path, "worktree", "add", "--detach", str(tmp_path / "wt"), kept)
        oids = {}
        for stage in (1, 2, 3):
            (tmp_path / "side").write_text(f"side {stage}")
            oids[stage] = git(manager.path, "hash-object", "-w", str(tmp_path / "side"))
        rows = "".join(f"100644 {oid} {stage}\tboth.txt\n" for stage, oid in oids.items())
        subprocess.run(
            ["git", "-C", tmp_path / "wt", "update-index", "--index-info"], input=rows, text=True, check=True
        )
        git(tmp_path / "wt", "update-index", "--index-version", version)
        assert manager.purge_session(session).objects
        assert {"side 1", "side 2", "side 3"} < set(objects(manager).splitlines())


@pytest.mark.parametrize("damage", ["split", "rubbish"])
def test_nothing_is_removed_where_nobody_knows_what_a_working_tree_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(repository.command, "git_available", lambda: False)
    with SessionManager(tmp_path / "store") as manager:
        session, kept = talk(manager, SECRET), talk(manager, "something else")
        git(manager.path, "worktree", "add", "--detach", str(tmp_path / "wt"), kept)
        if damage == "split":
            git(tmp_path / "wt", "update-index", "--split-index")
        else:
            (manager.path / "worktrees" / "wt" / "index").write_bytes(b"DIRC\0\0\0\2\0\0")
        before = objects(manager)
        with pytest.raises(StoreError, match="worktrees/wt/index"):
            manager.purge_session(session)
        assert set(before.splitlines()) <= set(objects(manager).splitlines())


def test_what_was_picked_out_of_it_is_named_and_so_is_what_was_picked_of_that(manager: SessionManager) -> None:
    session, into, again, unlike = (
        talk(manager, *words) for words in (["harmless", SECRET], ["mine"], ["too"], ["else"])
    )
    manager.cherry_pick(session, [1], into)
    manager.cherry_pick(into, [1], again)
    manager.cherry_pick(into, [0], unlike)
    manager.drop_messages(into, [1])
    manager.delete_session(again)
    told = manager.purge_session(session, dry_run=True)
    report = manager.purge_session(session)
    assert report.copied_by == told.copied_by == sorted([into, f"refs/claif/trash/{again}"])
    assert (report.shared_by, report.held_by, report.objects) == ([], [], True)


def test_a_copy_that_cannot_be_read_stops_no_purge(manager: SessionManager) -> None:
    session, other = talk(manager, SECRET), talk(manager, "else")
    git(manager.path, "worktree", "add", str(manager.path / "wt"), other)
    (broken,) = (manager.path / "wt" / "messages").rglob("*.md")
    broken.write_text("---\nrole: user\ncopied_from: [\n")
    git(manager.path / "wt", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "by hand")
    assert manager.purge_session(session).copied_by == []


def test_a_picked_copy_that_only_the_log_keeps_is_named(manager: SessionManager, tmp_path: Path) -> None:
    session, into = talk(manager, SECRET), talk(manager, "mine")
    manager.add_remote("origin", str(tmp_path / "hub"))
    with SessionManager(tmp_path / "hub") as hub:
        hub.add_remote("origin", str(manager.path))
        hub.pull()
        hub.cherry_pick(session, [0], into)
    manager.pull()
    manager.undo(into)
    assert "refs/claif/ops" in manager.purge_session(session).copied_by


def test_a_message_that_is_lost_stops_no_purge(manager: SessionManager, monkeypatch: pytest.MonkeyPatch) -> None:
    session, other = talk(manager, SECRET), talk(manager, "else")
    (path,) = git(manager.path, "ls-tree", "-r", "--name-only", other, "messages").splitlines()
    lost, read = git(manager.path, "rev-parse", f"{other}:{path}").strip(), repository.Repository.read_blob

    def without_one(repo: repository.Repository, oid: str) -> bytes:
        if oid == lost:
            raise StoreError(f"{oid} is missing")
        return read(repo, oid)

    monkeypatch.setattr(repository.Repository, "read_blob", without_one)
    assert manager.purge_session(session).copied_by == []


def test_without_git_nothing_is_removed_where_an_index_cannot_be_read(tmp_path: Path, monkeypatch) -> None:
    with SessionManager(tmp_path / "store") as manager:
        session, other = talk(manager, SECRET), talk(manager, "something else")
        git(manager.path, "worktree", "add", str(tmp_path / "elsewhere"), other)
        git(tmp_path / "elsewhere", "update-index", "--split-index")
        with monkeypatch.context() as patched:
            patched.setattr("claif_git.git.command.git_available", lambda: False)
            with pytest.raises(StoreError, match="index"):
                manager.purge_session(session)
        assert manager.get_messages(session)[0].text == SECRET
        assert manager.purge_session(session).objects
