"""Nothing leaves by accident: what stands at a hub is what was named, to the ref and to the object."""

from __future__ import annotations

import subprocess

import pytest
from support.git_servers import make_hub
from support.people import git

from claif_git.errors import DivergedError, InvalidInputError, RemoteError, SessionNotFoundError, UnknownNameError
from claif_git.history.store_branch import start
from claif_git.model import Message

pytestmark = pytest.mark.usefixtures("transport")

STORE = "refs/heads/claif-store"


def refs(path):
    return git(path, "for-each-ref", "--format=%(refname)").split()


def files(path, rev="claif-store"):
    return git(path, "ls-tree", "-r", "--name-only", rev).split()


def all_objects(path):
    done = subprocess.run(
        ["git", "-C", str(path), "cat-file", "--batch-all-objects", "--batch"], capture_output=True, check=True
    )
    return done.stdout.decode("latin-1")


@pytest.fixture
def ada(hub, person):
    manager = person("ada", hub)
    manager.secret = manager.create_session("Secret")
    manager.add_message(manager.secret, Message("user", "the secret"))
    manager.one = manager.create_session("One")
    manager.add_message(manager.one, Message("user", "hello"))
    manager.register_template("mine", {"system_message": "my own words"})
    return manager


def test_an_empty_remote_gets_nothing_unless_named(ada, hub):
    report = ada.push()
    assert report.sessions == []
    assert report.ok
    assert refs(hub.path) == []


def test_only_the_session_named_leaves_and_of_the_store_what_everybody_has(ada, hub):
    ada.push([ada.one])
    assert refs(hub.path) == sorted([STORE, f"refs/heads/{ada.one}"])
    assert files(hub.path) == [".gitattributes", "README.md", "claif.yaml"]
    everything = all_objects(hub.path)
    assert "the secret" not in everything
    assert "my own words" not in everything
    assert ada.secret not in everything


def test_the_beginning_of_the_store_branch_is_the_same_everywhere(ada, hub):
    ada.push([ada.one])
    stored = []
    with ada._store.repo.writer() as writer:
        stored.append(start(writer.add))
    assert git(hub.path, "rev-parse", STORE) == stored[0]
    assert git(ada.path, "merge-base", STORE, "origin/claif-store") == stored[0]


def test_what_the_remote_has_is_brought_up_to_date_and_the_rest_stays(ada, hub):
    ada.push([ada.one])
    ada.add_message(ada.one, Message("user", "more"))
    ada.add_message(ada.secret, Message("user", "more of it"))
    assert [(row.session_id, row.outcome) for row in ada.push().sessions] == [(ada.one, "sent")]
    assert [(row.session_id, row.outcome) for row in ada.push().sessions] == [(ada.one, "up-to-date")]
    assert refs(hub.path) == sorted([STORE, f"refs/heads/{ada.one}"])


