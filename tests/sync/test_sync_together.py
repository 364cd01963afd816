"""Several stores round one hub: whatever the order in which they sync, they end with the same, and nothing is lost."""

from __future__ import annotations

import random

import pytest
from support.people import git
from support.talks import say, texts

from claif_git.errors import AmbiguousIdError, ClaifGitError, DivergedError, RemoteError, SessionNotFoundError
from claif_git.session import SessionManager

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def shared(hub, person):
    """Two people who both have one session of three messages."""
    ada, bob = person("ada", hub), person("bob", hub)
    one = ada.create_session("One")
    say(ada, one, "a", "b", "c")
    ada.push([one])
    bob.pull()
    return ada, bob, one


def test_a_pull_drops_nothing_that_both_said(shared):
    ada, bob, one = shared
    say(ada, one, "the same")
    say(bob, one, "the same")
    bob.push()
    assert ada.pull().of(one).outcome == "merged"
    assert texts(ada, one).count("the same") == 2


def test_unsaved_turns_are_joined_with_what_is_pulled(shared):
    ada, bob, one = shared
    ada.configure_autosave(enabled=False)
    say(ada, one, "unsaved")
    say(bob, one, "from bob")
    bob.push()
    ada.pull()
    assert sorted(texts(ada, one)) == ["a", "b", "c", "from bob", "unsaved"]
    assert ada.push().of(one).outcome == "up-to-date"
    ada.save_session(one)
    assert ada.push().of(one).outcome == "sent"


def test_what_was_deleted_elsewhere_and_went_on_here_survives(shared):
    ada, bob, one = shared
    ada.delete_session(one)
    ada.push()
    say(bob, one, "on")
    row = bob.pull().of(one)
    assert (row.outcome, "went on here" in row.detail) == ("survived", True)
    assert texts(bob, one) == ["a", "b", "c", "on"]
    bob.push([one])
    row = ada.pull().of(one)
    assert (row.outcome, "it is back" in row.detail) == ("survived", True)
    assert texts(ada, one) == ["a", "b", "c", "on"]
    assert ada.push().of(one).outcome == "up-to-date"


def test_what_was_deleted_there_by_this_store_goes_there_again_only_if_named(shared):
    ada, _, one = shared
    ada.delete_session(one)
    ada.push()
    ada.restore_session(one)
    say(ada, one, "on")
    row = ada.pull().of(one)
    assert (row.outcome, f"claif-git push {one} sends it again" in row.detail) == ("survived", True)
    assert ada.push().sessions == []
    assert ada.push([one]).of(one).outcome == "sent"
    assert ada.pull().of(one).outcome == "up-to-date"


def test_what_was_restored_is_not_deleted_by_the_deletion_that_was_pushed(shared):
    ada, bob, one = shared
    ada.delete_session(one)
    ada.push()
    ada.restore_session(one)
    assert ada.pull().of(one).outcome == "survived"
    assert texts(ada, one) == ["a", "b", "c"]
    assert bob.pull().of(one).outcome == "deleted"
    assert ada.push([one]).of(one).outcome == "sent"
    assert bob.pull().of(one).outcome == "survived"  # restored elsewhere since
    assert texts(bob, one) == ["a", "b", "c"]
    bob.push()
    assert ada.pull().of(one).outcome == "up-to-date"
    bob.delete_session(one)  # a new deletion, which nobody has taken back
    bob.push()
    assert ada.pull().of(one).outcome == "deleted"


def test_who_got_a_deletion_by_a_pull_can_take_it_back_for_all(shared):
    ada, bob, one = shared
    ada.delete_session(one)
    ada.push()
    bob.pull()
    bob.restore_session(one)
    bob.pull()
    bob.push([one])
    ada.pull()
    assert texts(ada, one) == texts(bob, one) == ["a", "b", "c"]
    ada.push()
    assert bob.pull().of(one).outcome == "up-to-date"


def test_what_was_deleted_here_is_not_brought_back(shared):
    ada, _, one = shared
    ada.delete_session(one)
    for _ in range(2):
        row = ada.pull().of(one)
        assert (row.outcome, "not brought back" in row.detail) == ("up-to-date", True)
    assert ada.list_sessions() == []


