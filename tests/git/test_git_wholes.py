"""Packs that we wrote become packs of deltas, once; whatever goes wrong, nothing is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import StoreError
from claif_git.git import FILE_MODE, Repository, TreeEntry, command, encode_tree, maintenance, oid_of, wholes
from claif_git.git.packs import PackWriter

OLD = (2, 30)


@pytest.fixture
def written(store: Repository) -> dict[str, tuple[str, bytes]]:
    """Write folders that grow by a file each into one pack, and what no ref reaches."""
    held: dict[str, tuple[str, bytes]] = {}
    with store.pack_writer(durable=False) as writer:
        for number in range(120):
            entries = [TreeEntry(FILE_MODE, f"{at:04}", oid_of("blob", b"%d" % at)) for at in range(number)]
            data = encode_tree(entries)
            held[writer.add("tree", data)] = "tree", data
    return held


def packs(store: Repository) -> list[str]:
    return sorted(path.name for path in (store.path / "objects/pack").glob("*.pack"))


def size(store: Repository) -> int:
    return sum(path.stat().st_size for path in (store.path / "objects/pack").glob("*.pack"))


def whole(store: Repository) -> list[wholes.WholePack]:
    return list(wholes.whole_packs(store.path / "objects/pack"))


def test_git_makes_deltas_of_what_we_packed_once_and_drops_nothing(store, written, monkeypatch):
    monkeypatch.setattr(maintenance, "WHOLE_BYTES", 0)
    before = size(store)
    assert [pack.size for pack in whole(store)] == [before]
    with Repository.open(store.path) as other:
        assert all(other.read(oid) == held for oid, held in written.items())
        assert store.maintain().with_git
        assert all(other.read(oid) == held for oid, held in written.items())
    assert size(store) < before
    assert not whole(store)
    assert all(store.read(oid) == held for oid, held in written.items())
    now = packs(store)
    assert store.maintain() is None
    assert packs(store) == now


def test_a_collection_packs_with_deltas_what_refs_reach(store, append, clean):
    tip = None
    for at in range(30):
        tip = append(store, "refs/heads/x", tip, f"turn {at}")
    with store.pack_writer(durable=False) as writer:
        for oid in store.reachable([tip]):
            writer.add(*store.read(oid))
    assert len(whole(store)) == 1
    assert store.maintain(force=True).with_git
    assert not whole(store)
    clean(store)


def test_what_is_large_waits_until_somebody_asks(store, written, monkeypatch):
    monkeypatch.setattr(maintenance, "WHOLE_BYTES", 0)
    monkeypatch.setattr(maintenance, "WHOLE_AT_ONCE", 100)
    assert store.maintain() is None
    assert len(whole(store)) == 1
    store._maintenance.pack(use_git=True)
    assert len(whole(store)) == 1
    store._maintenance.pack(use_git=True, everything=True)
    assert not whole(store)
    assert all(store.read(oid) == held for oid, held in written.items())


@pytest.mark.usefixtures("written")
def test_what_git_cannot_do_is_not_tried_again_and_again(store, monkeypatch, caplog):
    monkeypatch.setattr(maintenance, "WHOLE_BYTES", 0)
    real = command.run

    def fail(arguments, **named):
        if arguments[0] == "pack-objects":
            raise StoreError("git pack-objects failed: fatal: bad object")
        return real(arguments, **named)

    monkeypatch.setattr(command, "run", fail)
    before = packs(store)
    assert store.maintain().with_git
    assert "bad object" in caplog.text
    assert packs(store) == before
    assert store.maintain() is None
    monkeypatch.undo()
    assert store.maintain(force=True).with_git
    assert not whole(store)


def test_packs_stay_if_what_git_wrote_lacks_an_object(store, written, monkeypatch):
    other = PackWriter(str(store.path / "objects/pack"), durable=False)
    for oid in list(written)[1:]:
        other.add(*written[oid])
    chosen = whole(store)

    def pretend(*_arguments, **_named):
        other.flush()
        return command.GitResult(0, other.name.removeprefix("pack-").encode() + b"\n", "")

    monkeypatch.setattr(command, "run", pretend)
    with pytest.raises(StoreError, match="left objects"):
        wholes.make_deltas(store.path, chosen)
    assert all(pack.base.with_suffix(".idx").exists() for pack in chosen)
    wholes.make_deltas(store.path, [pack for pack in whole(store) if pack not in chosen])  # itself: nothing to do
    assert len(packs(store)) == 2


@pytest.mark.usefixtures("written")
def test_packs_that_are_others_business_or_damaged_are_left_alone(store):
    (pack,) = whole(store)
    for suffix in wholes.OTHERS_BUSINESS:
        beside = pack.base.with_suffix(f".{suffix}")
        beside.write_text("")
        assert not whole(store)
        beside.unlink()
    midx = store.path / "objects/pack/multi-pack-index"
    midx.write_text("")
    assert not whole(store)
    midx.unlink()
    assert len(whole(store)) == 1
    index = pack.base.with_suffix(".idx")
    index.chmod(0o644)
    index.write_bytes(b"rubbish")
    assert not whole(store)


@pytest.mark.usefixtures("written")
def test_an_old_git_leaves_them_whole(store, monkeypatch):
    monkeypatch.setattr(maintenance, "WHOLE_BYTES", 0)
    monkeypatch.setattr(command, "git_version", lambda: OLD)
    assert store.maintain() is None
    assert len(whole(store)) == 1


@given(st.lists(st.integers(0, 1 << 16), min_size=1, max_size=4, unique=True), st.sampled_from(["blob", "tree"]))
def test_what_we_pack_is_known_whatever_its_size(tmp_path_factory, sizes, kind):
    folder = tmp_path_factory.mktemp("packs")
    writer = PackWriter(str(folder), durable=False)
    for length in sizes:
        writer.add(kind, b"x" * length)
    writer.flush()
    assert [pack.base.name for pack in wholes.whole_packs(folder)] == [writer.name]


def test_thousands_of_packs_are_no_more_work_than_their_objects(store, monkeypatch):
    monkeypatch.setattr(maintenance, "WHOLE_BYTES", 0)
    for number in range(60):
        with store.pack_writer(durable=False) as writer:
            writer.add("blob", b"%d" % number)
    listed: list[object] = []
    real = type(store.path).iterdir
    monkeypatch.setattr(type(store.path), "iterdir", lambda path: listed.append(path) or real(path))
    assert store.maintain().with_git
    assert len(packs(store)) == 1
    assert not whole(store)
    assert len(listed) < 10


def test_what_somebody_asked_for_is_done_in_parts(store, written, monkeypatch):
    with store.pack_writer(durable=False) as writer:
        more = writer.add("blob", b"in another pack")
    monkeypatch.setattr(maintenance, "WHOLE_AT_ONCE", 1)
    done: list[int] = []
    real = wholes.make_deltas

    def make(path, chosen):
        done.append(len(chosen))
        real(path, chosen)

    monkeypatch.setattr(wholes, "make_deltas", make)
    store._maintenance.pack(use_git=True, everything=True)
    assert done == [1, 1]
    assert not whole(store)
    assert all(store.read(oid) == held for oid, held in written.items())
    assert store.read_blob(more) == b"in another pack"
