"""How sessions stand beside a remote, by what was last seen of it; and sync, which pulls and then pushes."""

from __future__ import annotations

import pytest
from support.people import git
from support.talks import say

from claif_git.errors import RemoteError, RemoteNotFoundError, SessionNotFoundError
from claif_git.session import SessionManager
from claif_git.sync import push as real_push

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def shared(hub, person):
    ada, bob = person("ada", hub), person("bob", hub)
    one = ada.create_session("One")
    say(ada, one, "a")
    ada.push([one])
    bob.pull()
    return ada, bob, one


def only(manager, *ids):
    (row,) = manager.status(ids or None).sessions
    return row.state, row.ahead, row.behind, row.leaves


def test_each_state_has_its_name_and_its_counts(shared):
    ada, bob, one = shared
    assert only(ada) == ("up-to-date", 0, 0, False)
    say(ada, one, "b", "c")
    assert only(ada) == ("ahead", 2, 0, True)
    say(bob, one, "x")
    bob.push()
    assert only(ada) == ("ahead", 2, 0, True)  # as it was last seen
    ada.fetch()
    assert only(ada) == ("diverged", 2, 1, False)
    bob.pull()
    ada.pull()
    assert only(ada, one[:4]) == ("ahead", 3, 0, True)
    ada.push()
    bob.fetch()
    assert only(bob) == ("behind", 0, 3, False)


def test_what_only_one_side_has_is_told_apart(shared):
    ada, bob, one = shared
    two = bob.create_session("Two")
    say(bob, two, "x")
    bob.push([two])
    ada.fetch()
    three = ada.create_session("Three")
    found = {row.session_id: (row.state, row.leaves, row.title) for row in ada.status().sessions}
    assert found == {
        one: ("up-to-date", False, "One"),
        two: ("remote", False, "Two"),
        three: ("local", False, "Three"),
    }


def test_a_deletion_leaves_with_the_next_push_and_is_told_of_elsewhere(shared):
    ada, bob, one = shared
    ada.delete_session(one)
    assert only(ada) == ("deleted", 0, 2, True)
    ada.push()
    assert ada.status().sessions == []
    bob.fetch()
    assert only(bob) == ("deleted-there", 2, 0, False)
    say(bob, one, "on")
    assert only(bob) == ("deleted-there", 3, 0, True)
    assert bob.push().of(one).outcome == "sent"


def test_strangers_of_one_name_are_unrelated(shared, hub):
    ada, _, one = shared
    with SessionManager(hub.path.parent / "eve", author="Eve <eve@example.org>") as eve:
        two = eve.create_session("Two")
        git(eve.path, "branch", "-q", "-m", two, one)
        eve.add_remote("origin", hub.address)
        eve.fetch()
        assert only(eve) == ("unrelated", 1, 2, False)
    assert only(ada) == ("up-to-date", 0, 0, False)


def test_unsaved_turns_are_counted_and_a_dead_programs_named(shared):
    ada, _, one = shared
    ada.configure_autosave(enabled=False)
    say(ada, one, "b", "c")
    (row,) = ada.status().sessions
    assert (row.unsaved, row.crashed, row.state) == (2, False, "up-to-date")
    ada._autosave._lock.release()
    with SessionManager(ada.path) as other:
        (row,) = other.status().sessions
        assert (row.unsaved, row.crashed) == (2, True)


def test_when_it_was_seen_and_which_names_there_are(shared, tmp_path):
    ada, _, one = shared
    found = ada.status()
    assert (found.remote, found.seen is not None) == ("origin", True)
    with pytest.raises(RemoteNotFoundError):
        ada.status(remote="nope")
    with pytest.raises(SessionNotFoundError):
        ada.status(["nope"])
    ada.remove_remote("origin")
    assert (ada.status().remote, ada.status().seen, only(ada)) == ("", None, ("local", 2, 0, False))
    ada.add_remote("origin", str(tmp_path / "nowhere"))
    assert (ada.status().seen, only(ada)) == (None, ("local", 2, 0, False))
    assert one


def test_a_sync_brings_and_sends_and_sends_what_is_named(shared):
    ada, bob, one = shared
    say(ada, one, "from ada")
    say(bob, one, "from bob")
    ada.push()
    told = []
    reports = bob.sync(reported=told.append)
    assert told == reports
    assert [(report.verb, report.of(one).outcome) for report in reports] == [("pull", "merged"), ("push", "sent")]
    assert ada.sync()[0].of(one).outcome == "fast-forward"
    two = ada.create_session("Two")
    assert ada.sync()[1].of(two) is None
    pulled, pushed = ada.sync([two])
    assert (pulled.sessions, pushed.of(two).outcome) == ([], "sent")


def test_a_push_between_the_two_makes_it_start_over(shared, monkeypatch):
    ada, bob, one = shared
    say(ada, one, "from ada")
    lines = iter(["once", "twice"])

    def push(local, remote, ids):
        for line in lines:
            say(bob, one, line)
            bob.push()
            break
        return real_push(local, remote, ids)

    monkeypatch.setattr("claif_git.session.remotes.push", push)
    assert [report.verb for report in ada.sync()] == ["pull", "pull", "pull", "push"]
    assert len(ada.get_messages(one)) == 4


def test_what_a_pull_refused_is_not_tried_again(shared, hub):
    ada, _, one = shared
    with SessionManager(hub.path.parent / "eve", author="Eve <eve@example.org>") as eve:
        two = eve.create_session("Two")
        git(eve.path, "branch", "-q", "-m", two, one)
        eve.add_remote("origin", hub.address)
        told = []
        with pytest.raises(RemoteError):
            eve.sync(reported=told.append)
        assert [report.of(one).outcome for report in told] == ["refused"]
    assert len(ada.get_messages(one)) == 1
