"""Making, finding and telling apart stores."""

from __future__ import annotations

import os
import shutil

import pytest

from claif_git.errors import StoreError, StoreNotFoundError
from claif_git.git import Repository


def test_a_new_store_is_a_bare_repository_to_stock_git(store, git, clean):
    clean(store)
    assert git(store, "rev-parse", "--is-bare-repository").strip() == "true"
    assert git(store, "symbolic-ref", "HEAD").strip() == "refs/heads/claif-store"
    assert git(store, "config", "gc.pruneExpire").strip() == "2.weeks.ago"


def test_init_opens_what_is_there(store, append):
    tip = append(store, "refs/heads/x", None, "hi")
    store.config_set("a.b", "c")
    with Repository.init(store.path) as again:
        assert (again.ref("refs/heads/x"), again.config_get("a.b")) == (tip, "c")


def test_a_folder_of_other_things_is_no_place_for_a_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StoreError, match="not empty"):
        Repository.init(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(StoreError, match="cannot make a store"):
        Repository.init(tmp_path / "thesis.tex" / "store")


def test_a_store_that_was_made_half_way_is_completed(tmp_path):
    (tmp_path / "objects").mkdir()
    (tmp_path / "config").write_text("")
    (tmp_path / "tmp_claif_0").write_text("")
    with Repository.init(tmp_path) as store:
        assert store.refs() == {}


MAKER = """
import sys
from claif_git.git import Repository
sys.stdin.read()
with Repository.init(sys.argv[1]) as store:
    with store.writer() as writer:
        oid = writer.add("blob", sys.argv[2].encode())
    print(store.store_id(), store.move_ref("refs/heads/" + sys.argv[2], None, oid))
"""


def test_many_processes_may_make_one_store_at_once(tmp_path, spawn):
    makers = [spawn(MAKER, tmp_path / "a/b/store", at) for at in range(4)]
    said = {maker.communicate("")[0] for maker in makers}
    assert len(said) == 1
    assert said.pop().endswith(" True\n")
    with Repository.open(tmp_path / "a/b/store") as store:
        assert len(store.refs()) == 4
        assert not list(store.path.rglob("tmp_*"))


def test_what_is_no_store_is_not_found(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    for path in (tmp_path, tmp_path / "nothing", tmp_path / "file"):
        with pytest.raises(StoreNotFoundError) as caught:
            Repository.open(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)
        assert isinstance(caught.value, FileNotFoundError)


def test_a_worktree_opens_its_repository(tmp_path, git):
    git(tmp_path, "init", "-q", "code")
    git(tmp_path / "code", "commit", "-q", "--allow-empty", "-m", "x")
    git(tmp_path / "code", "worktree", "add", "-q", str(tmp_path / "linked"))
    for path in (tmp_path / "code", tmp_path / "linked", tmp_path / "code/.git"):
        with Repository.open(path) as store:
            assert store.path == (tmp_path / "code/.git").resolve()
            assert set(store.refs()) == {"refs/heads/main", "refs/heads/linked"}
    with Repository.init(tmp_path / "code") as store:
        assert store.path.name == ".git"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"core.repositoryformatversion": "2"}, "format 2"),
        ({"core.repositoryformatversion": "1", "extensions.objectformat": "sha256"}, "objectformat"),
        ({"core.repositoryformatversion": "1", "extensions.refstorage": "reftable"}, "refstorage"),
        ({"core.repositoryformatversion": "1", "extensions.fromTheFuture": "x"}, "fromthefuture"),
    ],
)
def test_a_repository_of_another_form_is_refused(store, settings, said):
    for key, value in settings.items():
        store.config_set(key, value)
    with pytest.raises(StoreError, match=said):
        Repository.open(store.path)


def test_forms_that_change_nothing_for_us_are_taken(store):
    for key, value in {"objectformat": "sha1", "refstorage": "files", "worktreeConfig": "true"}.items():
        store.config_set(f"extensions.{key}", value)
    store.config_set("core.repositoryformatversion", "1")
    Repository.open(store.path).close()


def test_a_copy_of_a_store_draws_an_id_of_its_own(store, tmp_path):
    mine = store.store_id()
    assert len(mine) == 32
    with Repository.open(store.path) as again:
        assert again.store_id() == mine
    shutil.copytree(store.path, tmp_path / "copy")
    with Repository.open(tmp_path / "copy") as copy, Repository.open(tmp_path / "copy") as again:
        assert copy.store_id() not in {mine, ""}
        assert again.store_id() == copy.store_id()
    store.path.rename(tmp_path / "moved")
    with Repository.open(tmp_path / "moved") as moved:
        assert moved.store_id() == mine


def test_a_damaged_id_is_drawn_anew(store):
    mine = store.store_id()
    (store.path / "claif/id").write_text("rubbish")
    with Repository.open(store.path) as again:
        assert again.store_id() != mine


def test_a_store_whose_id_cannot_be_kept_has_one_all_the_same(store, monkeypatch):
    def refuse(*_args: object, **_named: object) -> int:
        raise PermissionError

    monkeypatch.setattr("claif_git.git.identity.wait_for", refuse)
    assert len(store.store_id()) == 32
    assert store.store_id() == store.store_id()
    monkeypatch.setattr("claif_git.git.identity.wait_for", lambda *_args, **_named: None)
    with Repository.open(store.path) as other:
        assert len(other.store_id()) == 32
    assert not (store.path / "claif/id").exists()


def test_reading_a_repository_leaves_nothing_in_it(tmp_path, git):
    git(tmp_path, "init", "-q", "--bare", "plain")
    before = sorted(tmp_path.rglob("*"))
    with Repository.open(tmp_path / "plain") as store:
        assert (store.refs(), store.ref("HEAD"), store.config_get("a.b"), store.has("0" * 40)) == (
            {},
            None,
            None,
            False,
        )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_cannot_be_written_can_be_read(store, append):  # pragma: no cover
    tip = append(store, "refs/heads/x", None, "hi")
    store.path.chmod(0o555)
    with Repository.open(store.path) as other:
        assert other.read_commit(tip)
    store.path.chmod(0o755)
