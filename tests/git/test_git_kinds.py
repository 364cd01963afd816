"""Commits and trees as bytes: what we write git takes, and what git takes we read."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError, StoreError
from claif_git.git import FILE_MODE, FOLDER_MODE, Commit, Repository, TreeEntry, encode_tree, oid_of
from claif_git.git.kinds import decode_tree

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
ANY = st.text(st.characters(codec=None, exclude_categories=[]), max_size=40)
HEAD = f"tree {EMPTY_TREE}\n".encode()


def commit(author="Ada <a@b.c>", message="hi", at: float = 5) -> Commit:
    return Commit(EMPTY_TREE, (), author, at, author, at, message)


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    with Repository.init(tmp_path_factory.mktemp("kinds") / "store") as store:
        yield store


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    with Repository.init(tmp_path_factory.mktemp("trees") / "store") as store:
        yield store


ODD_PEOPLE = [
    "",
    "<",
    ">",
    "a<b>c<d>",
    " <>",
    "Ada",
    "<a@b>",
    "A\nB <x\ny@z>",
    "A\x00 <b\x00>",
    "\ud800 <\udfff>",
    "<<>>",
]


@pytest.mark.parametrize("person", ODD_PEOPLE)
def test_fsck_takes_any_person(one_store, git, person):
    made = commit(person, "x\x00y \udc00 z", -4.5)
    with one_store.writer(durable=False) as writer:
        writer.add("tree", b"")
        oid = writer.add("commit", made.encode())
    assert git(one_store, "hash-object", "-t", "commit", "--stdin", stdin=made.encode().decode()).strip() == oid
    said = git(one_store, "fsck", "--strict", "--no-dangling", oid)
    assert said == ""
    assert one_store.read_commit(oid).author.endswith(">")


@given(ANY, ANY, ANY, st.floats(-1e15, 1e15))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("Ada <a@b>", "", "\n\n\x00", 0.0)
def test_what_is_written_is_read_back_fit_for_git(author, committer, message, at):
    made = Commit(EMPTY_TREE, ("a" * 40,), author, at, committer, at, message)
    data = made.encode()
    head = data.partition(b"\n\n")[0].decode()
    assert len(head.split("\n")) == 4
    assert b"\x00" not in data
    back = Commit.decode(data)
    assert (back.tree, back.parents) == (made.tree, made.parents)
    assert back.encode() == data
    assert 0 <= back.author_time < 253_402_300_800
    assert back.author.count("<") == back.author.count(">") == 1
    if "\x00" not in message and not any("\ud800" <= mark <= "\udfff" for mark in message):
        assert back.message == message


def test_a_plain_commit_is_written_as_git_writes_it():
    made = Commit(EMPTY_TREE, ("b" * 40,), "Zoë O'Hara <z@x.y>", 1700000000.75, "B <b@c>", 1700000001, "s\n\nbody\n")
    assert made.encode().decode() == (
        f"tree {EMPTY_TREE}\nparent {'b' * 40}\nauthor Zoë O'Hara <z@x.y> 1700000000 +0000\n"
        "committer B <b@c> 1700000001 +0000\n\ns\n\nbody\n"
    )


@pytest.mark.parametrize(
    ("data", "author", "at", "message"),
    [
        (HEAD + b"author A <a@b> 7 +0100\ncommitter C <c@d> 8 -0330\n\nhi", "A <a@b>", 7, "hi"),
        (HEAD + b"author A <a@b> 7\ncommitter C <c@d> 8\n\nhi", "A <a@b>", 7, "hi"),
        (HEAD + b"author A <a@b>\n\nhi", "A <a@b>", 0, "hi"),
        (HEAD + b"author nobody\n\n", "nobody", 0, ""),
        (HEAD + b"author A <a@b> -7 +0000\n", "A <a@b>", -7, ""),
        (HEAD + b"author A <a@b> 99999999999999999999 +0000\n\n", "A <a@b>", 0, ""),
        (HEAD + b"encoding ISO-8859-1\nauthor Zo\xeb <a@b> 7 +0000\n\nZo\xeb", "Zoë <a@b>", 7, "Zoë"),
        (HEAD + b"encoding rot13\nauthor A <a@b> 7 +0000\n\nhi", "A <a@b>", 7, "hi"),
        (HEAD + b"encoding utf-8\nauthor Zo\xeb <a@b> 7 +0000\n\n", "Zo\ufffd <a@b>", 7, ""),
        (HEAD + b"encoding iso-nonsense\nauthor A <a@b> 7 +0000\n\n", "A <a@b>", 7, ""),
        (
            HEAD
            + b"author A <a@b> 7 +0000\ngpgsig -----BEGIN\n abc\n \n tree x\n -----END\nmergetag object 1\n\nhi\n\nx",
            "A <a@b>",
            7,
            "hi\n\nx",
        ),
    ],
)
def test_odd_but_valid_commits_are_read(data, author, at, message):
    back = Commit.decode(data)
    assert (back.author, back.author_time, back.message) == (author, at, message)


@given(st.binary(max_size=200).map(lambda rest: HEAD + rest))
def test_any_rest_of_a_commit_is_read_or_refused_as_one(data):
    with contextlib.suppress(StoreError):
        Commit.decode(data)


@pytest.mark.parametrize("data", [b"", b"tree x\n\n", b"hello", b"parent " + b"a" * 40, HEAD + b"parent xyz\n\n"])
def test_what_is_no_commit_is_refused(data):
    with pytest.raises(StoreError, match="not a commit"):
        Commit.decode(data)


@pytest.mark.parametrize("oid", ["", "a" * 39, "A" * 40, "g" * 40, "a" * 40 + "\n"])
def test_a_commit_of_what_is_no_object_is_refused(oid):
    with pytest.raises(InvalidInputError):
        Commit(oid, (), "", 0, "", 0, "").encode()


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\x00"), min_size=1, max_size=6)


@given(st.dictionaries(NAMES, st.sampled_from([FILE_MODE, FOLDER_MODE]), max_size=12))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example({"a": FOLDER_MODE, "a.b": FILE_MODE, "a-": FILE_MODE, "a0": FOLDER_MODE})
def test_trees_stand_in_gits_order_and_come_back(trees, git, names):
    kinds = {FILE_MODE: ("blob", "blob"), FOLDER_MODE: ("tree", "tree")}
    entries = [TreeEntry(mode, name, oid_of(kinds[mode][0], b"")) for name, mode in names.items()]
    data = encode_tree(entries)
    assert set(decode_tree(data)) == set(entries)
    listing = "".join(f"{mode:06o} {kinds[mode][1]} {oid}\t{name}\0" for mode, name, oid in entries)
    assert git(trees, "mktree", "-z", "--missing", stdin=listing).strip() == oid_of("tree", data)


@pytest.mark.parametrize(
    "data", [b"x", b"100644 a", b"100644 a\x00" + b"x" * 19, b"1006z4 a\x00" + b"x" * 20, b" \x00" * 30]
)
def test_what_is_no_tree_is_refused(data):
    with pytest.raises(StoreError, match="not a tree"):
        decode_tree(data)


def test_there_are_four_kinds_of_object():
    with pytest.raises(InvalidInputError):
        oid_of("blurb", b"")
