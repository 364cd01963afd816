"""A store inside a code repository: the code is not touched, whatever is done to the conversations."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.git_servers import make_hub
from support.people import git

from claif_git import config
from claif_git.errors import InvalidInputError, StoreNotFoundError
from claif_git.git import command, guest
from claif_git.model import Message
from claif_git.session import SessionManager
from claif_git.session.making import init

WHO = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A code repository with a remote, a tag, staged work, and an object that nothing refers to."""
    path = tmp_path / "code"
    git(tmp_path, "init", "-q", "-b", "main", str(path))
    (path / "code.py").write_text("x = 1\n", encoding="ascii")
    git(path, "add", "code.py")
    git(path, *WHO, "commit", "-q", "-m", "code")
    git(path, "tag", "v1")
    make_hub(tmp_path / "hub.git")
    git(path, "remote", "add", "origin", "../hub.git")
    git(path, "push", "-q", "origin", "main")
    (path / "code.py").write_text("x = 2\n", encoding="ascii")
    git(path, "add", "code.py")
    return path


def of_the_code(path: Path) -> list[str]:
    """Give all that is the code's own: refs, HEAD, what is staged, and loose objects and packs by name."""
    refs = [line for line in git(path, "for-each-ref").splitlines() if "refs/claif/" not in line]
    return [*refs, git(path, "symbolic-ref", "HEAD"), git(path, "status", "--porcelain"), git(path, "stash", "list")]


def dangling(path: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(path), "hash-object", "-w", "--stdin"],
        input="precious",
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def say(manager: SessionManager, *lines: str) -> str:
    one = manager.create_session("Talk")
    for line in lines:
        manager.add_message(one, Message("user", line))  # type: ignore[arg-type]
    return one


def test_it_is_made_in_the_repository_that_a_path_is_in(code: Path) -> None:
    before = of_the_code(code)
    (code / "src/deep").mkdir(parents=True)
    made = init(code / "src/deep", namespace=True)
    assert (made.path, made.is_new, made.namespace) == (code / ".git", True, True)
    assert git(code, "config", "claif.namespace") == "true"
    assert of_the_code(code) == before
    assert git(code, "branch", "--all", "--format=%(refname)").split() == [
        "refs/heads/main",
        "refs/remotes/origin/main",
    ]
    again = init(code, namespace=True)
    assert (again.path, again.is_new) == (made.path, False)


def test_without_a_repository_there_is_nothing_to_make_it_in(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError, match="in no git repository"):
        init(tmp_path, namespace=True)
    init(tmp_path / "store")
    with pytest.raises(InvalidInputError, match="is a store already"):
        init(tmp_path / "store", namespace=True)
    assert init(tmp_path / "store").is_new is False


def test_the_default_store_is_the_nearest(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLAIF_GIT_STORE", raising=False)
    (code / "src").mkdir()
    monkeypatch.chdir(code / "src")
    assert code not in config.default_store().parents
    init(code, namespace=True)
    assert config.default_store() == code / ".git"
    (code / "src/.claif").mkdir()
    assert config.default_store() == code / "src/.claif"
    monkeypatch.chdir(code)
    git(code, "worktree", "add", "-q", "../tree", "v1")
    monkeypatch.chdir(code.parent / "tree")
    assert config.default_store() == (code / ".git").resolve()
    (code.parent / "tree/.git").write_text("gitdir: \0nowhere")
    assert code / ".git" != config.default_store()


def test_every_verb_works_and_nothing_of_the_code_changes(code: Path, tmp_path: Path) -> None:
    before = of_the_code(code)
    init(code, namespace=True)
    with SessionManager(code, author="Ada <ada@example.org>") as ada:
        one = say(ada, "a", "b", "c")
        two = ada.branch_session(one, 0, "Branch")
        ada.add_message(two, Message("user", "d"))  # type: ignore[arg-type]
        ada.merge_sessions(one, two, into_primary=True)
        ada.undo(one)
        ada.push([one])
        assert ada.status().sessions[0].state in ("local", "up-to-date")
        ada.delete_session(two)
        ada.restore_session(two)
        assert sorted(session.id for session in ada.list_sessions()) == sorted([one, two])
        assert [hit.session_id for hit in ada.search_sessions("d")] == [two]
        assert ada.gc()["maintenance"].with_git
        with SessionManager(tmp_path / "bob", author="Bob <bob@example.org>") as bob:
            bob.add_remote("origin", str(tmp_path / "hub.git"))
            assert [row.outcome for row in bob.pull().sessions] == ["new"]
            bob.add_message(one, Message("user", "from bob"))  # type: ignore[arg-type]
            bob.push()
        assert ada.sync()[0].of(one).outcome == "fast-forward"  # type: ignore[union-attr]
        assert ada.get_messages(one)[-1].text == "from bob"
    assert of_the_code(code) == before
    hub = git(tmp_path / "hub.git", "for-each-ref", "--format=%(refname)").split()
    assert hub == sorted(["refs/claif/heads/claif-store", f"refs/claif/heads/{one}", "refs/heads/main"])
    git(tmp_path, "clone", "-q", "hub.git", "plain")
    assert git(tmp_path / "plain", "branch", "-a", "--format=%(refname)").split()[-1] == "refs/remotes/origin/main"
    assert git(tmp_path / "plain", "for-each-ref", "refs/claif") == ""


def test_neither_a_purge_nor_gc_takes_what_is_the_codes(code: Path) -> None:
    init(code, namespace=True)
    kept, lock = dangling(code), code / ".git/index.lock"
    lock.touch()
    with SessionManager(code, author="Ada <ada@example.org>") as ada:
        one = say(ada, "secret")
        tip = ada._store.tip(one)
        purged = ada.purge_session(one)
        assert purged.objects is False
        ada.gc()
        assert ada._store.repo.maintain() is None
        assert ada._store.repo.ref(f"refs/claif/heads/{one}") is None
    assert lock.exists()
    lock.unlink()
    assert git(code, "cat-file", "-p", kept) == "precious"
    assert git(code, "cat-file", "-t", tip) == "commit"  # goes with git's own gc, when that finds it old enough
    git(code, "gc", "-q", "--prune=now")
    assert git(code, "cat-file", "-t", str(tip), check=False) == ""


def test_the_codes_own_remote_is_not_ours_to_forget(code: Path) -> None:
    init(code, namespace=True)
    with SessionManager(code, author="Ada <ada@example.org>") as ada:
        with pytest.raises(InvalidInputError, match="of the code as well") as caught:
            ada.remove_remote("origin")
        assert caught.value.hint == "git remote remove origin"
        ada.add_remote("talks", str(code.parent / "talks.git"))
        ada.remove_remote("talks")
    assert git(code, "config", "--get-regexp", "remote.*").splitlines() == [
        "remote.origin.url ../hub.git",
        "remote.origin.fetch +refs/heads/*:refs/remotes/origin/*",
    ]


def test_a_relative_address_of_gits_own_is_taken_from_the_top(
    code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(code, namespace=True)
    (tmp_path / "elsewhere/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere/deep")
    with SessionManager(code, author="Ada <ada@example.org>") as ada:
        one = say(ada, "a")
        assert ada.push([one]).of(one).outcome == "sent"  # type: ignore[union-attr]


def test_upkeep_that_git_cannot_do_is_left_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guest.maintain(tmp_path / "nowhere").with_git
    monkeypatch.setattr(command, "git_available", lambda: False)
    assert not guest.maintain(tmp_path / "nowhere").with_git
