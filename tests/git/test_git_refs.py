"""Refs: compare-and-swap, loose and packed, beside stock git."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claif_git.errors import ConcurrentUpdateError, InvalidInputError, StoreError
from claif_git.git import Repository, command, is_ref_name, packedrefs
from claif_git.git.packedrefs import PackedRefs, encode, parse

NAME = "refs/heads/a-session"


@pytest.fixture
def tips(store, append) -> list[str]:
    made: list[str] = []
    for at in range(4):
        made.append(append(store, "", made[-1] if made else None, f"turn {at}"))
    return made


@pytest.mark.parametrize("durable", [True, False])
def test_a_ref_moves_only_from_where_it_stands(store, git, clean, tips, durable):
    one, two, three, _ = tips
    assert not store.move_ref(NAME, one, two, durable=durable)
    assert store.move_ref(NAME, None, one, durable=durable)
    assert not store.move_ref(NAME, None, two, durable=durable)
    assert not store.move_ref(NAME, three, two, durable=durable)
    assert not store.move_ref(NAME, three, None, durable=durable)
    assert store.ref(NAME) == git(store, "rev-parse", NAME).strip() == one
    assert store.move_ref(NAME, one, two, durable=durable)
    assert store.move_ref(NAME, two, two, durable=durable)
    assert git(store, "rev-parse", NAME).strip() == two
    clean(store)
    assert store.move_ref(NAME, two, None, durable=durable)
    assert not store.move_ref(NAME, two, None, durable=durable)
    assert store.move_ref(NAME, None, None, durable=durable)
    assert store.ref(NAME) is None
    assert git(store, "for-each-ref") == ""


def test_packed_refs_are_read_moved_and_deleted(store, git, clean, tips):
    one, two, three, four = tips
    for at, tip in enumerate(tips):
        store.move_ref(f"{NAME}-{at}", None, tip)
    git(store, "tag", "-a", "-m", "note", "v1", one)
    git(store, "pack-refs", "--all")
    assert store.ref(f"{NAME}-0") == one
    assert not store.move_ref(f"{NAME}-1", None, one)
    assert store.move_ref(f"{NAME}-1", two, three)
    assert store.move_ref(f"{NAME}-2", three, None)
    assert store.move_ref(f"{NAME}-3", four, one)
    assert store.move_ref(f"{NAME}-3", one, None)
    assert store.refs("refs/heads/") == {f"{NAME}-0": one, f"{NAME}-1": three}
    listed = dict(reversed(line.split(" ", 1)) for line in git(store, "show-ref").splitlines())
    assert listed == store.refs()
    assert "^" + one in (store.path / "packed-refs").read_text()
    assert store.move_ref(f"{NAME}-2", None, two)
    clean(store)


def test_a_deletion_that_died_half_way_is_completed(store, tips, monkeypatch):
    one, two, *_ = tips
    store.move_ref(NAME, None, one)
    store._refs.pack()
    store.move_ref(NAME, one, two)
    monkeypatch.setattr("claif_git.git.refs.remove", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        store.move_ref(NAME, two, None)
    monkeypatch.undo()
    assert store.ref(NAME) == two
    assert store.move_ref(NAME, two, None)
    assert store.refs() == {}


def test_refs_are_listed_by_prefix(store, tips):
    names = ["refs/heads/a", "refs/heads/ab", "refs/heads/b/c", "refs/claif/drafts/a/m1", "refs/claif/trash/a"]
    for name in names:
        store.move_ref(name, None, tips[0])
    for packed in (False, True):
        assert list(store.refs("refs/heads/")) == names[:3]
        assert list(store.refs("refs/heads/a")) == names[:2]
        assert list(store.refs("refs/claif/drafts/a/")) == names[3:4]
        assert sorted(store.refs()) == sorted(names)
        assert store.refs("refs/nothing/") == {}
        assert packed or store._refs.pack() == 5
    assert store._refs.loose_names() == []


def test_a_moved_ref_hides_its_packed_value(store, git, tips):
    store.move_ref(NAME, None, tips[0])
    store._refs.pack()
    store.move_ref(NAME, tips[0], tips[1])
    assert store.refs() == {NAME: tips[1]}
    assert store._refs.pack() == 1
    assert git(store, "rev-parse", NAME).strip() == tips[1]
    assert store.ref(NAME) == tips[1]


def test_what_we_pack_keeps_what_git_knows_about_tags(store, git, clean, tips):
    git(store, "tag", "-a", "-m", "note", "v1", tips[0])
    git(store, "pack-refs", "--all")
    store.move_ref(NAME, None, tips[1])
    store._refs.pack()
    git(store, "tag", "-f", "-a", "-m", "note", "v1", tips[1])
    store._refs.pack()
    assert git(store, "rev-parse", "v1^{commit}").strip() == tips[1]
    assert git(store, "show-ref", "-d", "--tags").count("\n") == 2
    clean(store)


def test_packing_leaves_a_ref_that_moved_meanwhile(store, tips, monkeypatch):
    store.move_ref(NAME, None, tips[0])
    merged = PackedRefs.merged

    def moved_meanwhile(self, more):
        store.move_ref(NAME, tips[0], tips[1])
        return merged(self, more)

    monkeypatch.setattr(PackedRefs, "merged", moved_meanwhile)
    assert store._refs.pack() == 0
    assert store.ref(NAME) == tips[1]


@pytest.mark.parametrize("packed", [True, False])
def test_a_ref_above_or_below_another_is_refused(store, git, tips, packed):
    store.move_ref("refs/heads/a/b", None, tips[0])
    if packed:
        git(store, "pack-refs", "--all")
    for name in ("refs/heads/a", "refs/heads/a/b/c", "refs/heads/a/b/c/d"):
        with pytest.raises(StoreError, match="cannot make"):
            store.move_ref(name, None, tips[0])
    assert store.refs() == {"refs/heads/a/b": tips[0]}
    assert not list(store.path.rglob("*.lock"))
    store.move_ref("refs/heads/a/b", tips[0], None)
    assert store.move_ref("refs/heads/a", None, tips[0])


def test_empty_folders_are_in_nobodys_way(store, tips):
    (store.path / "refs/heads/a/b/c").mkdir(parents=True)
    assert store.move_ref("refs/heads/a", None, tips[0])
    store.move_ref("refs/claif/drafts/x/m", None, tips[0])
    store.move_ref("refs/claif/drafts/x/m", tips[0], None)
    assert [path.name for path in (store.path / "refs").iterdir() if path.name == "claif"] == ["claif"]
    assert not (store.path / "refs/claif/drafts").exists()


def test_a_damaged_ref_is_named_and_hides_no_other(store, tips, caplog):
    store.move_ref(NAME, None, tips[0])
    for content in ("", "garbage\n", "ref: refs/heads/loop\n"):
        (store.path / "refs/heads/loop").write_text(content)
        with pytest.raises(StoreError, match="refs/heads/loop"):
            store.ref("refs/heads/loop")
        assert store.refs() == {NAME: tips[0]}
    assert "refs/heads/loop" in caplog.text


def test_symbolic_refs_are_followed(store, git, tips):
    assert store.ref("HEAD") is None
    store.set_head(NAME)
    store.move_ref(NAME, None, tips[0])
    assert store.ref("HEAD") == tips[0]
    assert git(store, "symbolic-ref", "HEAD").strip() == NAME
    git(store, "symbolic-ref", "refs/heads/other", NAME)
    assert store.refs()["refs/heads/other"] == tips[0]
    assert store._refs.pack() == 1
    assert git(store, "symbolic-ref", "refs/heads/other").strip() == NAME
    with pytest.raises(StoreError, match="symbolic"):
        store.move_ref("refs/heads/other", tips[0], tips[1])
    with pytest.raises(InvalidInputError):
        store.set_head("nonsense")


def test_a_ref_file_that_is_no_ref_is_left_alone(store, tips):
    store.move_ref(NAME, None, tips[0])
    (store.path / "refs/heads/left.lock").write_text("")
    (store.path / "refs/heads/.hidden").write_text("x")
    assert store.refs() == {NAME: tips[0]}


@given(st.one_of(st.text(max_size=12), st.from_regex(r"[a/.@{~^:?*\[\\ -]{1,8}(\.lock)?", fullmatch=True)))
@example("a.lock/b")
@example("@")
@example("a\x7f")
@example("é")
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_are_those_that_git_takes(name):
    name = "refs/heads/" + name.replace("\x00", "\x01")
    if re.search("[\ud800-\udfff]", name):
        return
    taken = subprocess.run(["git", "check-ref-format", name], check=False).returncode == 0
    assert is_ref_name(name) == taken


@pytest.mark.parametrize(
    "name", ["", "HEAD", "heads/x", "refs/../x", "refs/heads/x.lock", "refs/heads/\ud800", "x/refs/y"]
)
def test_nothing_has_a_name_that_git_refuses(store, tips, name):
    assert store.ref(name) is None
    with pytest.raises(InvalidInputError):
        store.move_ref(name, None, tips[0])


def test_a_ref_holds_whole_ids_only(store):
    with pytest.raises(InvalidInputError):
        store.move_ref(NAME, None, "abc")


def test_a_packed_file_that_changes_within_a_tick_is_read_again(store, tips):
    store.move_ref(NAME, None, tips[0])
    store._refs.pack()
    packed = store.path / "packed-refs"
    seen = packed.stat()
    assert store.ref(NAME) == tips[0]
    text = packed.read_text().replace(tips[0], tips[1])
    with packed.open("r+") as file:  # same file, size and time
        file.write(text)
    os.utime(packed, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert store.ref(NAME) == tips[1]


def test_an_old_packed_file_is_read_once(store, tips, monkeypatch):
    store.move_ref(NAME, None, tips[0])
    store._refs.pack()
    os.utime(store.path / "packed-refs", (1_000_000_000, 1_000_000_000))
    assert store.refs() == {NAME: tips[0]}
    monkeypatch.setattr(PackedRefs, "_text", lambda _: "")
    assert store.refs() == {NAME: tips[0]}
    with Repository.open(store.path) as other:
        assert other.refs() == {}


IDS = st.binary(min_size=20, max_size=20).map(bytes.hex)
REFS = st.dictionaries(st.text("aé/-", min_size=1, max_size=8).map("refs/".__add__), IDS, max_size=6)


@given(REFS, st.data())
def test_packed_refs_come_back(refs, data):
    peeled = dict.fromkeys(data.draw(st.sets(st.sampled_from(sorted(refs)))), "e" * 40) if refs else {}
    assert parse(encode(refs, peeled).decode()) == (refs, peeled, "")


def test_odd_lines_in_packed_refs_are_left_out_and_told():
    good = "a" * 40 + " refs/heads/y\n"
    for damage, text in (
        ("line 2 is no ref's", "# pack-refs with: peeled\n\n" + good),
        ("line 3 is no ref's", "# pack-refs with: peeled\n" + good + "nonsense\nabc refs/heads/x\n"),
        ("line 1 is no ref's", "^" + "b" * 40 + "\n" + good),
        ("line 2 is no ref's", good + "# a comment\n"),
        ("its last line is cut short", good + "c" * 40 + " refs/heads/z"),
    ):
        assert parse(text) == ({"refs/heads/y": "a" * 40}, {}, damage)


@pytest.fixture
def damaged(store, tips):
    """Give the path of a list of packed refs with a line that nobody can read."""
    for name in (NAME, NAME + "-b", NAME + "-c"):
        store.move_ref(name, None, tips[0])
    store._refs.pack()
    path = store.path / "packed-refs"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-1], "zzzz" + lines[-1][4:]]))
    return path


@pytest.mark.parametrize("with_git", [True, False])
def test_no_ref_is_taken_for_gone_because_its_line_is_damaged(store, tips, damaged, monkeypatch, caplog, with_git):
    if not with_git:
        monkeypatch.setattr(command, "git_available", lambda: False)
    before = damaged.read_bytes()
    assert sorted(store.refs()) == [NAME, NAME + "-b"]
    assert "packed-refs is damaged: line 4 is no ref's" in caplog.text
    store.move_ref(NAME, tips[0], tips[1])
    for act in (
        lambda: store.move_ref(NAME, tips[1], None),
        lambda: store.create_refs({NAME + "-d": tips[0]}),
        lambda: store.maintain(force=True),
        store.check_prune,
        store.prune,
    ):
        with pytest.raises(StoreError, match="packed-refs is damaged: line 4") as caught:
            act()
        assert caught.value.hint
    assert damaged.read_bytes() == before
    assert store.ref(NAME) == tips[1]
    assert store.read_commit(tips[0])


def test_a_list_that_is_not_sorted_as_it_says_is_put_in_order(store, tips):
    for name in (NAME, NAME + "-b", NAME + "-c"):
        store.move_ref(name, None, tips[0])
    store._refs.pack()
    path = store.path / "packed-refs"
    head, *lines = path.read_text().splitlines(keepends=True)
    assert not store.inspect().refs_are_out_of_order()
    path.write_text("".join([head, *reversed(lines)]))
    assert store.inspect().refs_are_out_of_order()
    assert store.maintain(force=True)
    assert not store.inspect().refs_are_out_of_order()
    with Repository.open(store.path) as other:
        assert all(other.ref(name) == tips[0] for name in (NAME, NAME + "-b", NAME + "-c"))


def test_a_ref_whose_lock_stays_held_is_an_error_that_names_the_lock(store, tips, monkeypatch):
    monkeypatch.setattr("claif_git.git.refs._WAIT", 0.05)
    (store.path / f"{NAME}.lock").write_text("")
    with pytest.raises(ConcurrentUpdateError, match=r"a-session\.lock"):
        store.move_ref(NAME, None, tips[0])
    assert store.ref(NAME) is None


_ref_names = st.lists(
    st.text(st.sampled_from("abyz-é😀"), min_size=1, max_size=6).map("refs/heads/".__add__), unique=True, max_size=40
)


@given(names=_ref_names, wanted=_ref_names, block=st.integers(64, 400), tags=st.booleans(), sorted_=st.booleans())
def test_a_packed_ref_is_found_by_searching_as_it_is_by_reading_all(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], wanted: list[str], block: int, tags: bool, sorted_: bool
) -> None:
    refs = {name: f"{at:040x}" for at, name in enumerate(names, 1)}
    peeled = dict.fromkeys(names[::2], "f" * 40) if tags else {}
    path = tmp_path_factory.mktemp("refs") / "packed-refs"
    data = encode(refs, peeled)
    if not sorted_:
        head, *lines = data.decode().splitlines()
        path.write_text("\n".join([head.replace(" sorted", ""), *lines]) + "\n")
    else:
        path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packedrefs, "_BLOCK", block)
        for name in [*names, *wanted]:
            searching = PackedRefs(str(path))
            assert searching.get(name) == refs.get(name)
            for prefix in (name, name[:-1], "refs/heads/", "refs/zzz"):
                expected = {other: oid for other, oid in refs.items() if other.startswith(prefix)}
                assert searching.below(prefix) == expected
        knowing = PackedRefs(str(path))
        knowing.read()
        assert [knowing.get(name) for name in wanted] == [refs.get(name) for name in wanted]


def test_a_file_without_packed_refs_or_of_rubbish_holds_none(tmp_path: Path) -> None:
    assert PackedRefs(str(tmp_path / "packed-refs")).below("refs/") == {}
    (tmp_path / "packed-refs").write_bytes(b"# pack-refs with: peeled sorted \n" + b"rubbish\n" * 5000)
    assert PackedRefs(str(tmp_path / "packed-refs")).get("refs/heads/x") is None
