"""Packs as we write them, where most objects stand whole: telling them from git's, and letting git make deltas of them.

By itself git never would: what it finds in one pack without a delta, it takes over as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from claif_git.errors import StoreError
from claif_git.git import command, files
from claif_git.git.packentry import NAMED_DELTA, OFFSET_DELTA, entry_start, way_back
from claif_git.git.packfile import PackFile
from claif_git.git.packs import OTHERS_BUSINESS, drop_packs

_FASTEST = {b"\x78\x01", b"\x48\x0d"}  # how what we compress begins (large, small), and hardly anything that git does
_SAMPLE = 64
_SHARE = 8  # a pack counts as whole if one entry in so many is
_SETTINGS = {
    "core.fsync": "all",
    "core.packedGitWindowSize": "1m",
    "core.packedGitLimit": "16m",
    "pack.compression": "6",
    "pack.windowMemory": "64m",
    "pack.deltaCacheSize": "32m",
}


class WholePack(NamedTuple):
    """One such pack: its path without an ending, and its bytes."""

    base: Path
    size: int


def whole_packs(folder: Path) -> Iterator[WholePack]:
    """Give the packs in which many objects stand as we wrote them. Cheap: a sample of each is looked at.

    None where git keeps an index over all packs, which only its own commands know how to change.
    """
    if (folder / "multi-pack-index").exists():
        return
    for index in sorted(folder.glob("*.idx")):
        base = index.with_suffix("")
        if any(index.with_suffix(f".{ending}").exists() for ending in OTHERS_BUSINESS):
            continue
        try:
            if _is_whole(base):
                yield WholePack(base, index.with_suffix(".pack").stat().st_size)
        except (OSError, StoreError):  # gone, or damaged: no business of ours
            continue


def _is_whole(base: Path) -> bool:
    entries = PackFile(str(base)).sample(_SAMPLE)
    return sum(map(_is_ours, entries)) * _SHARE >= len(entries) > 0


def _is_ours(entry: bytes) -> bool:
    """Say whether an entry is as we write one: compressed as fast as can be, and if it is a delta, of a place."""
    try:
        number, _, start = entry_start(entry)
        if number == OFFSET_DELTA:
            _, start = way_back(entry, start)
    except IndexError:
        return False
    return number != NAMED_DELTA and entry[start : start + 2] in _FASTEST


def make_deltas(git_dir: Path, packs: Sequence[WholePack]) -> None:
    """Let git write one pack of deltas in place of these. Safe beside readers and writers; no object is dropped.

    StoreError if git fails: then they are as they were.
    """
    folder = git_dir / "objects" / "pack"
    given = "".join(f"{pack.base.name}.pack\n" for pack in packs).encode("ascii")
    options = ["-q", "--stdin-packs", "--no-reuse-object", "--delta-base-offset", str(folder / "pack")]
    done = command.run(["pack-objects", *options], git_dir=git_dir, stdin=given, settings=_SETTINGS)
    made = folder / f"pack-{done.output.decode('ascii').strip()}"
    files.sync_folder(str(folder))
    there = PackFile(str(made))
    for base, _ in packs:
        if not all(there.find(name) is not None for name in PackFile(str(base)).names()):
            raise StoreError(f"git left objects of {base.name} out")
    drop_packs(str(folder), {pack.base.name for pack in packs} - {made.name})
