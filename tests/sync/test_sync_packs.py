"""Kinds and sizes read off a pack are what git says they are, whatever deltas stand in it; damage is an error."""

from __future__ import annotations

import contextlib
import hashlib
import random
import subprocess
import zlib

import pytest
from support.people import git

from claif_git.errors import RemoteError, StoreError
from claif_git.git import oid_of
from claif_git.git.transport import parse_address
from claif_git.git.transport.packinfo import PackInfo
from claif_git.git.transport.packorder import PackOrder
from claif_git.git.transport.packsizes import check_sizes
from claif_git.git.transport.process import run_git


@pytest.fixture
def repo(tmp_path):
    git(tmp_path, "init", "-q", "work")
    path, dice = tmp_path / "work", random.Random(3)
    lines = [f"{dice.random()}\n" for _ in range(2000)]
    for number in range(12):
        lines[dice.randrange(2000)] = f"changed {number}\n"
        (path / "file").write_text("".join(lines))
        git(path, "add", "file")
        git(path, "commit", "-qm", f"c{number}")
    git(path, "tag", "-am", "x", "tag")
    return path


def packed(repo, tmp_path, *options):
    names = git(repo, "rev-list", "--objects", "--all", "--no-object-names") + "\n" + git(repo, "rev-parse", "tag")
    base = str(tmp_path / "pack")
    done = subprocess.run(
        ["git", "-C", str(repo), "pack-objects", "-q", "--window=20", *options, base],
        input=names.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return tmp_path / f"pack-{done.stdout.decode().strip()}.pack"


@pytest.mark.parametrize("options", [("--delta-base-offset",), (), ("--window=0",), ("--index-version=2,0x100",)])
def test_kinds_and_sizes_are_what_git_says(repo, tmp_path, options):
    info = PackInfo(packed(repo, tmp_path, *options))
    names = sorted(info.oids())
    assert len(names) == info.count > 36
    for row in git(repo, "cat-file", "--batch-check", "--batch-all-objects").split("\n"):
        oid, kind, size = row.split()
        found = info.info(oid)
        assert (found.kind, found.size) == (kind, int(size))
        assert found.largest >= found.size or kind == "blob"
        assert info.has(oid)
    assert info.info("0" * 40) is None
    assert not info.has("f" * 40)
    info.close()


@pytest.mark.parametrize("options", [("--delta-base-offset",), (), ("--window=0",), ("--index-version=2,0x100",)])
def test_a_pack_read_in_its_order_gives_what_git_gives(repo, tmp_path, options):
    info = PackInfo(packed(repo, tmp_path, *options))
    order = PackOrder(info, 1 << 30, 1 << 30)
    kinds = dict(row.split()[:2] for row in git(repo, "cat-file", "--batch-check", "--batch-all-objects").split("\n"))
    read = {
        name.hex(): ("commit" if is_commit else "tree", data) for is_commit, name, data in order.commits_and_trees()
    }
    for oid, (kind, data) in read.items():
        assert kinds[oid] == kind
        assert oid_of(kind, data) == oid
    blobs, unknown = {name.hex() for name in order.blobs()}, set(order.unknown())
    assert all(kinds[oid] == "blob" for oid in blobs)
    assert {*read, *blobs, *unknown} == set(info.oids())
    assert all(kinds[oid] == "tag" for oid in unknown) or options == ()
    info.close()


@pytest.mark.parametrize("most", [100, 5000, 30_000])
def test_what_is_too_large_is_of_no_kind_in_a_packs_order(repo, tmp_path, most):
    info = PackInfo(packed(repo, tmp_path, "--delta-base-offset"))
    order = PackOrder(info, most, 300)
    assert {name.hex() for name in order.blobs()} == {
        oid for oid in info.oids() if (found := info.info(oid)).kind == "blob" and found.largest <= most
    }
    assert {name.hex() for _, name, _ in order.commits_and_trees()} == {
        oid
        for oid in info.oids()
        if (found := info.info(oid)).kind in ("commit", "tree") and found.largest <= min(most, 300)
    }
    info.close()


def test_a_damaged_pack_can_be_read_in_its_order_all_the_same(repo, tmp_path):
    path = packed(repo, tmp_path, "--delta-base-offset")
    whole, dice = path.read_bytes(), random.Random(5)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(dice.randrange(1, 9)):
            data[dice.randrange(12, len(data))] = dice.randrange(256)
        path.chmod(0o600)
        path.write_bytes(data)
        info = PackInfo(path)
        order = PackOrder(info, 1 << 20, 1 << 20)
        read = {name.hex(): len(content) for _, name, content in order.commits_and_trees()}
        assert sum(read.values()) < 1 << 20
        assert {*read, *(name.hex() for name in order.blobs()), *order.unknown()} == set(info.oids())
        info.close()


def test_damage_is_an_error_and_never_ends_badly(repo, tmp_path):
    pack = packed(repo, tmp_path)
    whole, dice = pack.read_bytes(), random.Random(4)
    pack.chmod(0o644)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(20):
            data[dice.randrange(12, len(data))] = dice.randrange(256)
        pack.write_bytes(data[: dice.randrange(len(data) // 2, len(data))])
        info = PackInfo(pack)
        for oid in info.oids():
            with contextlib.suppress(StoreError):
                assert info.info(oid) is not None
        info.close()


def test_an_index_of_another_form_is_refused(repo, tmp_path):
    with pytest.raises(StoreError, match="no index of version 2"):
        PackInfo(packed(repo, tmp_path, "--index-version=1"))
    with pytest.raises(StoreError, match="cannot read"):
        PackInfo(tmp_path / "none.pack")


def test_git_that_says_too_much_or_cannot_be_run_is_an_error(repo, tmp_path, monkeypatch):
    address = parse_address(str(repo))
    arguments = ["cat-file", "--batch-check", "--batch-all-objects"]
    with pytest.raises(RemoteError, match="more than is taken"):
        run_git(arguments, git_dir=repo / ".git", address=address, settings={}, most=100)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RemoteError, match="cannot be run"):
        run_git(arguments, git_dir=repo / ".git", address=address, settings={})


def sizes_of(path, data, most):
    path.write_bytes(data)
    with path.open("rb") as file:
        check_sizes(file.fileno(), most)


def number(value, bits, first=0):
    out = [first | value & ((1 << bits) - 1)]
    value >>= bits
    while value:
        out[-1] |= 0x80
        out.append(value & 0x7F)
        value >>= 7
    return bytes(out)


def a_pack(*entries):
    """Make a pack of (kind, size said, what stands before the content, content)."""
    made = [number(said, 4, kind << 4) + before + zlib.compress(content) for kind, said, before, content in entries]
    body = b"PACK" + (2).to_bytes(4, "big") + len(made).to_bytes(4, "big") + b"".join(made)
    return body + hashlib.sha1(body).digest()  # noqa: S324 - the name that git gives it


DELTA = number(3, 7) + number(2000, 7) + b"\x90\x03"


@pytest.mark.parametrize(
    ("entries", "fault"),
    [
        ([(3, 1000, b"", b"x" * 1000)], ""),
        ([(3, 1001, b"", b"x" * 1001)], "larger than 1000"),
        ([(3, 1 << 40, b"", b"x")], "larger than 1000"),
        ([(3, 10, b"", b"\0" * (50 << 20))], "damaged"),
        ([(3, 1000, b"", b"x")], "damaged"),
        ([(3, 3, b"", b"abc"), (7, len(DELTA), b"\1" * 20, DELTA)], "larger than 1000"),
        ([(3, 3, b"", b"abc"), (6, len(DELTA), b"\x0c", DELTA)], "larger than 1000"),
        ([(6, 4, b"\xff" * 4000 + b"\x01", DELTA)], "damaged"),
        ([(6, 1, b"\x01", b"\x80")], "damaged"),
        ([(3, 1 << 4000, b"", b"")], "damaged"),
    ],
)
def test_sizes_are_known_before_anything_is_inflated(tmp_path, entries, fault):
    with pytest.raises(StoreError, match=fault) if fault else contextlib.nullcontext():
        sizes_of(tmp_path / "x.pack", a_pack(*entries), 1000)


def test_sizes_of_what_git_packs_are_read_to_the_end_and_damage_is_noticed(repo, tmp_path):
    pack = packed(repo, tmp_path, "--delta-base-offset")
    data = pack.read_bytes()
    sizes_of(tmp_path / "x.pack", data, 1 << 20)
    for cut in (b"", data[:12], data[:40], data[:-30], data + b"x"):
        with pytest.raises((StoreError, ValueError)):
            sizes_of(tmp_path / "x.pack", cut, 1 << 20)
    dice = random.Random(5)
    for _ in range(300):
        at = dice.randrange(8, len(data) - 20)
        with contextlib.suppress(StoreError):
            sizes_of(tmp_path / "x.pack", data[:at] + dice.randbytes(3) + data[at + 3 :], 1 << 20)
