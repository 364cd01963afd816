"""Trees that grow stand as deltas in the packs that we write; git and we read them as what they are."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claif_git.git import FILE_MODE, Repository, TreeEntry, encode_tree, oid_of, packdeltas
from claif_git.git.packfile import apply_delta

texts = st.binary(max_size=300) | st.builds(
    lambda text, count: text * count, st.binary(max_size=90), st.integers(0, 700)
)


@given(texts, texts, texts, texts)
def test_a_delta_makes_the_one_of_the_other(start, old, new, end):
    for base, data in ((start + old + end, start + new + end), (start, start + end), (start + end, end), (new, new)):
        assert apply_delta(base, packdeltas.delta_of(base, data)) == data


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 0xFFFE, 0xFFFF])
def test_a_delta_copies_and_inserts_any_length(size):
    text = bytes(at * 7 % 251 for at in range(size))
    for base, data in ((text, text), (b"", text), (text, b""), (text, text + b"more"), (text + b"less", text)):
        assert apply_delta(base, packdeltas.delta_of(base, data)) == data


def entries(count: int, first: int = 0) -> list[TreeEntry]:
    return [TreeEntry(FILE_MODE, f"{first:04}-{at:05}.md", oid_of("blob", b"%d" % at)) for at in range(count)]


def growing(count: int) -> list[bytes]:
    return [encode_tree(entries(at)) for at in range(count)]


def pack_bytes(store: Repository) -> int:
    return sum(path.stat().st_size for path in (store.path / "objects/pack").glob("*.pack"))


def longest_chain(git, store: Repository) -> int:
    packs = [str(path) for path in (store.path / "objects/pack").glob("*.idx")]
    chains = [line for line in git(store, "verify-pack", "--stat-only", *packs).splitlines() if "chain length" in line]
    return max((int(line.partition("=")[2].partition(":")[0]) for line in chains), default=0)


def test_trees_that_grow_take_little_and_git_reads_them(store, git, clean):
    trees = growing(300)
    with store.pack_writer() as writer:
        oids = [writer.add("tree", data) for data in trees]
        assert [store.read(oid) for oid in oids] == [("tree", data) for data in trees]
    assert pack_bytes(store) < sum(map(len, trees)) / 20
    assert 0 < longest_chain(git, store) <= 16
    with Repository.open(store.path) as other:
        assert [other.read(oid) for oid in reversed(oids)] == [("tree", data) for data in reversed(trees)]
    assert git(store, "ls-tree", "--name-only", oids[-1]).split() == [entry.name for entry in entries(299)]
    clean(store)


def test_trees_of_many_sessions_in_turn_find_their_own_base(store, clean):
    trees = [encode_tree(entries(at, first)) for at in range(20, 60) for first in range(10)]
    with store.pack_writer() as writer:
        oids = [writer.add("tree", data) for data in trees]
    assert pack_bytes(store) < sum(map(len, trees)) / 8
    assert [store.read(oid) for oid in oids] == [("tree", data) for data in trees]
    clean(store)


def test_a_base_that_was_written_to_the_disk_is_found_again(store, clean):
    trees = growing(40)
    with store.pack_writer(durable=False) as writer:
        first = [writer.add("tree", data) for data in trees[:30]]
        large = writer.add("blob", os.urandom(3_000_000))
        rest = [writer.add("tree", data) for data in trees[30:]]
        assert [store.read(oid)[1] for oid in first + rest] == trees
        assert len(store.read_blob(large)) == 3_000_000
    assert [store.read(oid)[1] for oid in first + rest] == trees
    clean(store)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.booleans()), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_trees_that_grow_shrink_and_change_are_read_as_they_were_added(store, steps):
    trees = []
    for first, count, changed in steps:
        held = entries(count, first)
        if changed and held:
            middle = len(held) // 2
            held[middle] = TreeEntry(FILE_MODE, held[middle].name, oid_of("blob", b"%d" % len(trees)))
        trees.append(encode_tree(held))
    with store.pack_writer(durable=False) as writer:
        oids = [writer.add("tree", data) for data in trees]
        assert [store.read(oid)[1] for oid in oids] == trees
    assert [store.read(oid)[1] for oid in oids] == trees


def test_a_tree_of_any_size_is_written(store, clean):
    trees = [encode_tree(entries(count)) for count in (1, 10, 1_500, 1_501, 3_000, 3_001)]
    with store.pack_writer() as writer:
        oids = [writer.add("tree", data) for data in trees]
    assert [store.read(oid)[1] for oid in oids] == trees
    clean(store)


def test_small_packs_with_deltas_are_joined_and_an_object_of_several_stands_once(store, git, clean):
    trees = [[encode_tree(entries(at, first)) for at in range(2, 30)] for first in range(24)]
    held = []
    for some in trees:
        with store.pack_writer(durable=False) as writer:
            writer.add("blob", b"the same in all")
            held += [(writer.add("tree", data), data) for data in [*trees[0][:14], *some]]
    before = pack_bytes(store)
    with Repository.open(store.path) as other:
        assert other.read(held[0][0])
        assert store.gather() == 24
        assert len(list((store.path / "objects/pack").glob("*.pack"))) == 1
        assert all(other.read(oid) == ("tree", data) for oid, data in held)
    assert pack_bytes(store) < before
    assert longest_chain(git, store) > 0
    with Repository.open(store.path) as other:
        assert all(other.read(oid) == ("tree", data) for oid, data in held)
    clean(store)
