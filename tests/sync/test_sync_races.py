"""Somebody else at the same hub, in the very moment between our look and our push."""

from __future__ import annotations

import pytest
from support.forge import Forge
from support.people import git
from support.talks import say

from claif_git.errors import ConcurrentUpdateError, DivergedError, RemoteError, StoreError
from claif_git.git.transport import PushResult
from claif_git.session import trash
from claif_git.sync.attributes import is_harmless

pytestmark = pytest.mark.usefixtures("transport")


@pytest.fixture
def shared(hub, person):
    """Two people who both have a session, and a way to do something right after the first one's next looks."""
    ada, bob = person("ada", hub), person("bob", hub)
    ada.one, ada.two = ada.create_session("One"), ada.create_session("Two")
    say(ada, ada.one, "a")
    ada.push([ada.one, ada.two])
    bob.pull()
    return ada, bob


@pytest.fixture
def meanwhile(transport, monkeypatch):
    """Gives a function: what it is given happens after each of the next looks, once for each."""
    waiting = []
    real = transport.refs

    def refs(*args):
        shown = real(*args)
        if waiting:
            waiting.pop(0)()
        return shown

    monkeypatch.setattr(transport, "refs", refs, raising=False)
    return waiting.append


def test_a_push_in_between_is_diverged_and_not_overwritten(shared, meanwhile, hub):
    ada, bob = shared
    say(ada, ada.one, "from ada")
    say(ada, ada.two, "on")
    say(bob, ada.one, "from bob")
    meanwhile(bob.push)
    with pytest.raises(DivergedError) as caught:
        ada.push()
    assert caught.value.session_ids == [ada.one]
    assert caught.value.report.of(ada.two).outcome == "sent"
    assert git(hub.path, "rev-parse", ada.one) == git(bob.path, "rev-parse", ada.one)


def test_turns_pushed_in_between_are_not_deleted(shared, meanwhile, hub):
    ada, bob = shared
    say(bob, ada.one, "from bob")
    ada.delete_session(ada.one)
    meanwhile(bob.push)
    row = ada.push().of(ada.one)
    assert (row.outcome, "just now" in row.detail) == ("survived", True)
    assert git(hub.path, "rev-parse", ada.one) == git(bob.path, "rev-parse", ada.one)
    assert bob.pull().of(ada.one).outcome == "up-to-date"


