"""Objects: what we write stock git reads, what is damaged is named, and what is written again is mended."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import shutil
import threading
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.git import FILE_MODE, Repository, TreeEntry, encode_tree, oid_of
from claif_git.git.loose import LooseWriter, loose_path, unpack
from claif_git.git.packs import encode_index


def path_of(store: Repository, oid: str) -> Path:
    return Path(loose_path(str(store.path / "objects"), oid))


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


def blob(store: Repository, data: bytes, *, durable: bool = False) -> str:
    with store.writer(durable) as writer:
        return writer.add("blob", data)


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_stock_git_reads_what_is_written(store, git, clean, durable, packed):
    with (store.pack_writer if packed else store.writer)(durable) as writer:
        oids = [writer.add("blob", data) for data in (b"", b"hi\n", b"x" * 100_000, os.urandom(3_000_000))]
        tree = writer.add("tree", encode_tree([TreeEntry(FILE_MODE, "a", oids[1])]))
    assert git(store, "cat-file", "blob", oids[1]) == "hi\n"
    assert git(store, "ls-tree", tree).split() == ["100644", "blob", oids[1], "a"]
    assert [len(store.read_blob(oid)) for oid in oids] == [0, 3, 100_000, 3_000_000]
    assert store.read_tree(tree) == (TreeEntry(FILE_MODE, "a", oids[1]),)
    clean(store)


@given(st.lists(st.tuples(st.sampled_from(["blob", "tag"]), st.binary(max_size=300)), max_size=20), st.booleans())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_added_can_be_read_at_once_and_afterwards(store, objects, packed):
    with (store.pack_writer if packed else store.writer)(durable=False) as writer:
        oids = []
        for kind, data in objects:
            oids.append(writer.add(kind, data))
            assert oids[-1] == writer.add(kind, data) == oid_of(kind, data)
            assert store.has(oids[-1])
            assert store.read(oids[-1]) == (kind, data)
    assert [store.read(oid) for oid in oids] == objects


def test_large_objects_can_be_read_back_while_a_pack_is_written(store):
    with store.pack_writer(durable=False) as writer:
        large = [os.urandom(2_500_000), os.urandom(1_200_000), b"small"]
        oids = [writer.add("blob", data) for data in large]
        assert [store.read_blob(oid) for oid in oids] == large
        assert not store.has("not an id")
    assert writer.read(oids[0]) is None
    assert [store.read_blob(oid) for oid in oids] == large


def test_relaxed_writing_puts_nothing_unsynced_in_a_synced_place(store):
    """The new file might be empty after a power cut, and the old one would have been whole."""
    oid = blob(store, b"kept", durable=True)
    before = path_of(store, oid).stat()
    os.utime(path_of(store, oid), (1, 1))
    assert blob(store, b"kept") == oid
    after = path_of(store, oid).stat()
    assert after.st_ino == before.st_ino
    assert after.st_mtime > 1_000_000  # freshened: nobody prunes it as long forgotten
    inodes = []
    for durable in (True, False):
        with store.pack_writer(durable=durable) as writer:
            writer.add("blob", b"kept")
        inodes += [pack.stat().st_ino for pack in (store.path / "objects/pack").glob("*.pack")]
    assert len(inodes) == 2
    assert len(set(inodes)) == 1
    assert not list(store.path.rglob("tmp_*"))


def test_nobody_else_sees_objects_before_the_block_has_ended(store):
    with Repository.open(store.path) as other:
        for begin in (store.writer, store.pack_writer):
            with begin() as writer:
                oid = writer.add("blob", begin.__name__.encode())
                assert not other.has(oid)
            assert other.has(oid)


def _fail_after_adding(begin, added) -> None:
    with begin() as writer:
        added.append(writer.add("blob", os.urandom(2_000_000)))
        raise ZeroDivisionError


def test_a_block_that_fails_leaves_nothing_behind(store):
    for begin in (store.writer, store.pack_writer):
        added = []
        with pytest.raises(ZeroDivisionError):
            _fail_after_adding(begin, added)
        assert not store.has(added[0])
    assert not [path for path in store.path.rglob("*") if path.name.startswith("tmp_")]
    assert not list((store.path / "objects/pack").iterdir())


def test_a_block_without_objects_writes_nothing(store):
    with store.pack_writer(), store.writer():
        pass
    assert not list((store.path / "objects/pack").iterdir())


def test_a_full_disk_leaves_nothing_half_done(store, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with store.writer() as writer:
        kept = writer.add("blob", b"kept")
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            writer.add("blob", b"lost")
        monkeypatch.undo()
    assert store.read_blob(kept) == b"kept"
    assert not store.has(oid_of("blob", b"lost"))
    assert not list(store.path.rglob("tmp_*"))


def test_a_folder_that_somebody_keeps_removing_is_an_error_in_the_end(store, monkeypatch):
    monkeypatch.setattr(os, "makedirs", lambda *_args, **_named: None)
    with pytest.raises(StoreError, match="keeps vanishing"):
        blob(store, b"x")


DAMAGE = {
    "emptied": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[:-6] + bytes([data[-6] ^ 4]) + data[-5:],
    "another": lambda _: zlib.compress(b"blob 5\x00other"),
    "no kind": lambda _: zlib.compress(b"what"),
    "overwritten": lambda data: b"\x00" * len(data),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_object_is_named_and_mended_when_it_is_written_again(store, clean, how):
    oid = blob(store, b"some content that is worth keeping")
    whole = path_of(store, oid).read_bytes()
    overwrite(path_of(store, oid), DAMAGE[how](whole))
    with pytest.raises(StoreError, match=oid):
        store.read(oid)
    assert blob(store, b"some content that is worth keeping") == oid
    assert store.read_blob(oid) == b"some content that is worth keeping"
    clean(store)


@given(st.integers(0, 10_000), st.integers(0, 7))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_bit_goes_unseen(at, bit):
    data = b"blob 26\x00abcdefghijklmnopqrstuvwxyz"
    packed = bytearray(zlib.compress(data, 1))
    packed[at % len(packed)] ^= 1 << bit
    oid = oid_of("blob", data[8:])
    try:
        assert unpack(oid, bytes(packed)) == ("blob", data[8:])  # a flip may change nothing but the level's note
    except StoreError as error:
        assert oid in error.message  # noqa: PT017 - either outcome is right


def test_an_object_that_would_fill_the_memory_is_refused(store, monkeypatch):
    monkeypatch.setattr("claif_git.git.loose.LARGEST", 1000)
    oid = blob(store, b"0" * 2_000)
    with pytest.raises(StoreError, match=oid):
        store.read(oid)


def test_a_header_that_names_no_kind_is_refused():
    data = zlib.compress(b"blurb 1\x00x")
    import hashlib

    oid = hashlib.sha1(b"blurb 1\x00x", usedforsecurity=False).hexdigest()
    with pytest.raises(StoreError, match="no kind"):
        unpack(oid, data)


def test_a_whole_copy_in_a_pack_stands_in_for_a_damaged_loose_one(store, caplog):
    with store.pack_writer(durable=False) as writer:
        oid = writer.add("blob", b"twice")
    blob(store, b"twice")
    overwrite(path_of(store, oid), b"")
    assert store.read_blob(oid) == b"twice"
    assert oid in caplog.text


def test_damage_in_a_pack_is_named(store):
    with store.pack_writer(durable=False) as writer:
        oids = [writer.add("blob", os.urandom(50)) for _ in range(20)]
    (pack,) = (store.path / "objects/pack").glob("*.pack")
    whole = pack.read_bytes()
    for at in range(12, len(whole) - 20, 7):
        overwrite(pack, whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        with Repository.open(store.path) as other:
            for oid in oids:
                try:
                    assert other.read(oid)[0] == "blob"
                except StoreError as error:
                    assert oid in error.message  # noqa: PT017 - most objects are whole


def test_a_damaged_pack_hides_no_other(store, caplog):
    oids = []
    for at in range(6):
        with store.pack_writer(durable=False) as writer:
            oids += [writer.add("blob", b"%d" % at), writer.add("blob", b"in all")]
    indexes = sorted((store.path / "objects/pack").glob("*.idx"))
    for at, index in enumerate(indexes[:5]):
        overwrite(index.with_suffix(".pack") if at % 2 else index, b"rubbish" * at)
    with Repository.open(store.path) as other:
        assert other.read_blob(oids[1]) == b"in all"
        assert other.has(oids[1])
        assert not other.has("0" * 40)
        assert not other.has("no id")
        with contextlib.suppress(StoreError):
            other.read("0" * 40)
    assert "damaged" in caplog.text


def test_a_missing_object_and_one_of_another_kind_are_named(store):
    oid = blob(store, b"x")
    for missing in ("0" * 40, "not an id", "../../config"):
        assert not store.has(missing)
        with pytest.raises(StoreError, match="missing"):
            store.read(missing)
    with pytest.raises(StoreError, match=f"{oid} is a blob where a tree should be"):
        store.read_tree(oid)
    with pytest.raises(StoreError, match=f"{oid} is a blob where a commit"):
        store.read_commit(oid)
    with store.writer() as writer:
        tree, commit = writer.add("tree", b"not one"), writer.add("commit", b"not one")
    with pytest.raises(StoreError, match=f"object {tree} is not a tree"):
        store.read_tree(tree)
    with pytest.raises(StoreError, match=f"object {commit} is not a commit"):
        store.read_commit(commit)


def test_packs_may_be_replaced_under_us(store, git, append):
    tips = []
    for at in range(3):
        tips.append(append(store, "refs/heads/x", tips[-1] if tips else None, f"turn {at}"))
        git(store, "repack", "-a", "-d", "-q")
        git(store, "prune-packed")
        for tip in tips:
            assert store.read_commit(tip)
    assert store.has(tips[0])


def test_objects_of_an_alternate_are_read(store, git, tmp_path, append):
    tip = append(store, "refs/heads/x", None, "hi")
    git(store, "clone", "-q", "--bare", "--shared", str(store.path), str(tmp_path / "shared"))
    with Repository.open(tmp_path / "shared") as other:
        assert other.read_commit(tip) == store.read_commit(tip)


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_a_closed_repository_reads_no_packs_and_leaves_no_files_open(store):
    before = open_files()
    for _ in range(5):
        with Repository.open(store.path) as other:
            with other.pack_writer() as writer:
                oid = writer.add("blob", os.urandom(20))
            blob(other, b"x", durable=True)
            other.move_ref("refs/heads/x", other.ref("refs/heads/x"), oid)
            other.read(oid)
        other.close()
        with pytest.raises(StoreError, match="closed"):
            other.read(oid)
    gc.collect()
    assert not before or open_files() <= before


def test_who_forgets_to_close_a_repository_hears_nothing_and_leaves_nothing(store, spawn):
    code = "import sys\nfrom claif_git.git import Repository\nkept = Repository.open(sys.argv[1])\n"
    code += "with kept.pack_writer() as writer:\n    oid = writer.add('blob', b'x')\n"
    code += "kept.read(oid)\nkept.move_ref('refs/heads/x', None, oid)\nprint('done')"
    process = spawn("import sys; sys.stderr = sys.stdout\n" + code, store.path)
    assert process.communicate()[0] == "done\n"
    assert not list((store.path / "claif/owners").iterdir())


def test_threads_may_share_a_repository(store, git):
    with store.pack_writer(durable=False) as writer:
        oids = [writer.add("blob", b"%d" % at) for at in range(200)]
    wrong: list[object] = []

    def work(start: int) -> None:
        for at in range(start, start + 100):
            if store.read_blob(oids[at % 200]) != b"%d" % (at % 200):
                wrong.append(at)
            if store.read_blob(blob(store, b"new %d" % at, durable=at % 20 == 0)) != b"new %d" % at:
                wrong.append(at)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 200, 25)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        git(store, "repack", "-a", "-d", "-q", "-k")
    for thread in threads:
        thread.join()
    assert not wrong


def test_many_objects_in_one_block_keep_few_files_open(store):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, limits[1]))
    try:
        with store.writer(durable=False) as writer:
            oids = [writer.add("blob", b"%d" % at) for at in range(400)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert all(store.has(oid) for oid in oids)


PACKING = """
import os, resource, sys
from claif_git.git import Repository
from claif_git.git.loose import LooseWriter
with Repository.open(sys.argv[1]) as store:
    with store.pack_writer() as writer:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for at in range(10_000):
            oid = writer.add("blob", b"%d" % at + os.urandom(6_000))
        writer.read(oid)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_pack_of_ten_thousand_objects_takes_little_memory(store, spawn, git, clean):
    grown = int(spawn(PACKING, store.path).communicate()[0])
    assert grown < 30  # MiB, of 60 MiB written
    (index,) = (store.path / "objects/pack").glob("*.idx")
    git(store, "verify-pack", str(index))
    assert "in-pack: 10000\n" in git(store, "count-objects", "-v")
    clean(store)


