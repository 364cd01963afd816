"""Trees as values, beside the trees that git makes."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.git.trees import Folder, Leaf, parse_tree

NAMES = st.text("ab-.0", min_size=1, max_size=3).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
OIDS = st.integers(0, 2**160 - 1).map(lambda number: f"{number:040x}")


class Objects:
    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def add(self, kind: str, data: bytes) -> str:
        oid = hashlib.sha1(b"%s %d\0%s" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()
        self.held[oid] = data
        return oid


def without_clashes(files: dict[str, str]) -> dict[str, str]:
    folders = {path.rsplit("/", at)[0] for path in files for at in range(1, path.count("/") + 1)}
    return {path: oid for path, oid in files.items() if path not in folders}


FILES = st.dictionaries(PATHS, OIDS, max_size=8).map(without_clashes)


def build(objects: Objects, files: dict[str, str]) -> Folder:
    folder = Folder(objects.held.__getitem__)
    for path, oid in files.items():
        folder = folder.put(path, oid)
    return folder


@given(FILES)
def test_what_was_put_is_found(files: dict[str, str]) -> None:
    objects = Objects()
    folder = build(objects, files)
    read = Folder(objects.held.__getitem__, folder.write(objects.add))
    assert {path: leaf.oid for path, leaf in read.walk()} == files
    assert all(read.file(path) == oid for path, oid in files.items())


@given(FILES, FILES)
def test_a_tree_does_not_depend_on_the_way_to_it(files: dict[str, str], others: dict[str, str]) -> None:
    objects = Objects()
    there_and_back = build(objects, files)
    extra = {path: oid for path, oid in others.items() if build(objects, files).get(path.split("/")[0]) is None}
    for path, oid in extra.items():
        there_and_back = there_and_back.put(path, oid)
    for path in extra:
        there_and_back = there_and_back.remove(path)
    assert there_and_back.write(objects.add) == build(objects, files).write(objects.add)


@given(FILES)
def test_putting_and_removing_leave_the_first_folder_as_it_was(files: dict[str, str]) -> None:
    objects = Objects()
    folder = build(objects, files)
    before = folder.write(objects.add)
    folder.put("zz/new", "0" * 40)
    for path in files:
        folder.remove(path)
    assert Folder(objects.held.__getitem__, before).write(objects.add) == before
    assert {path for path, _ in folder.walk()} == set(files)


@given(FILES)
def test_git_reads_the_same_tree(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    objects = Objects()
    files = {path: objects.add("blob", oid.encode()) for path, oid in files.items()}
    oid = build(objects, files).write(objects.add)
    folder = tmp_path_factory.mktemp("tree")
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q", "--bare"], check=True)
    lines = "".join(f"100644 {blob}\t{path}\n" for path, blob in files.items())
    subprocess.run([*git, "update-index", "--index-info"], input=lines, text=True, check=True)
    made = subprocess.run([*git, "write-tree", "--missing-ok"], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == oid


def test_only_the_folders_that_are_asked_for_are_read() -> None:
    objects = Objects()
    oid = build(objects, {"a/one": "1" * 40, "b/two": "2" * 40}).write(objects.add)
    read: list[str] = []

    def reading(tree: str) -> bytes:
        read.append(tree)
        return objects.held[tree]

    folder = Folder(reading, oid)
    assert folder.file("a/one") == "1" * 40
    folder.put("a/three", "3" * 40).write(objects.add)
    assert len(read) == 2


@pytest.mark.parametrize("data", [b"100644 a\0" + b"1" * 19, b"100644", b"9 a\0" + b"1" * 20])
def test_a_damaged_tree_is_an_error(data: bytes) -> None:
    with pytest.raises(StoreError):
        parse_tree(data, lambda _: b"", "0" * 40)


def test_folders_that_nest_without_end_are_refused() -> None:
    objects = Objects()
    folder = Folder(objects.held.__getitem__).put("/".join("a" * 100), "1" * 40)
    with pytest.raises(StoreError, match="nest"):
        list(folder.walk())


def test_what_is_no_file_is_kept_as_it_is() -> None:
    objects = Objects()
    link = Leaf(0o120000, "1" * 40)
    folder = Folder(objects.held.__getitem__).put("link", link)
    assert folder.file("link") is None
    again = Folder(objects.held.__getitem__, folder.put("x", "2" * 40).write(objects.add))
    assert again.get("link") == link


@given(st.lists(st.tuples(PATHS, OIDS, st.booleans()), max_size=12))
def test_a_tree_written_step_by_step_is_the_one_written_at_once(steps: list[tuple[str, str, bool]]) -> None:
    objects = Objects()
    folder = Folder(objects.held.__getitem__)
    for path, oid, take_out in steps:
        folder = folder.put(path, oid)
        if take_out:
            folder = folder.remove(path.split("/")[0])
        written = folder.write(objects.add)
        assert build(objects, {path: leaf.oid for path, leaf in folder.walk()}).write(objects.add) == written
