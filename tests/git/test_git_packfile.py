"""Packs that git wrote, read by hand; and packs that somebody damaged."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.git import Repository
from claif_git.git.objects import Objects
from claif_git.git.packed import Packed
from claif_git.git.packentry import KINDS, delta_sizes, encode_entry, entry_start, way_back
from claif_git.git.packfile import PackFile, apply_delta


def git(folder: Path, *words: str, data: bytes = b"") -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *words], input=data, check=True, capture_output=True
    ).stdout.decode()


def packed(folder: Path, contents: list[bytes], *options: str) -> dict[str, bytes]:
    """Make a repository with the contents as blobs in one pack."""
    folder.mkdir()
    git(folder, "init", "-q", "--bare", ".")
    oids = {git(folder, "hash-object", "-w", "--stdin", data=each).strip(): each for each in contents}
    git(folder, "pack-objects", "-q", *options, "objects/pack/pack", data="".join(f"{oid}\n" for oid in oids).encode())
    git(folder, "prune-packed", "-q")
    return oids


def alike(count: int, size: int = 3000) -> list[bytes]:
    """Give texts that git makes deltas of each other."""
    chance = random.Random(5)
    lines = [b"%x\n" % chance.getrandbits(200) for _ in range(size // 50)]
    made = []
    for at in range(count):
        lines[at % len(lines)] = b"changed %d\n" % at
        made.append(b"".join(lines))
    return made


def only_pack(folder: Path) -> PackFile:
    (index,) = (folder / "objects/pack").glob("*.idx")
    return PackFile(str(index)[:-4])


@pytest.mark.parametrize("options", [["--window=0"], [], ["--delta-base-offset"], ["--window=50", "--depth=4000"]])
def test_what_git_packed_is_read_as_it_was(tmp_path: Path, options: list[str]) -> None:
    contents = [*alike(60), b"", b"x", os.urandom(5000), b"a" * 300_000, os.urandom(70_000)]
    oids = packed(tmp_path / "r", contents, *options)
    reader = Packed(str(tmp_path / "r/objects"))
    assert {oid: reader.read(oid) for oid in oids} == {oid: ("blob", data) for oid, data in oids.items()}
    assert only_pack(tmp_path / "r").ids() == sorted(oids)
    assert reader.read("0" * 40) is None
    assert not reader.has("0" * 40)


def test_trees_and_commits_and_tags_come_out_of_packs(tmp_path: Path) -> None:
    oids = packed(tmp_path / "r", [b"hello"])
    (blob,) = oids
    folder = tmp_path / "r"
    tree = git(folder, "mktree", data=f"100644 blob {blob}\ta.md\n".encode()).strip()
    who = ["-c", "user.name=A", "-c", "user.email=a@b"]
    commit = git(folder, *who, "commit-tree", tree, "-m", "one").strip()
    git(folder, "update-ref", "refs/heads/main", commit)
    git(folder, *who, "tag", "-a", "-m", "tagged", "v1", commit)
    git(folder, "repack", "-a", "-d", "-q")
    reader = Packed(str(folder / "objects"))
    tag = git(folder, "rev-parse", "v1").strip()
    kinds = [found[0] for oid in (blob, tree, commit, tag) if (found := reader.read(oid))]
    assert kinds == ["blob", "tree", "commit", "tag"]


def test_positions_past_two_gigabytes_come_from_the_long_table(tmp_path: Path) -> None:
    oids = packed(tmp_path / "r", [b"far away"])
    (index,) = (tmp_path / "r/objects/pack").glob("*.idx")
    (pack,) = (tmp_path / "r/objects/pack").glob("*.pack")
    data = bytearray(index.read_bytes())
    at = 8 + 1024 + 20 + 4
    place = data[at : at + 4]
    data[at : at + 4] = (1 << 31).to_bytes(4, "big")
    data[at + 4 : at + 4] = (3 << 30).to_bytes(8, "big")
    index.chmod(0o644)
    index.write_bytes(data)
    entry = pack.read_bytes()[int.from_bytes(place, "big") : -20]
    pack.chmod(0o644)
    with pack.open("r+b") as file:
        file.seek(3 << 30)  # sparse: takes no room
        file.write(entry)
    assert [Packed(str(tmp_path / "r/objects")).read(oid) for oid in oids] == [("blob", b"far away")]


def test_a_pack_that_came_later_is_found_and_one_that_went_stays_readable(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    (first,) = packed(folder, [b"first"])
    reader = Packed(str(folder / "objects"))
    assert reader.read(first) == ("blob", b"first")
    second = git(folder, "hash-object", "-w", "--stdin", data=b"second").strip()
    git(folder, "pack-objects", "-q", "objects/pack/pack", data=f"{first}\n{second}\n".encode())
    git(folder, "prune-packed", "-q")
    assert reader.read(second) == ("blob", b"second")
    for path in (folder / "objects/pack").iterdir():
        path.unlink()
    assert reader.read(first) == ("blob", b"first")
    assert not reader.has("0" * 40)
    assert not reader.has(first)  # the look for what is not there let go of the packs that are gone


@pytest.mark.parametrize("step", ["listed", "opened"])
def test_what_is_joined_while_it_is_looked_for_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    folder = tmp_path / "r"
    (oid,) = packed(folder, [b"first"])
    old = sorted((folder / "objects/pack").iterdir())
    other = git(folder, "hash-object", "-w", "--stdin", data=b"other").strip()

    def join() -> None:
        if all(path.exists() for path in old):
            git(folder, "pack-objects", "-q", "objects/pack/pack", data=f"{oid}\n{other}\n".encode())
            for path in old:
                path.unlink()

    bases, opening = Packed._bases, Packed._open

    def listed(self: Packed) -> set[str]:
        found = bases(self)
        join()
        return found

    def opened(self: Packed, base: str) -> PackFile | None:
        join()
        return opening(self, base)

    monkeypatch.setattr(Packed, *(("_bases", listed) if step == "listed" else ("_open", opened)))
    assert Packed(str(folder / "objects")).read(oid) == ("blob", b"first")


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_files_close_with_the_last_reader(tmp_path: Path) -> None:
    (first,) = packed(tmp_path / "r", [b"first"])
    gc.collect()  # what other tests left to be closed
    before = open_files()
    store = Repository.open(tmp_path / "r")
    store.read(first)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.read(first)
    assert open_files() == before


@pytest.mark.parametrize("quoted", [False, True])
def test_objects_are_borrowed_from_other_repositories(tmp_path: Path, quoted: bool) -> None:
    lender, borrower = tmp_path / "lénder", tmp_path / "b"
    (oid,) = packed(lender, [b"lent"])
    loose = git(lender, "hash-object", "-w", "--stdin", data=b"loose").strip()
    packed(borrower, [b"own"])
    path = str(lender / "objects")
    octal = "".join(chr(byte) if byte < 128 else f"\\{byte:o}" for byte in os.fsencode(path))
    (borrower / "objects/info").mkdir(exist_ok=True)
    (borrower / "objects/info/alternates").write_text(f"# lent\n\n{chr(34) + octal + chr(34) if quoted else path}\n")
    assert git(borrower, "cat-file", "-p", oid) == "lent"
    with Repository.open(borrower) as store:
        assert [store.read(oid), store.read(loose)] == [("blob", b"lent"), ("blob", b"loose")]
        assert store.has(oid)
        assert store.has(loose)
        assert not store.has("0" * 40)


@pytest.mark.parametrize("line", ['"\\x', '"\\x"', '"no end', '"\\000"', "\0", "x" * 5000, "gone", "HEAD/objects"])
def test_a_line_that_names_no_repository_to_borrow_from_is_ignored_with_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, line: str
) -> None:
    (lent,) = packed(tmp_path / "lender", [b"lent"])
    packed(tmp_path / "b", [b"own"])
    (tmp_path / "b/objects/info").mkdir(exist_ok=True)
    (tmp_path / "b/objects/info/alternates").write_text(f"{line}\n{tmp_path}/lender/objects\n")
    reader = Packed(str(tmp_path / "b/objects"))
    for _ in range(2):
        assert reader.read(lent) == ("blob", b"lent")
        assert reader.read("0" * 40) is None
    assert [record.getMessage()[:8] for record in caplog.records] == ["ignoring"]


def test_a_pack_whose_index_was_seen_half_copied_is_read_once_it_is_whole(tmp_path: Path) -> None:
    oids = packed(tmp_path / "r", alike(20))
    (index,) = (tmp_path / "r/objects/pack").glob("*.idx")
    whole = index.read_bytes()
    index.chmod(0o644)
    index.write_bytes(whole[: len(whole) // 2])
    reader = Packed(str(tmp_path / "r/objects"))
    for oid in oids:
        with pytest.raises(StoreError):
            reader.read(oid)
    index.write_bytes(whole)
    assert {oid: reader.read(oid) for oid in oids} == {oid: ("blob", data) for oid, data in oids.items()}
    assert reader.read("0" * 40) is None


def test_repositories_that_borrow_from_each_other_come_to_an_end(tmp_path: Path) -> None:
    packed(tmp_path / "a", [b"one"])
    (tmp_path / "a/objects/info").mkdir(exist_ok=True)
    (tmp_path / "a/objects/info/alternates").write_text(f"{tmp_path}/a/objects\n")
    assert Packed(str(tmp_path / "a/objects")).read("0" * 40) is None


def test_a_whole_copy_in_another_pack_is_found_behind_a_damaged_one(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    (oid,) = packed(folder, [b"precious" * 100])
    other = git(folder, "hash-object", "-w", "--stdin", data=b"other").strip()
    git(folder, "pack-objects", "-q", "objects/pack/pack", data=f"{oid}\n{other}\n".encode())
    for pack in sorted((folder / "objects/pack").glob("*.pack")):
        whole = pack.read_bytes()
        pack.chmod(0o644)
        pack.write_bytes(whole[:20] + b"\xff" * (len(whole) - 20))
        assert Packed(str(folder / "objects")).read(oid) == ("blob", b"precious" * 100)
        pack.write_bytes(whole)


def test_an_index_of_a_version_that_we_cannot_read_is_said(tmp_path: Path) -> None:
    (oid,) = packed(tmp_path / "r", [b"one"], "--index-version=1")
    with pytest.raises(StoreError, match="no index of version 2"):
        Packed(str(tmp_path / "r/objects")).read(oid)


@settings(max_examples=200)
@given(at=st.floats(0, 1), byte=st.integers(0, 255), which=st.sampled_from([".pack", ".idx"]), cut=st.booleans())
def test_a_damaged_pack_gives_what_it_held_or_an_error_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, at: float, byte: int, which: str, cut: bool
) -> None:
    source = _damageable(tmp_path_factory)
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "pack").mkdir()
    for path in (source / "objects/pack").iterdir():
        data = bytearray(path.read_bytes())
        if path.suffix == which:
            place = int(at * (len(data) - 1))
            data[place] = byte
            del data[place if cut else len(data) :]
        (folder / "pack" / path.name).write_bytes(data)
    reader = Packed(str(folder))
    for oid, content in _HELD.items():
        try:
            assert reader.read(oid) in (None, ("blob", content))
        except StoreError:
            continue


_HELD: dict[str, bytes] = {}
_MADE: list[Path] = []


def _damageable(factory: pytest.TempPathFactory) -> Path:
    if not _MADE:
        folder = factory.mktemp("packs") / "r"
        _HELD.update(packed(folder, [*alike(12, 1000), b"x" * 20_000]))
        _MADE.append(folder)
    return _MADE[0]


@given(base=st.binary(max_size=300), delta=st.binary(max_size=60))
def test_a_delta_of_any_bytes_is_applied_or_refused(base: bytes, delta: bytes) -> None:
    try:
        apply_delta(base, delta)
    except StoreError:
        return


def test_a_delta_copies_and_adds() -> None:
    base = bytes(range(256)) * 300
    whole = 0x10000
    orders = bytes([0x80]) + bytes([0x91, 5, 10]) + b"\x03abc"
    made = apply_delta(base, _length(len(base)) + _length(whole + 10 + 3) + orders)
    assert made == base[:whole] + base[5:15] + b"abc"


def _length(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


@pytest.mark.parametrize(
    ("orders", "reason"),
    [(b"\x00", "does not know"), (b"\x05ab", "less"), (b"\x91\x00", "cut short"), (b"\x90\x09\x90\x09", "more")],
)
def test_a_delta_that_lies_is_refused(orders: bytes, reason: str) -> None:
    with pytest.raises(StoreError, match=reason):
        apply_delta(b"0123456789", b"\x0a\x0a" + orders)


def test_objects_are_found_by_how_their_ids_begin(tmp_path: Path) -> None:
    contents = [b"%d" % at for at in range(600)]
    lender, borrower = tmp_path / "lender", tmp_path / "b"
    oids = [*packed(lender, contents), git(lender, "hash-object", "-w", "--stdin", data=b"loose").strip()]
    oids += packed(borrower, [b"own"])
    (borrower / "objects/info").mkdir(exist_ok=True)
    (borrower / "objects/info/alternates").write_text(f"{lender}/objects\n")
    objects = Objects(str(borrower / "objects"))
    for oid in oids:
        for digits in (2, 7, 39, 40):
            assert objects.starting(oid[:digits]) == sorted(other for other in oids if other.startswith(oid[:digits]))
    objects.close()


@given(kind=st.sampled_from(["commit", "tree", "blob", "tag"]), data=st.binary(max_size=5000))
def test_an_entry_says_what_it_holds_and_where_that_starts(kind: str, data: bytes) -> None:
    entry = encode_entry(kind, data)
    number, size, at = entry_start(b"before" + entry, 6)
    assert (KINDS[number], size) == (kind, len(data))
    assert zlib.decompress((b"before" + entry)[at:]) == data


@given(data=st.binary(max_size=40))
def test_an_entry_of_any_bytes_is_read_or_cut_short(data: bytes) -> None:
    for read in (entry_start, way_back, lambda some, _at: delta_sizes(some)):
        try:
            assert max(read(data, 0)) < 1 << 72
        except IndexError:
            continue
