"""Both transports, over every way to a remote: the same verbs give the same."""

from __future__ import annotations

import re

import pytest
from support.people import git
from support.talks import texts

from claif_git.errors import DivergedError, RemoteError
from claif_git.git import Repository
from claif_git.git.transport import Limits, RefUpdate, parse_address, quarantine
from claif_git.model import Message
from claif_git.session.remotes import clone

pytestmark = pytest.mark.usefixtures("transport")


def said(manager, title, *lines):
    session_id = manager.create_session(title)
    for line in lines:
        manager.add_message(session_id, Message("user", line))
    return session_id


def test_a_session_goes_there_and_comes_back(far_hub, person, tmp_path):
    ada = person("ada", far_hub)
    one = said(ada, "One", "hello", "more")
    report = ada.push([one])
    assert [(row.session_id, row.outcome, row.commits) for row in report.sessions] == [(one, "sent", 3)]
    with clone(far_hub.address, tmp_path / "bob") as bob:
        assert texts(bob, one) == ["hello", "more"]
        bob.add_message(one, Message("user", "from bob"))
        bob.push()
    pulled = ada.pull()
    assert pulled.of(one).outcome == "fast-forward"
    assert texts(ada, one) == ["hello", "more", "from bob"]
    for store in (ada.path, tmp_path / "bob", far_hub.path):
        git(store, "fsck", "--strict")


def test_diverged_sides_meet(far_hub, person):
    ada, bob = person("ada", far_hub), person("bob", far_hub)
    one = said(ada, "One", "start")
    ada.push([one])
    bob.pull()
    bob.add_message(one, Message("user", "bob's"))
    ada.add_message(one, Message("user", "ada's"))
    bob.push()
    with pytest.raises(DivergedError, match="pull first"):
        ada.push()
    assert ada.pull().of(one).outcome == "merged"
    ada.push()
    assert bob.pull().of(one).outcome == "fast-forward"
    assert texts(ada, one) == texts(bob, one)
    assert sorted(texts(ada, one)) == ["ada's", "bob's", "start"]


def test_a_deletion_goes_there_and_is_honoured(far_hub, person):
    ada, bob = person("ada", far_hub), person("bob", far_hub)
    one = said(ada, "One", "start")
    ada.push([one])
    bob.pull()
    ada.delete_session(one)
    assert ada.push().of(one).outcome == "deleted"
    assert git(far_hub.path, "for-each-ref", "--format=%(refname)") == "refs/heads/claif-store"
    assert bob.pull().of(one).outcome == "deleted"
    assert [session.id for session in bob.trashed_sessions()] == [one]


def test_nothing_there_is_an_error_of_one_line(far_hub, person):
    far_hub.address += "-missing"
    ada = person("ada", far_hub)
    for verb in (ada.fetch, ada.pull, ada.push):
        with pytest.raises(RemoteError) as caught:
            verb()
        assert "\n" not in str(caught.value)
        assert "s3cret" not in str(caught.value)


