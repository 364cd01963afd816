"""Exchange by file: a bundle holds what was named and nothing else, and is read like a remote."""

from __future__ import annotations

import subprocess

import pytest
from support.people import git

from claif_git.errors import InvalidInputError, RemoteError, SessionNotFoundError, StoreError
from claif_git.git.bundles import write_bundle
from claif_git.git.transport import DulwichTransport
from claif_git.history.store_branch import start
from claif_git.model import Message
from claif_git.session import SessionManager
from claif_git.session.remotes import clone


@pytest.fixture(params=["git", "by hand"])
def _way(request, monkeypatch):
    """Write bundles with git, and on a machine that has none."""
    if request.param == "by hand":
        monkeypatch.setattr("claif_git.git.bundles.command.git_available", lambda: False)
        monkeypatch.setattr("claif_git.session.remotes.default_transport", DulwichTransport)


pytestmark = pytest.mark.usefixtures("_way")


@pytest.fixture
def ada(tmp_path):
    with SessionManager(tmp_path / "ada", author="Ada <ada@example.org>") as manager:
        manager.secret = manager.create_session("Secret")
        manager.add_message(manager.secret, Message("user", "the secret"))
        manager.one = manager.create_session("One")
        manager.add_message(manager.one, Message("user", "hello"))
        manager.register_template("mine", {"system_message": "my own words"})
        gone = manager.create_session("Gone")
        manager.delete_session(gone)
        yield manager


def refs(file):
    return sorted(line.split()[1] for line in git(file.parent, "ls-remote", str(file)).splitlines())


def everything(path):
    done = subprocess.run(
        ["git", "-C", str(path), "cat-file", "--batch-all-objects", "--batch"], capture_output=True, check=True
    )
    return done.stdout.decode("latin-1")


def test_it_holds_what_was_named_and_git_finds_it_sound(ada, tmp_path):
    file = tmp_path / "one.bundle"
    assert ada.write_bundle(file, [ada.one[:4]]) == [ada.one]
    assert refs(file) == ["HEAD", "refs/heads/claif-store", f"refs/heads/{ada.one}"]
    git(tmp_path, "init", "-q", "--bare", "empty")
    git(tmp_path / "empty", "bundle", "verify", "-q", str(file))
    git(tmp_path, "clone", "-q", "--mirror", str(file), "plain")
    assert git(tmp_path / "plain", "fsck", "--strict", "--no-dangling") == ""
    found = everything(tmp_path / "plain")
    for kept in ("the secret", "my own words", "tombstones"):
        assert kept not in found
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada", "empty", "one.bundle", "plain"]
    outgoing = ada.path / "claif/outgoing"
    assert list(outgoing.iterdir()) == []


def test_it_is_pulled_and_pulled_again_and_cloned(ada, tmp_path):
    file = tmp_path / "one.bundle"
    ada.write_bundle(file, [ada.one])
    with clone(str(file), tmp_path / "bob", author="Bob <bob@example.org>") as bob:
        assert [message.text for message in bob.get_messages(ada.one)] == ["hello"]
        bob.add_message(ada.one, Message("user", "from bob"))
        bob.write_bundle(tmp_path / "back.bundle", [ada.one])
    ada.add_message(ada.one, Message("user", "from ada"))
    report = ada.read_bundle(tmp_path / "back.bundle")
    assert (report.remote, report.of(ada.one).outcome) == (str(tmp_path / "back.bundle"), "merged")
    assert sorted(message.text for message in ada.get_messages(ada.one)) == ["from ada", "from bob", "hello"]
    assert ada.read_bundle(tmp_path / "back.bundle", [ada.one]).of(ada.one).outcome == "up-to-date"
    assert ada.remotes() == {}
    assert git(ada.path, "for-each-ref", "refs/remotes") == ""
    assert not list((ada.path / "claif/remotes").iterdir())


def test_all_is_every_session_and_naming_nothing_is_refused(ada, tmp_path):
    file = tmp_path / "all.bundle"
    git(ada.path, "branch", "code", git(ada.path, "commit-tree", git(ada.path, "mktree"), "-m", "no session"))
    assert ada.write_bundle(file, all=True) == sorted([ada.one, ada.secret])
    for ids, every in ((None, False), ([], False), ([ada.one], True)):
        with pytest.raises(InvalidInputError, match="name the sessions"):
            ada.write_bundle(file, ids, all=every)
    with pytest.raises(SessionNotFoundError):
        ada.write_bundle(file, ["nope"])


def test_a_bundle_is_replaced_and_anything_else_is_left_alone(ada, tmp_path):
    file = tmp_path / "x.bundle"
    ada.write_bundle(file, [ada.secret])
    ada.write_bundle(file, [ada.one])
    assert refs(file)[-1] == f"refs/heads/{ada.one}"
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    for place in (other, tmp_path, tmp_path / "no/folder.bundle"):
        with pytest.raises(InvalidInputError):
            ada.write_bundle(place, [ada.one])
    assert other.read_text() == "mine"