def test_an_index_reaches_beyond_two_gibibytes(tmp_path):
    from dulwich.object_format import SHA1
    from dulwich.pack import load_pack_index

    places = {bytes([at]) * 20: (at << 40) + (at << 30) for at in range(1, 9)}
    (tmp_path / "x.idx").write_bytes(encode_index(places.items(), b"p" * 20))
    index = load_pack_index(str(tmp_path / "x.idx"), SHA1)
    try:
        index.check()
        assert {name: (checksum << 40) + offset for name, offset, checksum in index.iterentries()} == places
    finally:
        index.close()


def test_objects_can_be_taken_from_a_copy_of_the_folder(store, tmp_path):
    oid = blob(store, b"x")
    shutil.copytree(store.path, tmp_path / "copy")
    with Repository.open(tmp_path / "copy") as other:
        assert other.read_blob(oid) == b"x"


def test_a_folder_for_packs_is_made_when_it_is_needed(store):
    (store.path / "objects/pack").rmdir()
    assert not store.has("0" * 40)
    with store.pack_writer(durable=False) as writer:
        oid = writer.add("blob", b"x")
    assert store.read_blob(oid) == b"x"


def test_an_object_that_is_packed_while_it_is_written_again_is_written(store, monkeypatch):
    oid = blob(store, b"again", durable=False)

    def packed_now(_writer: LooseWriter, _oid: str) -> bool:
        (store.path / "objects" / oid[:2] / oid[2:]).unlink()
        return True

    monkeypatch.setattr(LooseWriter, "_is_whole", packed_now)
    assert blob(store, b"again", durable=False) == oid
    assert store.read_blob(oid) == b"again"