def test_all_sends_every_session_but_no_trash_drafts_or_branches_of_code(ada, hub):
    gone = ada.create_session("Gone")
    ada.add_message(gone, Message("user", "regretted"))
    ada.delete_session(gone)
    ada.configure_autosave(enabled=False)
    ada.add_message(ada.one, Message("user", "unsaved"))
    tree = git(ada.path, "mktree", "--missing", check=False) or git(
        ada.path, "hash-object", "-t", "tree", "-w", "/dev/null"
    )
    commit = git(ada.path, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", tree, "-m", "code")
    git(ada.path, "update-ref", "refs/heads/main", commit)
    git(ada.path, "update-ref", "refs/claif/ops", commit)
    git(ada.path, "update-ref", "refs/claif/imports/x", commit)
    ada.push(all=True)
    assert refs(hub.path) == sorted([STORE, f"refs/heads/{ada.one}", f"refs/heads/{ada.secret}"])
    everything = all_objects(hub.path)
    assert "regretted" not in everything
    assert "unsaved" not in everything
    assert gone not in everything


def test_a_dry_run_says_what_would_leave_and_sends_nothing(ada, hub):
    report = ada.push(all=True, dry_run=True)
    assert {(row.session_id, row.outcome) for row in report.sessions} == {(ada.one, "sent"), (ada.secret, "sent")}
    assert report.dry_run
    assert refs(hub.path) == []


def test_templates_leave_when_named_and_arrive_where_they_are_missing(ada, hub, person):
    ada.register_template("other", {"system_message": "other words"})
    report = ada.push([ada.one], templates=["mine"])
    assert report.templates == ["mine"]
    assert files(hub.path) == [".gitattributes", "README.md", "claif.yaml", "templates/mine.yaml"]
    bob = person("bob", hub)
    assert bob.pull().templates == ["mine"]
    assert bob.templates()["mine"]["system_message"] == "my own words"
    assert bob.pull().templates == []
    with pytest.raises(UnknownNameError, match="mine"):
        ada.push([ada.one], templates=["nope"])


def test_a_tombstone_leaves_only_for_what_the_remote_has_had(ada, hub):
    ada.push([ada.one])
    ada.delete_session(ada.one)
    ada.delete_session(ada.secret)
    ada.push()
    assert files(hub.path) == [".gitattributes", "README.md", "claif.yaml", f"tombstones/{ada.one}.yaml"]
    assert refs(hub.path) == [STORE]
    assert ada.push().sessions == []


def test_sending_a_session_again_takes_its_tombstone_back(ada, hub, person):
    ada.push([ada.one])
    ada.delete_session(ada.one)
    ada.push()
    ada.restore_session(ada.one)
    ada.push([ada.one])
    assert files(hub.path) == [".gitattributes", "README.md", "claif.yaml"]
    assert person("bob", hub).pull().of(ada.one).outcome == "new"


def test_what_cannot_be_sent_does_not_keep_the_rest(ada, hub, person):
    bob = person("bob", hub)
    ada.push(all=True)
    bob.pull()
    bob.add_message(ada.one, Message("user", "from bob"))
    bob.push()
    ada.add_message(ada.one, Message("user", "from ada"))
    ada.add_message(ada.secret, Message("user", "on"))
    with pytest.raises(DivergedError) as caught:
        ada.push()
    assert caught.value.session_ids == [ada.one]
    assert {row.session_id: row.outcome for row in caught.value.report.sessions} == {
        ada.one: "diverged",
        ada.secret: "sent",
    }


def test_a_store_that_is_behind_sends_nothing_and_says_so(ada, hub, person):
    bob = person("bob", hub)
    ada.push([ada.one])
    bob.pull()
    bob.add_message(ada.one, Message("user", "from bob"))
    bob.push()
    ada.fetch()
    assert ada.push().of(ada.one).outcome == "behind"


def test_names_are_prefixes_of_sessions(ada):
    assert ada.push([ada.one[:5]]).of(ada.one).outcome == "sent"
    with pytest.raises(SessionNotFoundError):
        ada.push(["nobody"])


def test_a_bundle_is_only_read(ada, hub, tmp_path):
    ada.push([ada.one])
    bundle = tmp_path / "some.bundle"
    git(hub.path, "bundle", "create", "-q", str(bundle), "--all")
    ada.add_remote("mail", str(bundle))
    assert ada.fetch("mail").of(ada.one).outcome == "new"
    with pytest.raises(InvalidInputError, match="only be fetched"):
        ada.push([ada.one], "mail")


def test_two_stores_and_a_plain_repository_share_a_hub(ada, hub, person):
    code = make_hub(hub.path.parent / "code.git")
    git(code, "fetch", "-q", str(ada.path), f"{ada.one}:main")
    bob = person("bob", hub)
    two = bob.create_session("Two")
    bob.add_message(two, Message("user", "two"))
    bob.push([two])
    ada.push([ada.one])
    assert refs(hub.path) == sorted([STORE, f"refs/heads/{ada.one}", f"refs/heads/{two}"])
    assert {row.session_id for row in ada.pull().sessions} == {ada.one, two}
    assert {row.session_id for row in bob.pull().sessions} == {ada.one, two}


def test_a_refusal_is_one_line_and_the_report_has_it(ada, hub):
    ada.push([ada.one])
    hook = hub.path / "hooks/update"
    hook.write_text('#!/bin/sh\necho no secrets here\ntest "$1" = refs/heads/claif-store\n')
    hook.chmod(0o755)
    ada.add_message(ada.one, Message("user", "more"))
    if ada._transport_name == "dulwich":
        with pytest.raises(RemoteError, match=r"a hook \(update\)"):
            ada.push()
        return
    with pytest.raises(RemoteError, match="hook declined: no secrets here") as caught:
        ada.push()
    assert caught.value.report.of(ada.one).outcome == "refused"


@pytest.mark.parametrize("key", ["receive.denyDeletes", "receive.denyNonFastForwards", "transfer.hideRefs"])
def test_without_git_a_path_with_rules_for_pushes_gets_none(ada, hub, key):
    git(hub.path, "config", key, "true")
    if ada._transport_name == "dulwich":
        with pytest.raises(RemoteError, match=rf"a setting \({key.lower()}\), which only git can heed"):
            ada.push([ada.one])
        assert refs(hub.path) == []
    else:
        assert ada.push([ada.one]).ok
    assert ada.fetch().ok


def test_a_deletion_that_the_remote_refuses_leaves_no_tombstone(ada, hub, person):
    if ada._transport_name == "dulwich":
        pytest.skip("without git nothing is sent to a path with such a setting")
    git(hub.path, "config", "receive.denyDeletes", "true")
    ada.push([ada.one])
    before = git(hub.path, "rev-parse", STORE)
    ada.delete_session(ada.one)
    for _ in range(2):
        with pytest.raises(RemoteError, match="deletion prohibited"):
            ada.push()
        assert git(hub.path, "rev-parse", STORE) == before
    bob = person("bob", hub)
    assert bob.pull().of(ada.one).outcome == "new"
    assert [row.state for row in bob.status().sessions] == ["up-to-date"]
    git(hub.path, "config", "receive.denyDeletes", "false")
    assert ada.push().of(ada.one).outcome == "deleted"
    assert bob.pull().of(ada.one).outcome == "deleted"


def test_a_push_that_dies_between_a_deletion_and_its_tombstone_is_ended_by_the_next(ada, hub, person, monkeypatch):
    bob = person("bob", hub)
    ada.push([ada.one])
    bob.pull()
    ada.delete_session(ada.one)
    with monkeypatch.context() as patch:
        patch.setattr("claif_git.sync.pushing._Push.tombstones", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ada.push()
    assert refs(hub.path) == [STORE]
    ada.push()
    assert files(hub.path)[-1] == f"tombstones/{ada.one}.yaml"
    assert ada.push().sessions == []
    assert bob.pull().of(ada.one).outcome == "deleted"


def test_a_plain_push_says_what_was_deleted_there_meanwhile(ada, hub, person):
    bob = person("bob", hub)
    ada.push(all=True)
    bob.pull()
    bob.add_message(ada.one, Message("user", "on"))
    ada.delete_session(ada.one)
    ada.delete_session(ada.secret)
    ada.push()
    report = bob.push()
    assert {row.session_id: row.outcome for row in report.sessions} == {ada.one: "survived", ada.secret: "behind"}
    assert "went on here since: it stays, and the next push sends it again" in report.of(ada.one).detail
    assert "a pull moves it to the trash" in report.of(ada.secret).detail
    assert refs(hub.path) == [STORE]
    assert [(row.session_id, row.outcome) for row in bob.push().sessions] == [(ada.one, "sent")]
    assert ada.pull().of(ada.one).outcome == "survived"


@pytest.fixture(autouse=True)
def _names(ada, transport):
    ada._transport_name = transport.name
