"""The union of two trees: nothing that either side added is lost, and strangers' files follow git's own rule."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.format.messages import encode
from claif_git.format.settings import encode_setting
from claif_git.git.trees import Folder, Leaf
from claif_git.merge.trees import United, unite
from claif_git.model import Message

STAMP = "2026-11-24T21-32-05.123456"
PAGE = f"messages/{STAMP}-abcd-0000"
SAID = f"{PAGE}/{STAMP}-user-00000000.md"


class Trees:
    """Objects in memory."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def add(self, kind: str, data: bytes) -> str:
        oid = hashlib.sha1(b"%s %d\0%s" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()
        self.held[oid] = data
        return oid

    def tree(self, files: dict[str, bytes]) -> Folder:
        folder = Folder(self.held.__getitem__)
        for path, data in files.items():
            folder = folder.put(path, self.add("blob", data))
        return Folder(self.held.__getitem__, folder.write(self.add))

    def unite(self, base: dict[str, bytes] | None, ours: dict[str, bytes], theirs: dict[str, bytes]) -> United:
        before = None if base is None else self.tree(base)
        return unite(before, self.tree(ours), self.tree(theirs), self.held.__getitem__, self.add)

    def files(self, united: United) -> dict[str, bytes]:
        return {path: self.held[leaf.oid] for path, leaf in united.root.walk()}


PATHS = st.sampled_from(["messages/a/x.md", "messages/a/y.md", "drops/z.yaml", "attachments/1f/a", "messages/b/x.md"])
FILES = st.dictionaries(PATHS, st.just(b"x"))


@given(FILES, FILES, FILES)
def test_below_our_folders_a_union_is_a_union(
    base: dict[str, bytes], ours: dict[str, bytes], theirs: dict[str, bytes]
) -> None:
    trees = Trees()
    united = trees.unite(base, ours, theirs)
    assert trees.files(united) == {**ours, **theirs}
    assert united.conflicts == []
    other_way = trees.unite(base, theirs, ours)
    assert united.root.write(trees.add) == other_way.root.write(trees.add)


def test_a_message_that_one_side_removed_comes_back_and_is_named() -> None:
    trees = Trees()
    said = {SAID: b"words"}
    for ours, theirs in (({}, said), (said, {}), ({"messages/x": b""}, {**said, "messages/x": b""})):
        united = trees.unite(said, ours, theirs)
        assert trees.files(united)[SAID] == b"words"
        assert [entry.path for entry in united.removed] == [SAID.removeprefix("messages/")]
    kept = trees.unite({"drops/a.yaml": b"x"}, {}, {"drops/a.yaml": b"x"})
    assert (list(trees.files(kept)), kept.removed) == (["drops/a.yaml"], [])
    both = trees.unite({**said, f"{PAGE}/notes.txt": b""}, {f"{PAGE}/notes.txt": b""}, {})
    assert both.removed == []


def test_edits_of_a_message_and_of_a_setting_are_merged_by_key() -> None:
    trees = Trees()

    def message(**metadata: int) -> dict[str, bytes]:
        return {SAID: encode(Message("user", "x", datetime(2026, 1, 1, tzinfo=UTC), dict(metadata))).data}  # type: ignore[arg-type]

    united = trees.unite(message(), message(a=1), message(b=2))
    assert trees.files(united) == message(a=1, b=2)
    united = trees.unite(message(), message(a=1), message(a=2))
    assert [(item.path, item.key, item.ours, item.theirs) for item in united.conflicts] == [(SAID, "metadata.a", 1, 2)]
    title = "sessions/s/title.yaml"
    one, two, three = ({title: encode_setting("title", word)} for word in ("one", "two", "three"))
    united = trees.unite(one, two, three)
    assert trees.files(united) == two
    assert [(item.key, item.ours, item.theirs) for item in united.conflicts] == [("title", "two", "three")]


def test_elsewhere_gits_own_rule_holds() -> None:
    trees = Trees()
    base = {"notes.txt": b"0", "gone.txt": b"0", "edited.txt": b"0", "sub/deep.txt": b"0"}
    united = trees.unite(base, {**base, "notes.txt": b"1"}, {"notes.txt": b"0", "edited.txt": b"2", "new.txt": b"3"})
    assert trees.files(united) == {"notes.txt": b"1", "edited.txt": b"2", "new.txt": b"3"}
    assert united.conflicts == []
    united = trees.unite(base, {**base, "gone.txt": b"1"}, {"notes.txt": b"2"} | {"edited.txt": b"0"})
    assert trees.files(united)["gone.txt"] == b"1"
    assert [(item.path, item.key, item.theirs) for item in united.conflicts] == [("gone.txt", "file", None)]
    united = trees.unite(base, {**base, "notes.txt": b"1"}, {**base, "notes.txt": b"2"})
    assert trees.files(united)["notes.txt"] == b"1"
    assert [item.path for item in united.conflicts] == ["notes.txt"]


@pytest.mark.parametrize("swapped", [False, True])
def test_a_folder_and_a_file_of_one_name_leave_the_folder(*, swapped: bool) -> None:
    trees = Trees()
    sides = [{"messages/a/x": b"1"}, {"messages/a": b"2"}]
    ours, theirs = reversed(sides) if swapped else sides
    united = trees.unite(None, ours, theirs)
    assert trees.files(united) == sides[0]
    assert [(item.path, item.key) for item in united.conflicts] == [("messages/a", "file")]
    assert "folder" in {united.conflicts[0].ours, united.conflicts[0].theirs}


def test_a_mode_that_both_changed_is_a_conflict_and_ours_stands() -> None:
    trees = Trees()
    blob, other = trees.add("blob", b"x"), trees.add("blob", b"y")
    base = Folder(trees.held.__getitem__)
    ours, theirs = base.put(SAID, Leaf(0o120000, blob)), base.put(SAID, other)
    united = unite(base, ours, theirs, trees.held.__getitem__, trees.add)
    assert united.root.get(SAID) == Leaf(0o120000, blob)
    assert len(united.conflicts) == 1


def test_folders_that_nest_without_end_are_refused() -> None:
    trees = Trees()
    deep = "/".join("a" * 80)
    with pytest.raises(StoreError, match="nest"):
        trees.unite(None, {f"{deep}/x": b"1"}, {f"{deep}/y": b"1"})
