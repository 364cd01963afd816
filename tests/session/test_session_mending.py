"""What `doctor --fix` brings back of what a crash left: packs that lost their index, refs that hold nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.checkups import fixed, wrong
from support.people import git
from support.talks import talk, texts

from claif_git import SessionManager
from claif_git.session import upkeep_checks


@pytest.mark.parametrize("is_there", [True, False])
def test_an_index_of_a_pack_that_is_lost_or_damaged_is_made_anew(manager: SessionManager, is_there: bool) -> None:
    session = talk(manager, "hello", "hi")
    manager.gc()
    (index,) = (manager.path / "objects" / "pack").glob("*.idx")
    whole = index.read_bytes()
    index.unlink()
    if is_there:
        index.write_bytes(whole[:-1])
    with SessionManager(manager.path) as fresh:
        for file in index.parent.iterdir():
            os.utime(file, (1, 1))
        found = wrong(fresh)
        packs = [one for one in found if one.area == "objects"]
        assert [(one.repair, one.hint) for one in packs] == [("pack-index", "claif-git doctor --fix")]
        assert packs[0].message.endswith(f"{index.name} is {'damaged' if is_there else 'missing'}")
        lost = [one for one in found if one.area in {"refs", "sessions"}]
        assert lost
        assert all("whose index is missing or damaged" in one.hint and "update-ref" not in one.hint for one in lost)
        assert fixed(fresh) == [("objects", "pack-index")]
        assert wrong(fresh) == []
        assert texts(fresh, session) == ["hello", "hi"]
    assert index.read_bytes() == whole
    assert list((manager.path / "claif").glob("tmp_*")) == []


def test_a_pack_that_may_be_in_the_making_is_left_alone(manager: SessionManager) -> None:
    talk(manager, "hello")
    manager.gc()
    (index,) = (manager.path / "objects" / "pack").glob("*.idx")
    index.unlink()
    os.utime(index.with_suffix(".pack"))
    with SessionManager(manager.path) as fresh:
        found = fresh.doctor(fix=True)
        assert [one.repair for one in found if one.area == "objects"] == [""]
        assert not any("update-ref" in one.hint for one in found)  # what it points at may be there in a moment
    assert not index.exists()


def test_a_damaged_pack_without_an_index_stays_as_it_is_and_the_others_get_theirs(manager: SessionManager) -> None:
    session = talk(manager, "hello")
    manager.gc()
    folder = manager.path / "objects" / "pack"
    (index,) = folder.glob("*.idx")
    index.unlink()
    (folder / "pack-0000.pack").write_bytes(b"PACK" + bytes(40))
    for file in folder.iterdir():
        os.utime(file, (1, 1))
    with SessionManager(manager.path) as fresh:
        told = [one.message for one in wrong(fresh, fix=True)]
        assert any(message.startswith("not repaired: pack-0000.pack: git index-pack failed") for message in told)
        assert texts(fresh, session) == ["hello"]
    assert not (folder / "pack-0000.idx").exists()


def test_without_git_a_pack_without_its_index_waits_for_git(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    (manager.path / "objects" / "pack" / "pack-1234.pack").write_bytes(b"PACK" + bytes(40))
    os.utime(manager.path / "objects" / "pack" / "pack-1234.pack", (1, 1))
    monkeypatch.setattr(upkeep_checks, "git_available", lambda: False)
    assert "install git, then: claif-git doctor --fix" in {one.hint for one in wrong(manager)}


def test_a_copy_is_advised_where_there_is_a_remote(manager: SessionManager) -> None:
    (manager.path / "refs" / "heads" / "lost").write_text("a" * 40 + "\n")
    manager._store.repo.config_set("remote.hub.url", "https://example.org/hub")
    assert all("claif-git fetch" in one.hint for one in wrong(manager))


@pytest.mark.parametrize("text", ["", "rubbish\n"])
def test_a_damaged_file_of_a_ref_that_is_packed_is_removed(manager: SessionManager, text: str) -> None:
    session = talk(manager, "hello", "hi")
    git(manager.path, "pack-refs", "--all")
    (manager.path / "refs" / "heads" / session).write_text(text)
    (manager.path / "refs" / "heads" / "unpacked").write_text(text)
    assert next((one.hint, one.repair) for one in wrong(manager)) == ("claif-git doctor --fix", "refs")
    assert fixed(manager) == [("refs", "refs")]
    assert texts(manager, session) == ["hello", "hi"]
    assert [one.message for one in wrong(manager)] == ["ref refs/heads/unpacked is damaged: it holds no object id"]


def test_a_damaged_file_of_a_ref_stays_where_what_is_packed_is_lost(manager: SessionManager) -> None:
    packed = manager.path / "packed-refs"
    git(manager.path, "pack-refs", "--all")
    packed.write_text(packed.read_text() + f"{'a' * 40} refs/heads/lost\n")
    (manager.path / "refs" / "heads" / "lost").write_text("")
    (found,) = [one for one in wrong(manager, fix=True) if one.area == "refs"]
    assert (found.repair, found.session_id) == ("", "lost")
    assert (manager.path / "refs" / "heads" / "lost").exists()


@pytest.mark.parametrize("text", [None, "", "rubbish\n"])
def test_a_store_without_its_head_is_opened_and_mended(manager: SessionManager, text: str | None) -> None:
    session = talk(manager, "hello")
    head = manager.path / "HEAD"
    before = head.read_bytes()
    head.unlink()
    if text is not None:
        head.write_text(text)
    with SessionManager(manager.path) as fresh:
        assert texts(fresh, session) == ["hello"]
        assert [one.message.partition(" ")[0] for one in wrong(fresh)] == ["HEAD"]
        assert fixed(fresh) == [("refs", "refs")]
    assert head.read_bytes() == before


def test_the_head_of_a_working_tree_is_its_owners(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        manager._store.repo.config_set("core.bare", "false")
        (manager.path / "HEAD").write_text("")
        assert "refs/heads/BRANCH" in wrong(manager, fix=True)[0].hint
        assert (manager.path / "HEAD").read_text() == ""