def test_what_went_on_at_the_remote_is_not_deleted_there(shared):
    ada, bob, one = shared
    say(bob, one, "on")
    bob.push()
    ada.delete_session(one)
    row = ada.push([one]).of(one)
    assert (row.outcome, "stays there" in row.detail) == ("survived", True)
    assert ada.pull().of(one).outcome == "survived"
    assert texts(ada, one) == ["a", "b", "c", "on"]


def test_a_deletion_reaches_who_is_behind_the_deleted_tip(shared):
    ada, bob, one = shared
    say(ada, one, "d", "e")
    ada.delete_session(one)
    assert ada.push().of(one).outcome == "deleted"
    assert bob.pull().of(one).outcome == "deleted"
    bob.restore_session(one)
    assert texts(bob, one) == ["a", "b", "c"]


def test_a_deletion_travels_on_to_another_hub(shared, tmp_path):
    ada, bob, one = shared
    git(tmp_path, "init", "-q", "--bare", "second.git")
    bob.add_remote("second", str(tmp_path / "second.git"))
    bob.push([one], "second")
    ada.delete_session(one)
    ada.push()
    bob.pull()
    assert bob.push(remote="second").of(one).outcome == "deleted"


def test_two_sessions_of_one_id_and_no_common_commit_are_never_united(shared, tmp_path):
    ada, _, one = shared
    with SessionManager(tmp_path / "eve", author="Eve <eve@example.org>") as eve:
        two = eve.create_session("Two")
        say(eve, two, "not yours")
        git(eve.path, "branch", "-q", "-m", two, one)
        eve.add_remote("origin", str(tmp_path / "hub.git"))
        row = eve.pull().of(one)
        assert (row.outcome, "never united" in row.detail) == ("refused", True)
        assert texts(eve, one) == ["not yours"]
        with pytest.raises(RemoteError, match=one):
            eve.push([one])
    assert texts(ada, one) == ["a", "b", "c"]


def test_only_what_is_named_is_pulled(shared):
    ada, bob, one = shared
    two = ada.create_session("Two")
    say(ada, one, "d")
    ada.push([one, two])
    assert [(row.session_id, row.outcome) for row in bob.pull([one[:6]]).sessions] == [(one, "fast-forward")]
    assert two not in {session.id for session in bob.list_sessions()}
    mine = bob.create_session("Mine")
    assert bob.pull([mine]).of(mine).outcome == "absent"
    with pytest.raises(SessionNotFoundError):
        bob.pull(["nobody"])
    bob.create_session("One more")
    with pytest.raises(AmbiguousIdError):
        bob.pull(["one"])


def test_a_fetch_changes_no_session(shared):
    ada, bob, one = shared
    say(ada, one, "d")
    ada.push()
    before = git(bob.path, "rev-parse", one)
    row = bob.fetch().of(one)
    assert (row.outcome, row.commits) == ("updated", 1)
    assert git(bob.path, "rev-parse", one) == before
    assert git(bob.path, "rev-parse", f"origin/{one}") == git(ada.path, "rev-parse", one)
    assert bob.fetch().of(one).outcome == "up-to-date"
    assert bob.pull().of(one).outcome == "fast-forward"


def test_plain_git_takes_part(shared, hub, tmp_path):
    ada, bob, one = shared
    git(bob.path, "fetch", "-q", "origin")
    git(tmp_path, "clone", "-q", "-b", one, str(hub.path), "plain")
    plain = tmp_path / "plain"
    message = min(plain.glob("messages/*/*.md"))
    message.write_text(message.read_text() + "by hand\n")
    git(plain, "-c", "user.name=Eve", "-c", "user.email=e@x", "commit", "-qam", "by hand")
    git(plain, "push", "-q", "origin", one)
    say(ada, one, "d")
    assert ada.pull().of(one).outcome == "merged"
    assert texts(ada, one) == ["a\nby hand", "b", "c", "d"]
    ada.push()
    git(plain, "pull", "-q")
    assert git(plain, "rev-parse", "HEAD") == git(ada.path, "rev-parse", one)


