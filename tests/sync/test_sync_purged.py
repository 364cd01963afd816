"""What was purged stays away until somebody names it; at a remote only what was purged is deleted."""

from __future__ import annotations

import pytest
from support.people import git
from support.talks import say, texts

from claif_git.errors import SessionNotFoundError

pytestmark = pytest.mark.usefixtures("transport")


def heads(path):
    return git(path, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").split()


@pytest.fixture
def shared(hub, person):
    ada, bob = person("ada", hub), person("bob", hub)
    one = ada.create_session("One")
    say(ada, one, "a", "b")
    ada.push([one])
    bob.pull()
    return ada, bob, one


def test_its_objects_do_not_come_back_by_a_pull_or_a_fetch(shared):
    ada, _, one = shared
    tip = ada._store.tip(one)
    ada.purge_session(one)
    for _ in range(2):
        row = ada.pull().of(one)
        assert (row.outcome, "purged here" in row.detail) == ("up-to-date", True)
        ada.fetch()
    assert ada.sync()[0].of(one).outcome == "up-to-date"
    assert not ada._store.repo.has(tip)
    with pytest.raises(SessionNotFoundError):
        ada.get_session(one)


def test_where_it_went_on_that_is_said_and_it_comes_when_named(shared):
    ada, bob, one = shared
    ada.purge_session(one)
    say(bob, one, "c")
    bob.push()
    row = ada.pull().of(one)
    assert (row.outcome, f"claif-git pull {one}" in row.detail) == ("survived", True)
    tip = bob._store.tip(one)
    assert not ada._store.repo.has(tip)
    row = ada.pull([one[:5]]).of(one)
    assert (row.outcome, "it was named" in row.detail) == ("new", True)
    assert texts(ada, one) == ["a", "b", "c"]
    assert ada.pull().of(one).outcome == "up-to-date"
    assert ada.push().of(one).outcome == "up-to-date"


def test_naming_it_in_a_sync_does_not_bring_it_back(shared):
    ada, bob, one = shared
    say(bob, one, "c")
    bob.push()
    ada.purge_session(one)
    ada.sync([one])
    with pytest.raises(SessionNotFoundError):
        ada.get_session(one)


def test_a_push_deletes_what_was_purged_and_tells_the_others(shared, hub):
    ada, bob, one = shared
    ada.purge_session(one)
    assert ada.push().of(one).outcome == "deleted"
    assert heads(hub.path) == ["claif-store"]
    assert "purged: true" in git(hub.path, "show", f"claif-store:tombstones/{one}.yaml")
    assert bob.pull().of(one).outcome == "deleted"
    assert [session.id for session in bob.trashed_sessions()] == [one]
    assert bob.push().problems == []


@pytest.mark.parametrize("where", ["behind", "ahead"])
def test_a_push_leaves_alone_what_stands_elsewhere(shared, hub, where):
    ada, bob, one = shared
    if where == "behind":
        say(ada, one, "not sent")
    else:
        say(bob, one, "on")
        bob.push()
    ada.purge_session(one)
    assert ada.push().of(one).outcome == "survived"
    assert heads(hub.path) == sorted(["claif-store", one])


def test_what_was_deleted_first_is_purged_at_the_remote_as_well(shared, hub):
    ada, _, one = shared
    ada.delete_session(one)
    ada.purge_session(one)
    assert ada.push().of(one).outcome == "deleted"
    assert heads(hub.path) == ["claif-store"]


def test_who_went_on_with_it_keeps_it_and_sends_it_only_by_name(shared, hub):
    ada, bob, one = shared
    ada.purge_session(one)
    ada.push()
    say(bob, one, "on")
    row = bob.pull().of(one)
    assert (row.outcome, f"claif-git push {one}" in row.detail) == ("survived", True)
    assert bob.push().sessions == []
    assert bob.push([one]).of(one).outcome == "sent"
    assert heads(hub.path) == sorted(["claif-store", one])


def test_a_deletion_that_others_went_on_from_is_undone_by_their_next_push(shared):
    ada, bob, one = shared
    say(ada, one, "only ada")
    ada.delete_session(one)
    ada.push()
    say(bob, one, "on")
    assert "the next push sends it again" in bob.pull().of(one).detail
    assert bob.push().of(one).outcome == "sent"
    row = ada.pull().of(one)
    assert (row.outcome, "in the trash" in row.detail) == ("survived", True)
    assert texts(ada, one) == ["a", "b", "on"]
    ada.restore_session(one)
    assert sorted(texts(ada, one)) == ["a", "b", "on", "only ada"]
    assert ada.trashed_sessions() == []
