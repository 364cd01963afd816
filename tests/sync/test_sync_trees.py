"""What a tree that comes from elsewhere may hold: seen at a glance, and judged as one looked at entry by entry."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.git import FILE_MODE, FOLDER_MODE, TreeEntry, encode_tree
from claif_git.git.transport import Limits
from claif_git.sync.inspect import Inspector, plain_tree

MODES = st.sampled_from([FILE_MODE, FOLDER_MODE, 0o100755, 0o120000, 0o160000, 0o100664])
ODD = (".", "..", ".git", ".GIT", ".gitmodules", ".gitattributes", ".GitAttributes", "a b", "é", "x" * 256)
NAMES = st.sampled_from(["a", "a.b", "a-", "B", *ODD])
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


def one_by_one(data, depth):
    held = SimpleNamespace(read=lambda _oid, _most: ("blob", layout.ATTRIBUTES))
    try:
        return list(Inspector(held, Limits(), ())._checked_one_by_one(data, "", depth))
    except (MalformedError, StoreError):
        return None


@given(ENTRIES, st.sampled_from(["sorted", "as it comes"]), st.sampled_from([0, 1]))
@example([TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 0)
@example([TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 1)
@example(
    [TreeEntry(FILE_MODE, ".GitAttributes", "0a" * 20), TreeEntry(FILE_MODE, ".gitattributes", "0a" * 20)], "sorted", 0
)
def test_at_a_glance_and_one_by_one_come_to_the_same(entries, order, depth):
    data = encode_tree(in_git_order(entries) if order == "sorted" else entries)
    held = SimpleNamespace(read=lambda oid, _most: ("tree", data) if oid == "tree" else ("blob", layout.ATTRIBUTES))
    try:
        found = list(Inspector(held, Limits(), ())._checked("tree", "", depth))
    except (MalformedError, StoreError):
        found = None
    assert found == one_by_one(data, depth)


@given(PLAIN)
def test_a_plain_tree_is_seen_at_a_glance(entries):
    entries = in_git_order(entries)
    assert plain_tree(encode_tree(entries)) == entries


@given(st.binary(max_size=200))
def test_rubbish_is_never_plain(data):
    with_rest = encode_tree([TreeEntry(FILE_MODE, "a", "0a" * 20)]) + data
    try:
        assert encode_tree(plain_tree(with_rest)) in (with_rest, b"")
    except StoreError:
        pytest.fail("it must not raise")
