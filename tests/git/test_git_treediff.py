"""Files that one tree has and another lacks, beside what git says; and objects by the beginning of their ids."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.git import Repository, TreeEntry, encode_tree
from claif_git.git.abbreviations import starting_with
from claif_git.git.rawdiff import raw_diff
from claif_git.git.treediff import TreeDiff
from claif_git.git.trees import Folder

NAMES = st.sampled_from(["a", "b", "c d", "é", "40000 x"])
FILES = st.dictionaries(st.lists(NAMES, min_size=1, max_size=3).map("/".join), st.sampled_from(["x", "y"]), max_size=6)


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repository]:
    with Repository.init(tmp_path / "repo") as opened:
        yield opened


def written(repo: Repository, files: dict[str, str]) -> str:
    with repo.writer(durable=False) as writer:
        folder = Folder(lambda _: b"")
        for path, text in files.items():
            folder = folder.put(path, writer.add("blob", text.encode()))
        return folder.write(writer.add)


def paths(repo: Repository, tree: str) -> dict[str, str]:
    return {path: leaf.oid for path, leaf in Folder(lambda oid: repo.read(oid)[1], tree).walk()}


@settings(max_examples=60)
@given(FILES, FILES)
def test_what_is_added_is_what_only_the_later_tree_has(before: dict[str, str], after: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder, Repository.init(Path(folder) / "repo") as repo:
        old, new = written(repo, before), written(repo, after)
        had, has = paths(repo, old), paths(repo, new)
        diff = TreeDiff(repo)
        assert dict(diff.added(old, new)) == {path: oid for path, oid in has.items() if path not in had}
        assert dict(diff.added(None, new)) == has
        assert dict(diff.added(old, None)) == {}


def test_a_folder_is_found_by_its_name(repo: Repository) -> None:
    tree = written(repo, {"a/b": "x", "c": "y"})
    diff = TreeDiff(repo)
    assert diff.folder(tree, "a") == dict(diff_folders(repo, tree))["a"]
    assert (diff.folder(tree, "c"), diff.folder(tree, "d")) == (None, None)


def diff_folders(repo: Repository, tree: str) -> list[tuple[str, str]]:
    return [(entry.name, entry.oid) for entry in repo.read_tree(tree) if entry.mode == 0o040000]


def test_what_is_no_tree_or_nests_for_ever_is_refused(repo: Repository) -> None:
    with repo.writer(durable=False) as writer:
        blob = writer.add("blob", b"x")
        deep = writer.add("tree", encode_tree([TreeEntry(0o100644, "x", blob)]))
        for _ in range(80):
            deep = writer.add("tree", encode_tree([TreeEntry(0o040000, "d", deep)]))
    with pytest.raises(StoreError, match="not a tree"):
        dict(TreeDiff(repo).added(None, blob))
    with pytest.raises(StoreError, match="deeper"):
        dict(TreeDiff(repo).added(None, deep))


def test_only_so_many_trees_are_kept(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    trees = [written(repo, {f"f{at}": str(number) for at in range(4)}) for number in range(20)]
    for entries, kept in ((48, 12), (8, 8)):  # the latest few in any case
        monkeypatch.setattr("claif_git.git.treediff._KEPT", entries)
        diff = TreeDiff(repo)
        for _ in range(2):
            assert [len(dict(diff.added(None, tree))) for tree in trees] == [4] * 20
        assert list(diff._read) == trees[-kept:]


def test_a_folder_whose_mode_has_a_zero_before_it_is_one(repo: Repository) -> None:
    with repo.pack_writer() as writer:
        below = repo.read(written(repo, {"f": "1"}))[1]
        inner = writer.add("tree", below)
        outer = writer.add("tree", b"040000 d\0" + bytes.fromhex(inner))
        other = writer.add("tree", b"40000 d\0" + bytes.fromhex(inner))
    diff = TreeDiff(repo)
    assert diff.folder(outer, "d") == inner
    assert [path for path, _ in diff.added(None, outer)] == ["d/f"]
    assert list(diff.added(other, outer)) == []


def test_what_nests_too_deep_is_an_error_or_on_request_nothing(repo: Repository) -> None:
    deep = written(repo, {"/".join("a" * 80): "1", "f": "2"})
    with pytest.raises(StoreError, match="nest deeper"):
        list(TreeDiff(repo).added(None, deep))
    assert [path for path, _ in TreeDiff(repo, skips_deep=True).added(None, deep)] == ["f"]


@pytest.mark.parametrize("packed", [False, True])
def test_objects_are_found_by_the_beginning_of_their_ids(repo: Repository, packed: bool) -> None:
    tree = written(repo, {"f": "x"})
    if packed:
        with repo.pack_writer() as writer:
            tree = writer.add("tree", repo.read(tree)[1])
    for digits in (7, 8, 40):
        assert starting_with(repo, tree[:digits]) == [tree]
    other = "0" * 40 if tree[0] != "0" else "1" * 40
    assert starting_with(repo, other) == starting_with(repo, other[:9]) == []


def test_a_raw_diff_runs_nothing_that_a_configuration_names(repo: Repository, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    repo.config_set("diff.external", f"touch {witness}")
    repo.config_set("core.pager", f"touch {witness}")
    commits = []
    for text in ("x\n", "y\n"):
        tree = written(repo, {"f": text})
        command = ["git", "-C", str(repo.path), "commit-tree", tree, "-m", "m"]
        commits.append(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())
    assert raw_diff(repo, *commits).splitlines()[-2:] == ["-x", "+y"]
    assert not witness.exists()


def test_what_changed_is_what_was_added_and_what_differs(repo: Repository) -> None:
    old = written(repo, {"a": "x", "b/c": "x", "gone": "x"})
    new = written(repo, {"a": "y", "b/c": "x", "d/e": "x"})
    assert {path for path, _ in TreeDiff(repo).changed(old, new)} == {"a", "d/e"}
    assert {path for path, _ in TreeDiff(repo).added(old, new)} == {"d/e"}
