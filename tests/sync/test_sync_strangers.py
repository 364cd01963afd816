"""Sessions of one id that have nothing in common; and what status says of sessions that are gone here."""

from __future__ import annotations

import pytest
from support.people import git
from support.talks import say, texts

from claif_git.errors import RemoteError

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def strangers(hub, person):
    """Give two people, each with a session of one id, and that id; the first has pushed hers."""
    ada, bob = person("ada", hub), person("bob", hub)
    one, other = ada.create_session("One"), bob.create_session("One")
    say(ada, one, "ada's")
    say(bob, other, "bob's")
    git(bob.path, "branch", "-m", other, one)
    ada.push([one])
    return ada, bob, one


def test_a_push_says_that_it_is_another_session_once_that_is_known(strangers):
    _, bob, one = strangers
    (row,) = bob.pull().problems
    assert "another session of the same id" in row.detail
    with pytest.raises(RemoteError, match="another session of the same id") as caught:
        bob.push([one])
    assert caught.value.report.of(one).outcome == "refused"
    assert "pull" not in caught.value.report.of(one).detail


def test_after_ours_was_deleted_theirs_comes_as_another_and_both_can_be_had(strangers):
    _, bob, one = strangers
    bob.pull()
    bob.delete_session(one)
    row = bob.pull().of(one)
    assert (row.outcome, "another session" in row.detail) == ("new", True)
    assert texts(bob, one) == ["ada's"]
    assert [session.id for session in bob.trashed_sessions()] == [one]
    git(bob.path, "branch", "-m", one, "of-ada")
    assert bob.restore_session(one) == one
    assert (texts(bob, one), texts(bob, "of-ada")) == (["bob's"], ["ada's"])


def test_undoing_that_pull_lets_ours_be_deleted_as_it_was(strangers):
    _, bob, one = strangers
    bob.delete_session(one)
    bob.pull()
    bob.undo()
    assert bob.list_sessions() == []
    bob.undo()
    assert texts(bob, one) == ["bob's"]


def only(manager):
    (row,) = manager.status().sessions
    return row.state, row.leaves


@pytest.mark.parametrize("verb", ["delete_session", "purge_session"])
def test_status_says_what_the_next_push_deletes(hub, person, verb):
    ada = person("ada", hub)
    one = ada.create_session("One")
    say(ada, one, "a")
    ada.push([one])
    getattr(ada, verb)(one)
    assert only(ada) == ("deleted", True)
    ada.fetch()
    assert only(ada) == ("deleted", True)
    assert [row.outcome for row in ada.push(dry_run=True).changed] == ["deleted"]
    ada.push()
    assert ada.status().sessions == []


def test_what_went_on_at_the_remote_is_not_said_to_be_deleted_there(hub, person):
    ada, bob = person("ada", hub), person("bob", hub)
    one = ada.create_session("One")
    ada.push([one])
    bob.pull()
    say(bob, one, "b")
    bob.push()
    ada.fetch()
    ada.purge_session(one)
    assert only(ada) == ("deleted", False)