class TestTransport:
    @pytest.fixture
    def store(self, far_hub, person):
        manager = person("ada", far_hub)
        self.one = said(manager, "One", "hello")
        return Repository.open(manager.path)

    @pytest.fixture
    def address(self, far_hub):
        return parse_address(far_hub.address)

    def tip(self, store, name):
        return store.ref(f"refs/heads/{name}")

    def test_shows_no_refs_of_an_empty_remote(self, transport, store, address):
        assert transport.refs(store, address, Limits()) == {}

    def test_creates_moves_and_deletes_refs(self, transport, store, address):
        tip = self.tip(store, self.one)
        parent = store.read_commit(tip).parents[0]
        for old, new in ((None, parent), (parent, tip), (tip, None)):
            result = transport.push(store, address, [RefUpdate("refs/heads/x", old, new)])
            assert result["refs/heads/x"].done
            expected = {"refs/heads/x": new} if new else {}
            assert transport.refs(store, address, Limits()) == expected

    def test_does_not_move_what_somebody_moved(self, transport, store, address, far_hub):
        tip = self.tip(store, self.one)
        parent = store.read_commit(tip).parents[0]
        transport.push(store, address, [RefUpdate("refs/heads/x", None, tip)])
        other = git(
            far_hub.path,
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y",
            "commit-tree",
            "-p",
            tip,
            "-m",
            "z",
            f"{tip}^{{tree}}",
        )
        git(far_hub.path, "update-ref", "refs/heads/x", other)
        updates = [
            RefUpdate("refs/heads/x", tip, None),
            RefUpdate("refs/heads/y", None, tip),
        ]
        result = transport.push(store, address, updates)
        assert (result["refs/heads/x"].done, result["refs/heads/x"].moved) == (False, True)
        assert result["refs/heads/y"].done
        assert git(far_hub.path, "rev-parse", "refs/heads/x") == other
        back = transport.push(store, address, [RefUpdate("refs/heads/x", tip, parent)])
        assert (back["refs/heads/x"].done, back["refs/heads/x"].moved) == (False, True)
        again = transport.push(store, address, [RefUpdate("refs/heads/x", None, parent)])
        assert (again["refs/heads/x"].done, again["refs/heads/x"].moved) == (False, True)
        assert git(far_hub.path, "rev-parse", "refs/heads/x") == other

    def test_fetches_into_quarantine_only(self, transport, store, address, tmp_path):
        tip = self.tip(store, self.one)
        transport.push(store, address, [RefUpdate("refs/heads/x", None, tip)])
        with Repository.init(tmp_path / "other") as other:
            before = other.refs()
            with quarantine(other, Limits()) as closed:
                lines = []
                came = transport.fetch(closed, address, ["refs/heads/x"], Limits(), lines.append)
                closed.look()
                assert came == {"refs/heads/x": tip}
                assert closed.is_new(tip)
                assert closed.read(tip)[0] == "commit"
                assert not other.has(tip)
            assert not other.has(tip)
            assert other.refs() == before
            assert list((other.path / "claif/incoming").iterdir()) == []

    @pytest.mark.parametrize("count", [3, 70])
    def test_fetches_many_refs_and_no_others(self, transport, store, address, tmp_path, count):
        wrong = self.tip(store, self.one)
        tip = store.read_commit(wrong).parents[0]
        names = [f"refs/heads/{number}" for number in range(count)]
        kept = [RefUpdate(name, None, tip) for name in names]
        transport.push(store, address, [*kept, RefUpdate("refs/heads/other", None, wrong)])
        shown = transport.refs(store, address, Limits())
        assert set(shown) >= {*names, "refs/heads/other"}
        with Repository.init(tmp_path / "other") as other, quarantine(other, Limits()) as closed:
            assert transport.fetch(closed, address, names, Limits(), None, shown) == dict.fromkeys(names, tip)
            closed.look()
            assert closed.is_new(tip)
            assert not closed.is_new(wrong)
            with pytest.raises(RemoteError):
                transport.fetch(closed, address, [*names, "refs/heads/gone"], Limits(), None, shown)

    def test_fetches_refs_that_no_list_of_branches_shows(self, transport, store, address, tmp_path):
        tip = self.tip(store, self.one)
        names = ["refs/claif/heads/x", "refs/heads/y"]
        transport.push(store, address, [RefUpdate(name, None, tip) for name in names])
        with Repository.init(tmp_path / "other") as other, quarantine(other, Limits()) as closed:
            assert transport.fetch(closed, address, names, Limits()) == dict.fromkeys(names, tip)

    def test_stops_at_the_limits(self, transport, store, address, tmp_path):
        tip = self.tip(store, self.one)
        transport.push(store, address, [RefUpdate("refs/heads/x", None, tip), RefUpdate("refs/heads/y", None, tip)])
        with pytest.raises(RemoteError, match="more than 1 refs"):
            transport.refs(store, address, Limits(max_refs=1))
        small = Limits(max_pack_size=100)
        with (
            Repository.init(tmp_path / "other") as other,
            quarantine(other, small) as closed,
            pytest.raises(RemoteError, match="more than 100 bytes"),
        ):
            transport.fetch(closed, address, ["refs/heads/x"], small)

    def test_says_what_the_remote_says_when_it_refuses(self, transport, store, address, far_hub):
        hook(far_hub, "pre-receive", "exit 1")
        updates = [RefUpdate("refs/heads/x", None, self.tip(store, self.one))]
        if transport.name == "dulwich" and address.kind == "path":
            with pytest.raises(RemoteError, match=r"has a hook \(pre-receive\), which only git can heed") as caught:
                transport.push(store, address, updates)
            assert "install git" in caught.value.hint
            return
        row = transport.push(store, address, updates)["refs/heads/x"]
        assert (row.done, row.moved) == (False, False)
        assert row.reason.endswith("hook declined")

    def test_passes_on_what_a_host_says_of_a_refusal(self, transport, store, address, far_hub):
        if transport.name == "dulwich" and address.kind == "path":
            pytest.skip("without git no hook of a path is run, and nothing is sent there")
        words = r"=======\nerror: GH013: no \033[31msecrets\033[0m here\n\n  see http://u:pw0rd@host/x\nsee http://u:pw0rd@host/x\n"
        hook(far_hub, "update", f"printf '{words}' >&2; head -c 3000 /dev/zero | tr '\\0' y >&2; exit 1")
        tip = self.tip(store, self.one)
        result = transport.push(store, address, [RefUpdate("refs/heads/x", None, tip)])
        reason = result["refs/heads/x"].reason
        assert reason.startswith("hook declined: ")
        assert re.search(r"error: GH013: no [ ?]\[31msecrets[ ?]\[0m here see http://host/x yyy", reason)
        assert "pw0rd" not in reason
        assert reason.isprintable()
        assert len(reason) < 450


def hook(hub, name, script):
    path = hub.path / "hooks" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