def test_a_store_branch_that_moved_in_between_is_built_on_again(shared, meanwhile, hub):
    ada, bob = shared
    ada.delete_session(ada.one)
    bob.delete_session(ada.two)
    meanwhile(bob.push)
    assert ada.push().of(ada.one).outcome == "deleted"
    assert git(hub.path, "ls-tree", "--name-only", "claif-store", "tombstones/").split() == sorted(
        [f"tombstones/{ada.one}.yaml", f"tombstones/{ada.two}.yaml"]
    )
    assert git(hub.path, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/claif-store"


def test_many_sessions_arrive_though_one_was_rewritten_and_one_deleted_in_between(hub, person, meanwhile):
    forge = Forge(hub.path)
    names = [f"s{number}" for number in range(70)]
    old = {name: forge.forge(name, {"notes.txt": name.encode()}) for name in names}

    def rewrite():
        forge.forge("s3", {"notes.txt": b"another history"})
        git(hub.path, "update-ref", "-d", "refs/heads/s4")
        git(hub.path, "prune", "--expire=now")

    meanwhile(rewrite)
    ada = person("ada", hub)
    report = ada.pull()
    forge.repo.close()
    assert {row.session_id for row in report.sessions if row.outcome == "new"} == {*names} - {"s4"}
    assert git(ada.path, "rev-parse", "refs/heads/s3") == git(hub.path, "rev-parse", "refs/heads/s3") != old["s3"]
    assert git(ada.path, "fsck", "--full") == ""


def test_others_who_never_stop_are_an_error_that_says_so(shared, transport, monkeypatch):
    ada, _ = shared
    ada.register_template("mine", {"system_message": "my own words"})
    monkeypatch.setattr(
        transport,
        "push",
        lambda _repo, _address, updates, _progress=None: {
            one.name: PushResult(done=False, moved=True) for one in updates
        },
        raising=False,
    )
    with pytest.raises(ConcurrentUpdateError, match="claif-store"):
        ada.push(templates=["mine"])


def test_a_remote_that_refuses_the_store_branch_gets_no_session(shared, transport, monkeypatch):
    ada, _ = shared
    ada.delete_session(ada.one)
    monkeypatch.setattr(
        transport,
        "push",
        lambda _repo, _address, updates, _progress=None: {
            one.name: PushResult(done=False, reason="not you") for one in updates
        },
        raising=False,
    )
    with pytest.raises(RemoteError, match="not you"):
        ada.push()


def test_a_refusal_names_the_session_and_the_reason(shared, transport, monkeypatch):
    ada, _ = shared
    say(ada, ada.one, "b")
    monkeypatch.setattr(
        transport,
        "push",
        lambda _repo, _address, updates, _progress=None: {
            one.name: PushResult(done=False, reason="not you") for one in updates
        },
        raising=False,
    )
    with pytest.raises(RemoteError, match="not you") as caught:
        ada.push()
    assert caught.value.report.of(ada.one).outcome == "refused"


def test_a_dry_run_tells_of_deletions(shared, hub):
    ada, _ = shared
    ada.delete_session(ada.one)
    report = ada.push(dry_run=True)
    assert report.of(ada.one).outcome == "deleted"
    assert [one.session_id for one in report.changed] == [ada.one]
    assert f"refs/heads/{ada.one}" in git(hub.path, "for-each-ref")


def test_a_session_that_moves_while_it_is_judged_stays(shared, monkeypatch):
    ada, bob = shared
    ada.delete_session(ada.one)
    ada.push()
    real = trash.delete

    def delete(working, session_id, **options):
        say(bob, ada.one, "just now")
        real(working, session_id, **options)

    monkeypatch.setattr(trash, "delete", delete)
    row = bob.pull().of(ada.one)
    assert (row.outcome, "meanwhile" in row.detail) == ("survived", True)
    assert [message.text for message in bob.get_messages(ada.one)] == ["a", "just now"]


def test_a_tombstone_for_what_plain_git_deleted_is_left_where_the_remote_has_had_it(shared, hub):
    ada, _ = shared
    git(hub.path, "update-ref", "-d", f"refs/heads/{ada.one}")
    ada.delete_session(ada.one)
    assert ada.push([ada.one]).of(ada.one).outcome == "up-to-date"
    assert f"tombstones/{ada.one}.yaml" in git(hub.path, "ls-tree", "-r", "--name-only", "claif-store")


def test_a_verdict_file_that_is_damaged_costs_a_look(shared):
    ada, bob = shared
    file = bob.path / "claif/remotes/origin.json"
    for text in ("rubbish", "[]", '{"rules": "other", "branches": {"x": ["y", ""]}}'):
        file.write_text(text)
        assert bob.pull().of(ada.one).outcome == "up-to-date"


def test_a_template_that_is_none_is_not_taken(shared, hub):
    ada, bob = shared
    forge = Forge(hub.path)
    tip = git(hub.path, "rev-parse", "claif-store")
    tree = {
        "claif.yaml": b"format: 1\n",
        "templates": {"bad.yaml": b"[[[", "coding.yaml": b"name: coding\n", "fine.yaml": b'name: "fine"\n'},
        "export-templates": {"page.jinja": b"{{ x }}"},
        "tombstones": {"-x.yaml": b"", f"{ada.one}.yaml": b"no tip\n", "large.yaml": b"x" * (2 << 20)},
    }
    forge.branch("claif-store", forge.commit(forge.folders(tree), tip))
    forge.repo.close()
    report = bob.pull()
    assert set(report.templates) <= {"fine", "page"}
    assert "page" in report.templates
    assert "coding" not in report.templates
    assert bob.templates()["coding"]["system_message"] != ""


def test_a_store_of_a_later_format_is_set_aside(shared, hub):
    _, bob = shared
    forge = Forge(hub.path)
    tip = git(hub.path, "rev-parse", "claif-store")
    forge.branch("claif-store", forge.commit(forge.folders({"claif.yaml": b"format: 7\n"}), tip))
    forge.repo.close()
    assert "format 7" in bob.pull().of("claif-store").detail


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ("* -text\n", True),
        ("", True),
        ("# how it is shown\n*.md linguist-language=Markdown diff=markdown\n\n*.yaml -diff whitespace\n", True),
        ("* text=auto\n", False),
        ("* -text filter=x\n", False),
        ("[attr]x filter=y\n", False),
        ('"*" x\n', False),
        ("x" * 2000, False),
        ("# x\n" * 30000, False),
        ("* -te\x00xt\n", False),
    ],
)
def test_attributes_that_only_concern_how_it_looks_are_harmless(text, harmless):
    assert is_harmless(text.encode()) is harmless


def test_our_own_commits_are_not_judged_anew(shared, hub):
    """What stands in a ref of ours is the user's own doing, and no reason to set a remote's turns aside."""
    ada, bob = shared
    say(ada, ada.one, "b")
    ada.push()
    real = bob.fetch().of(ada.one)
    assert (real.outcome, real.commits) == ("updated", 1)
    with pytest.raises(StoreError):
        bob._store.repo.read("0" * 40)
    assert git(hub.path, "rev-parse", ada.one) == git(bob.path, "rev-parse", f"origin/{ada.one}")
