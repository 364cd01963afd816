"""A clone is a store of its own, whose origin is where it came from; one that fails leaves nothing behind."""

from __future__ import annotations

import pytest
from support.forge import Forge
from support.people import git

from claif_git.errors import InvalidInputError, RemoteError, UnsafeAddressError
from claif_git.model import Message
from claif_git.session.remotes import clone

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def one(hub, person):
    ada = person("ada", hub)
    session_id = ada.create_session("One")
    ada.add_message(session_id, Message("user", "hello"))
    ada.push([session_id])
    return session_id


def test_a_clone_has_the_sessions_and_knows_its_origin(one, hub, tmp_path):
    lines, reports = [], []
    with clone(hub.address, tmp_path / "b", progress=lines.append, reported=reports.append) as bob:
        assert [session.id for session in bob.list_sessions()] == [one]
        assert bob.remotes() == {"origin": hub.address}
        assert git(bob.path, "symbolic-ref", "HEAD") == "refs/heads/claif-store"
        assert git(bob.path, "fsck", "--strict") == ""
    assert lines
    assert reports[0].of(one).outcome == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada", "b", "hub.git"]


def test_an_empty_remote_is_a_fine_beginning(hub, tmp_path):
    (tmp_path / "b").mkdir()
    with clone(hub.address, tmp_path / "b") as bob:
        assert bob.list_sessions() == []
        bob.push([bob.create_session("First")])


def test_what_is_not_sound_stays_away_from_a_clone(one, hub, tmp_path):
    forge = Forge(hub.path)
    forge.forge("evil", {"..": {"x": b""}})
    forge.repo.close()
    reports = []
    with clone(hub.address, tmp_path / "b", reported=reports.append) as bob:
        assert [session.id for session in bob.list_sessions()] == [one]
        assert git(bob.path, "fsck", "--strict") == ""
    assert [row.session_id for row in reports[0].problems] == ["evil"]


@pytest.mark.parametrize("known", [2, 250_000])
def test_sessions_that_share_their_past_come_in_several_goes(hub, person, tmp_path, monkeypatch, known):
    ada = person("ada", hub)
    one = ada.create_session("One")
    ada.add_message(one, Message("user", "hello"))
    branches = [ada.branch_session(one, 0) for _ in range(4)]
    for at, branch in enumerate(branches):
        ada.add_message(branch, Message("user", f"on {at}"))
    ada.push([one, *branches])
    forge = Forge(hub.path)
    forge.forge("evil", {"..": {"x": b""}})
    forge.repo.close()
    monkeypatch.setattr("claif_git.sync.fetching._AT_ONCE", 2)
    monkeypatch.setattr("claif_git.sync.plain._MOST", known)
    reports = []
    with clone(hub.address, tmp_path / "b", reported=reports.append) as bob:
        assert {session.id for session in bob.list_sessions()} == {one, *branches}
        assert [bob.get_messages(branch)[-1].text for branch in branches] == [f"on {at}" for at in range(4)]
        assert git(bob.path, "fsck", "--strict") == ""
        assert not list((bob.path / "claif" / "incoming").glob("*"))
    assert [row.session_id for row in reports[0].problems] == ["evil"]


def test_a_bundle_can_be_cloned(one, hub, tmp_path):
    git(hub.path, "bundle", "create", "-q", str(tmp_path / "x.bundle"), "--all")
    with clone(str(tmp_path / "x.bundle"), tmp_path / "b") as bob:
        assert [message.text for message in bob.get_messages(one)] == ["hello"]


def test_a_path_that_is_taken_is_refused(hub, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b/x").write_text("mine")
    (tmp_path / "c").write_text("mine")
    for place in (tmp_path / "b", tmp_path / "c"):
        with pytest.raises(InvalidInputError, match="not empty"):
            clone(hub.address, place)
    assert (tmp_path / "b/x").read_text() == "mine"


def test_a_clone_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(RemoteError):
        clone(str(tmp_path / "nowhere"), tmp_path / "new/folder/b")
    with pytest.raises(UnsafeAddressError):
        clone("ext::sh -c x", tmp_path / "new/b")
    assert list(tmp_path.iterdir()) == []


def test_rubbish_is_no_repository(tmp_path):
    (tmp_path / "x.bundle").write_bytes(b"# v2 git bundle\nrubbish\n\nPACK")
    (tmp_path / "y.bundle").write_bytes(b"\0" * 100)
    for name in ("x.bundle", "y.bundle"):
        with pytest.raises(RemoteError) as caught:
            clone(str(tmp_path / name), tmp_path / "b")
        assert str(caught.value).isprintable()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.bundle", "y.bundle"]