def test_stores_inside_code_repositories_map_their_names(hub, person, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "code")
    git(tmp_path / "code", "config", "claif.namespace", "true")
    with SessionManager(tmp_path / "code", author="Eve <eve@example.org>") as eve:
        eve.add_remote("origin", str(hub.path))
        two = eve.create_session("Two")
        say(eve, two, "hidden")
        eve.push([two])
        assert git(hub.path, "for-each-ref", "--format=%(refname)").split() == [
            "refs/claif/heads/claif-store",
            f"refs/claif/heads/{two}",
        ]
        ada = person("ada", hub)
        assert ada.pull().of(two).outcome == "new"
        assert git(ada.path, "for-each-ref", "--format=%(refname)", "refs/heads").split()[1] == f"refs/heads/{two}"
        say(ada, two, "plain")
        ada.push()
        assert eve.pull().of(two).outcome == "fast-forward"
        assert texts(eve, two) == ["hidden", "plain"]
        tracked = git(eve.path, "for-each-ref", "--format=%(refname)", "refs/claif/remotes").split()
        assert tracked == ["refs/claif/remotes/origin/claif-store", f"refs/claif/remotes/origin/{two}"]


def test_a_merge_that_fails_keeps_no_other_session_waiting(shared, monkeypatch):
    ada, bob, one = shared
    two = ada.create_session("Two")
    say(ada, one, "d")
    ada.push([one, two])
    real = type(bob._working).join

    def join(working, session_id, ref, theirs):
        if session_id == one:
            raise ClaifGitError("no")
        return real(working, session_id, ref, theirs)

    monkeypatch.setattr(type(bob._working), "join", join)
    report = bob.pull()
    assert (report.of(one).outcome, report.of(one).detail, report.of(two).outcome) == ("refused", "no", "new")
    assert not report.ok


ACTS = ("say", "say", "say", "edit", "trim", "branch", "merge", "delete", "pull", "push", "sync")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_three_do_in_whatever_order_all_end_with_the_same(hub, person, seed):
    dice = random.Random(seed)
    people = [person(name, hub) for name in ("ada", "bob", "eve")]
    one = people[0].create_session("One")
    say(people[0], one, "a", "b")
    people[0].push([one])
    said = {"a", "b"}
    for manager in people[1:]:
        manager.pull()
    for step in range(30):
        act(dice.choice(ACTS), dice.choice(people), dice, f"{seed}-{step}", said)
    for _ in range(3):
        for manager in people:
            synced(manager)
    ends = [{session.id: texts(manager, session.id) for session in manager.list_sessions()} for manager in people]
    assert ends[0] == ends[1] == ends[2]
    stores = [hub.path, *(manager.path for manager in people)]
    subjects = [row for path in stores for row in git(path, "log", "--all", "--format=%s").split("\n")]
    assert said <= {row.partition(": ")[2] for row in subjects}
    for manager in people:
        assert git(manager.path, "fsck", "--strict", "--no-dangling") == ""


def act(name, manager, dice, word, said):
    ids = sorted(session.id for session in manager.list_sessions())
    if name in ("pull", "sync"):
        manager.pull()
    if name in ("push", "sync"):
        pushed(manager)
    if not ids:
        return
    one = dice.choice(ids)
    if name == "say":
        say(manager, one, word)
        said.add(word)
    elif name == "edit" and manager.get_session(one).message_count:
        manager.update_message_metadata(one, 0, {"seen": word})
    elif name == "trim":
        manager.update_session_messages(one, manager.get_messages(one)[1:])
    elif name == "branch" and len(ids) < 4:
        manager.push([manager.branch_session(one, title=word)])
    elif name == "merge" and len(ids) > 1:
        manager.merge_sessions(one, dice.choice([other for other in ids if other != one]), into_primary=True)
    elif name == "delete" and len(ids) > 2:
        manager.delete_session(one)


def pushed(manager):
    try:
        manager.push()
    except DivergedError:
        manager.pull()
        manager.push()


def synced(manager):
    manager.pull()
    pushed(manager)
