"""Packing by hand, for machines without the git command. Safe beside readers and writers; nothing is dropped.

What is packed is on the disk, under its name, before what it replaces goes; who still has that open keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import files
from claif_git.git.kinds import Oid
from claif_git.git.loose import loose_path, read_loose
from claif_git.git.objects import Objects
from claif_git.git.packfile import PackFile
from claif_git.git.packs import OTHERS_BUSINESS, PackWriter, drop_packs

_SMALL = 64 * 1024 * 1024  # bytes; larger packs are not written anew each time


def pack_loose(objects: Objects, oids: Iterable[Oid]) -> None:
    """Move loose objects into one pack; damaged ones stay where they are."""
    writer = PackWriter(objects.folder + "/pack", durable=True)
    try:
        packed = [oid for oid in oids if _copy_loose(objects, oid, writer)]
        writer.flush()
    finally:
        writer.abandon()
    for oid in packed:
        files.remove(loose_path(objects.folder, oid))


def _copy_loose(objects: Objects, oid: Oid, writer: PackWriter) -> bool:
    try:
        found = read_loose(objects.folder, oid)
    except StoreError:
        return False
    return found is not None and writer.add(*found) == oid


def join_packs(objects: Objects) -> None:
    """Make one pack of all small ones; one that is damaged stays as it is."""
    folder = Path(objects.folder) / "pack"
    writer = PackWriter(str(folder), durable=True)
    try:
        joined = [index for index in _small_packs(folder) if _copy_pack(objects, index, writer)]
        writer.flush()
    finally:
        writer.abandon()
    objects.forget_packs()
    drop_packs(str(folder), {index.stem for index in joined} - {writer.name})


def _small_packs(folder: Path) -> Iterator[Path]:
    if (folder / "multi-pack-index").exists():  # git's, which names packs: its own command knows how to change it
        return
    for index in sorted(folder.glob("*.idx")):
        pack = index.with_suffix(".pack")
        kept = any(index.with_suffix(f".{ending}").exists() for ending in OTHERS_BUSINESS)
        if not kept and pack.exists() and pack.stat().st_size <= _SMALL:
            yield index


def _copy_pack(objects: Objects, index: Path, writer: PackWriter) -> bool:
    try:
        for oid in _ids(index):
            found = objects.read_packed(oid)
            if found is None:
                return False
            writer.add(*found)
    except (StoreError, OSError):
        return False
    return True


def _ids(index: Path) -> list[Oid]:
    return PackFile(str(index.with_suffix(""))).ids()