def test_one_that_cannot_be_written_leaves_nothing(ada, tmp_path, monkeypatch):
    with pytest.raises(StoreError):
        write_bundle(ada._store.repo, tmp_path / "x", {"refs/heads/x": "0" * 40}, "refs/heads/x")
    monkeypatch.setattr("pathlib.Path.rename", _full)
    with pytest.raises(StoreError, match="cannot write"):
        ada.write_bundle(tmp_path / "x", [ada.one])
    assert [path.name for path in tmp_path.iterdir()] == ["ada"]


def _full(*_):
    raise OSError(28, "No space left on device")


def test_what_is_no_bundle_is_refused_in_a_line(ada, tmp_path):
    (tmp_path / "x").write_bytes(b"\0rubbish")
    with pytest.raises(RemoteError) as caught:
        ada.read_bundle(tmp_path / "x")
    assert str(caught.value).isprintable()
    with pytest.raises(InvalidInputError, match="is no file"):
        ada.read_bundle(tmp_path)
    assert ada.remotes() == {}


def test_a_store_inside_code_writes_one_that_any_store_reads(tmp_path):
    git(tmp_path, "init", "-q", "code")
    git(tmp_path / "code", "config", "claif.namespace", "true")
    with SessionManager(tmp_path / "code", author="Eve <eve@example.org>") as eve:
        one = eve.create_session("One")
        eve.write_bundle(tmp_path / "x.bundle", [one])
    assert refs(tmp_path / "x.bundle") == ["HEAD", "refs/heads/claif-store", f"refs/heads/{one}"]
    git(tmp_path, "init", "-q", "--bare", "other")
    git(tmp_path / "other", "config", "claif.namespace", "true")
    with SessionManager(tmp_path / "other", author="Bob <bob@example.org>") as bob:
        assert bob.read_bundle(tmp_path / "x.bundle").of(one).outcome == "new"
        with bob._store.repo.writer() as writer:
            assert bob._store.repo.ref("refs/claif/heads/claif-store") == start(writer.add)


def test_one_that_was_cut_off_anywhere_is_an_error_and_brings_nothing(ada, tmp_path):
    file, cut = tmp_path / "one.bundle", tmp_path / "cut.bundle"
    ada.write_bundle(file, [ada.one])
    data = file.read_bytes()
    head = data.index(b"\n\n") + 2
    with SessionManager(tmp_path / "bob", author="Bob <bob@example.org>") as bob:
        for length in (0, 5, 16, 30, 60, 100, head - 1, head, head + 3):
            cut.write_bytes(data[:length])
            with pytest.raises(RemoteError) as caught:
                bob.read_bundle(cut)
            assert str(caught.value).isprintable()
        for length in (head + 20, (head + len(data)) // 2, len(data) - 1):
            cut.write_bytes(data[:length])
            assert bob.read_bundle(cut).of(ada.one).outcome == "set-aside"
        for rubbish in (b"<html>", data[:16] + b"\n" + data[head:], b"# v2 git bundle\nrubbish\n\nPACK"):
            cut.write_bytes(rubbish)
            with pytest.raises(RemoteError, match=r"no bundle file|no branch|damaged"):
                bob.read_bundle(cut)
        assert bob.list_sessions() == []
        assert bob.read_bundle(file).of(ada.one).outcome == "new"


@pytest.fixture
def code(tmp_path):
    """A repository of code, as a folder and as a bundle."""
    folder = tmp_path / "code"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    git(folder, "commit", "-q", "--allow-empty", "-m", "code")
    git(folder, "bundle", "create", "-q", str(tmp_path / "code.bundle"), "--all")
    return folder


def test_a_pull_of_what_holds_no_session_says_so(ada, code, tmp_path):
    file = tmp_path / "code.bundle"
    ada.add_remote("code", str(code))
    for _ in range(2):
        assert ada.read_bundle(file).notes == [f"{file}: no session in it"]
        assert ada.pull(remote="code").notes == ["code: no session in it"]
        assert ada.fetch("code").notes == ["code: no session in it"]


def test_a_clone_of_what_holds_no_session_says_what_it_did(code, tmp_path):
    reports = []
    for address in (code, tmp_path / "code.bundle"):
        with clone(str(address), tmp_path / f"of-{address.name}", reported=reports.append) as made:
            assert made.list_sessions() == []
            assert made.remotes() == {"origin": str(address)}
    assert [report.notes for report in reports] == [
        ["origin: no session in it; the store is made all the same, with it as its origin"]
    ] * 2


@pytest.mark.usefixtures("code")
def test_a_session_that_a_bundle_has_not_got_is_missed_by_the_bundles_name(ada, tmp_path):
    file = tmp_path / "code.bundle"
    (row,) = ada.read_bundle(file, [ada.one]).sessions
    assert (row.outcome, row.detail) == ("absent", f"{file} has no such session")
