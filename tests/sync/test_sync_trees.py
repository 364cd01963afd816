"""What a tree that comes from elsewhere may hold: seen at a glance, and judged as one looked at entry by entry."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.git import FILE_MODE, FOLDER_MODE, TreeEntry, encode_tree
from claif_git.git.transport import Limits
from claif_git.sync.inspect import Inspector
from claif_git.sync.plain import DANGEROUS, fault_of_tree, plain_rows

MODES = st.sampled_from([FILE_MODE, FOLDER_MODE, 0o100755, 0o120000, 0o160000, 0o100664])
ODD = (".", "..", ".git", ".GIT", ".gitmodules", ".gitattributes", ".GitAttributes", "a b", "é", "x" * 256)
NAMES = st.sampled_from(["a", "a.b", "a-", "B", *ODD])
TREE = "7e" * 20
OIDS = st.sampled_from(["0a" * 20, "10" * 20, "ff" * 20])
ENTRIES = st.lists(st.builds(TreeEntry, MODES, NAMES, OIDS), max_size=5)
PLAIN = st.lists(
    st.builds(
        TreeEntry, st.sampled_from([FILE_MODE, FOLDER_MODE]), st.sampled_from(["a", "a.b", "a-", "b", "B"]), OIDS
    ),
    min_size=1,
    unique_by=lambda entry: entry.name,
)


def in_git_order(entries):
    return sorted(entries, key=lambda e: e.name.encode() + (b"/" if e.mode == FOLDER_MODE else b""))


def one_by_one(entries, order, depth):
    """Say whether each entry is harmless, and all of them stand as git writes them."""
    names = [entry.name for entry in entries]
    special = [name for name in names if name.lower() in (".", "..", ".git", ".gitmodules", ".gitattributes")]
    return (
        all(entry.mode in (FILE_MODE, FOLDER_MODE) for entry in entries)
        and all(re.fullmatch("[0-9A-Za-z._-]{1,255}", name) for name in names)
        and len(set(names)) == len(names)
        and (order == "sorted" or entries == in_git_order(entries))
        and (not special or (special == [".gitattributes"] and depth == 0))
        and not any(entry.name in special and entry.mode == FOLDER_MODE for entry in entries)
    )


@given(ENTRIES, st.sampled_from(["sorted", "as it comes"]), st.sampled_from([0, 1]))
@example([TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 0)
@example([TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 1)
@example(
    [TreeEntry(FILE_MODE, ".GitAttributes", "0a" * 20), TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 0
)
def test_at_a_glance_and_one_by_one_come_to_the_same(entries, order, depth):
    data = encode_tree(in_git_order(entries) if order == "sorted" else entries)
    held = SimpleNamespace(
        read=lambda oid, _most: ("tree", data) if oid == TREE else ("blob", layout.ATTRIBUTES), in_order=lambda _: ()
    )
    try:
        found = Inspector(held, Limits(), ())._looked_at(TREE, "", depth)
    except (MalformedError, StoreError):
        found = None
    assert (found is not None) == one_by_one(entries, order, depth)
    assert found is None or given_by(found) == {(entry.mode, entry.name, entry.oid) for entry in entries}


def given_by(tree):
    kinds = ((FOLDER_MODE, tree.folders), (FILE_MODE, tree.elsewhere))
    return {(mode, name.decode(), oid.hex()) for mode, some in kinds for name, oid in some}


@given(PLAIN)
def test_a_plain_tree_is_seen_at_a_glance(entries):
    entries = in_git_order(entries)
    assert [
        TreeEntry(int(mode, 8), name.decode(), oid.hex()) for mode, name, oid in plain_rows(encode_tree(entries))
    ] == entries


@given(st.binary(max_size=200))
def test_rubbish_is_never_plain(data):
    with_rest = encode_tree([TreeEntry(FILE_MODE, "a", "0a" * 20)]) + data
    try:
        rows = plain_rows(with_rest)
        assert rows is None or b"".join(b"%s %s\0%s" % row for row in rows) == with_rest
    except StoreError:
        pytest.fail("it must not raise")


def test_what_is_said_of_a_tree_is_what_is_wrong_with_it():
    attributes = TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)
    script = TreeEntry(0o100755, "run.sh", "10" * 20)
    assert str(fault_of_tree(encode_tree([attributes, script]), "")).startswith("run.sh: mode 100755")
    assert DANGEROUS in str(fault_of_tree(encode_tree([attributes, script]), "below/"))
    assert DANGEROUS in str(fault_of_tree(encode_tree([TreeEntry(FOLDER_MODE, ".gitattributes", "0a" * 20)]), ""))
