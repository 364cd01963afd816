"""Upkeep: packing what is loose, removing what the dead left behind, mending what can be mended."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command, files, locks, packing, wholes
from claif_git.git.kinds import Oid, is_oid
from claif_git.git.lockfiles import LockFiles
from claif_git.git.loose import loose_path, read_loose
from claif_git.git.objects import Objects
from claif_git.git.refs import Refs

LOOSE_OBJECTS = 2_000
LOOSE_REFS = 500
PACKS = 40
WHOLE_BYTES = 8 << 20
"""Past any of these numbers maintenance is due. Of the last: packs whose objects all stand whole, as we write them."""

WHOLE_AT_ONCE = 32 << 20
"""Bytes of such packs that git makes deltas of at a time: some seconds, and some 70 MB of memory.

Where nobody asked that is all that is done at once, and a larger pack waits.
"""

ABANDONED_AGE = 24 * 3600.0
"""Seconds after which a temporary file of whoever it was is taken for left behind."""

_SAMPLE = 16  # folders of the 256: object ids are spread evenly
_GEOMETRIC = (2, 33)  # the first git whose `repack --geometric` keeps objects that nothing refers to yet
_GRACE = "2.weeks.ago"
_SAFE = {
    "core.fsync": "all",
    "gc.auto": "0",
    "gc.autoDetach": "false",
    "gc.reflogExpire": "90.days.ago",
    "gc.writeCommitGraph": "false",  # as much again as the commits themselves take, and nothing of ours reads it
    "repack.updateServerInfo": "false",
    "core.packedGitWindowSize": "1m",  # with these two git takes a third less memory, and no more time
    "core.packedGitLimit": "16m",
}
_LEFT_WHOLE = "claif/left-whole"  # names of packs that git would make no deltas of
_TEMPORARY = (
    "objects/??/tmp_obj_*",
    "objects/pack/tmp_*",
    f"objects/pack/{files.TO_PACK}*",
    "objects/pack/.tmp-*",
    "objects/pack/*.lock",
    "objects/info/*.lock",
    "objects/info/commit-graphs/*.lock",
    "tmp_claif_*",
    "claif/tmp_claif_*",
)
"""What is in the making, by git or by us. The locks beside packs stand for as long as git writes a file about them all,
which can take minutes, and keep no writer waiting: they have as long as what they are about.
"""
_LOCK_FOLDERS = ("owners", "queues", "held")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What maintenance did. Damaged objects are those that no pack has whole."""

    with_git: bool
    packed_objects: int
    packed_refs: int
    removed_files: tuple[str, ...]
    repaired: tuple[Oid, ...]
    damaged: tuple[Oid, ...]
    seconds: float


class Maintenance:
    """The upkeep of one repository, step by step. Safe beside writers, but for the steps that say what they need."""

    def __init__(self, git_dir: Path, objects: Objects, refs: Refs, lock_files: LockFiles) -> None:
        self._dir, self._objects, self._refs, self._locks = git_dir, objects, refs, lock_files

    def is_due(self) -> bool:
        """Say whether there is enough to do. Cheap: it counts a sample."""
        return (
            self._estimate_loose() > LOOSE_OBJECTS
            or len(self._refs.loose_names()) > LOOSE_REFS
            or self._count_packs() > PACKS
            or (sum(pack.size for pack in self._whole()) > WHOLE_BYTES and _makes_deltas())
        )

    def _whole(self, *, everything: bool = False) -> list[wholes.WholePack]:
        """Give packs that git is to make deltas of: the smallest first, of WHOLE_AT_ONCE bytes together, or all."""
        most = sys.maxsize if everything else WHOLE_AT_ONCE
        chosen: list[wholes.WholePack] = []
        left_whole = set[str]() if everything else self._left_whole()
        for pack in sorted(wholes.whole_packs(self._dir / "objects/pack"), key=lambda pack: pack.size):
            most -= pack.size
            if most < 0:
                break
            if pack.base.name not in left_whole:
                chosen.append(pack)
        return chosen

    def _left_whole(self) -> set[str]:
        try:
            return set((self._dir / _LEFT_WHOLE).read_text(encoding="ascii").split())
        except FileNotFoundError:
            return set()

    def _estimate_loose(self) -> int:
        count = sum(1 for at in range(_SAMPLE) for _ in self._loose_in(f"{at * 256 // _SAMPLE:02x}"))
        return count * 256 // _SAMPLE

    def _count_packs(self) -> int:
        return sum(1 for _ in (self._dir / "objects/pack").glob("*.idx"))

    def _loose_in(self, folder: str) -> Iterator[Oid]:
        try:
            names = os.listdir(f"{self._objects.folder}/{folder}")  # noqa: PTH208 - 256 folders, thousands of names
        except (FileNotFoundError, NotADirectoryError):
            return
        yield from (folder + name for name in names if is_oid(folder + name))

    def loose(self) -> list[Oid]:
        """Give all loose objects."""
        return [oid for at in range(256) for oid in self._loose_in(f"{at:02x}")]

    def clean(self) -> tuple[str, ...]:
        """Remove locks of dead writers, our own lock files that nobody holds, and temporary files that are a day old.

        Gives the paths, below the repository, of all but our own.
        """
        removed = [path for path in self.lock_files() if self._locks.clear_stale(str(path))]
        removed += [path for path in self.left_behind() if files.remove(str(path))]
        for folder in _LOCK_FOLDERS:
            locks.sweep(f"{self._dir}/claif/{folder}")
        return tuple(str(path.relative_to(self._dir)) for path in removed)

    def lock_files(self) -> list[Path]:
        """Give the lock files of git's own protocol."""
        return [*self._dir.glob("*.lock"), *(self._dir / "refs").rglob("*.lock")]

    def left_behind(self) -> list[Path]:
        """Give the temporary files that are a day old."""
        oldest = time.time() - ABANDONED_AGE
        return [path for pattern in _TEMPORARY for path in self._dir.glob(pattern) if _older(path, oldest)]

    def damaged(self) -> list[Oid]:
        """Read every loose object, and give the damaged ones."""
        return [oid for oid in self.loose() if self._is_damaged(oid)]

    def _is_damaged(self, oid: Oid) -> bool:
        try:
            read_loose(self._objects.folder, oid)
        except StoreError as error:
            _log.warning("%s", error)
            return True
        return False

    def mend(self, damaged: list[Oid]) -> list[Oid]:
        """Remove damaged loose objects that a pack has whole, and give them.

        Needs the exclusive lock: a writer may just be writing one anew.
        """
        return [oid for oid in damaged if self._is_damaged(oid) and self._drop_if_packed(oid)]

    def _drop_if_packed(self, oid: Oid) -> bool:
        try:
            whole = self._objects.read_packed(oid)
        except StoreError:
            return False
        return whole is not None and files.remove(loose_path(self._objects.folder, oid))

    def pack(self, *, use_git: bool, everything: bool = False) -> bool:
        """Pack loose refs and objects, and join small packs; say whether git did it. Safe beside writers.

        No object is dropped, referred to or not. `everything`: also what takes long.
        """
        self._refs.check_packed()
        self._refs.put_in_order()
        with_git = use_git and self._pack_with_git(everything=everything)
        if not with_git:
            self._refs.pack()
        if not with_git or self._estimate_loose() > LOOSE_OBJECTS // 2:  # older gits leave what no ref reaches
            packing.pack_loose(self._objects, self.loose())
        joined = with_git and _makes_deltas()  # by git; what came since is for the next time
        if not joined and self._count_packs() > PACKS:
            packing.join_packs(self._objects)
        return with_git

    def _pack_with_git(self, *, everything: bool) -> bool:
        """Let git pack, and say whether it could.

        Refs twice: what `packed-refs` holds is on the disk, under its name, before the loose ones go.
        """
        geometric = ["--geometric=2"] if _makes_deltas() else []
        try:
            self._git("pack-refs", "--all", "--no-prune")
            files.sync_folder(str(self._dir))
            self._git("pack-refs", "--all")
            self._make_deltas(everything=everything)
            self._git("repack", "-d", "-l", "-q", *geometric)
        except StoreError as error:
            _log.warning("%s; packing without it", error)
            return False
        files.sync_folder(self._objects.folder + "/pack")
        return True

    def _make_deltas(self, *, everything: bool) -> None:
        packs = self._whole(everything=everything) if _makes_deltas() else []
        for some in _in_groups(packs):
            try:
                wholes.make_deltas(self._dir, some)
            except StoreError as error:  # most likely something is damaged in them: they stay as they are
                _log.warning("%s", error)
                names = self._left_whole() | {pack.base.name for pack in some}
                files.replace(str(self._dir / _LEFT_WHOLE), "\n".join(sorted(names)).encode("ascii"), durable=False)

    def _git(self, *arguments: str) -> None:
        command.run(arguments, git_dir=self._dir, settings=_SAFE)

    def collect(self) -> None:
        """Let git pack everything anew and drop what nothing has referred to for two weeks.

        Needs the exclusive lock: a writer may just be using such an object again.
        """
        try:
            self._git("gc", "--quiet", f"--prune={_GRACE}")
        except StoreError as error:
            _log.warning("%s", error)
        self._objects.forget_packs()


def _makes_deltas() -> bool:
    return command.git_version() >= _GEOMETRIC


def _in_groups(packs: Iterable[wholes.WholePack]) -> Iterator[list[wholes.WholePack]]:
    """Give packs by the WHOLE_AT_ONCE bytes, or one by one where they are larger: git's memory grows with objects."""
    group: list[wholes.WholePack] = []
    for pack in packs:
        if group and sum(other.size for other in group) + pack.size > WHOLE_AT_ONCE:
            yield group
            group = []
        group.append(pack)
    if group:
        yield group


def _older(path: Path, moment: float) -> bool:
    try:
        return path.stat().st_mtime < moment
    except FileNotFoundError:
        return False
