"""Looking at a repository without changing it: how much is loose, whose locks there are, what is damaged."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command
from claif_git.git.kinds import Oid
from claif_git.git.lockfiles import LockFiles, LockState
from claif_git.git.maintenance import Maintenance
from claif_git.git.objects import Objects
from claif_git.git.packindexes import is_settled, is_whole, unindexed
from claif_git.git.refmending import RefFault, RefMending
from claif_git.git.refs import Refs


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much there is. `left`: temporary files that the dead left, as paths below the repository; bytes of packs."""

    loose_objects: int
    loose_refs: int
    packs: int
    pack_bytes: int
    left: tuple[str, ...]
    is_due: bool


class Inspection:
    """What one repository looks like now."""

    def __init__(
        self, git_dir: Path, refs: Refs, lock_files: LockFiles, maintenance: Maintenance, objects: Objects
    ) -> None:
        self._dir, self._refs, self._locks, self._maintenance = git_dir, refs, lock_files, maintenance
        self._ref_mending = RefMending(git_dir, refs, lock_files, objects)

    def amounts(self) -> Amounts:
        """Count objects, refs and packs."""
        packs = list((self._dir / "objects/pack").glob("*.pack"))
        return Amounts(
            loose_objects=len(self._maintenance.loose()),
            loose_refs=len(self._refs.loose_names()),
            packs=len(packs),
            pack_bytes=sum(_size(pack) for pack in packs),
            left=tuple(str(path.relative_to(self._dir)) for path in self._maintenance.left_behind()),
            is_due=self._maintenance.is_due(),
        )

    def locks(self) -> list[LockState]:
        """Give the lock files that stand, of git's own protocol."""
        found = (self._locks.look(str(path)) for path in self._maintenance.lock_files())
        return [state for state in found if state is not None]

    def damaged_objects(self) -> list[Oid]:
        """Read every loose object, and give the damaged ones."""
        return self._maintenance.damaged()

    def damaged_packs(self) -> Iterator[tuple[str, str]]:
        """Give the packs that are not whole, by name, and why. Each is read to its end; indexes are looked at below."""
        folder = self._dir / "objects/pack"
        for path in sorted([*folder.glob("pack-*.pack"), *folder.glob("pack-*.idx")]):
            pack = path.with_suffix(".pack")
            try:
                if not pack.exists() and is_settled(path):
                    yield path.name, f"{pack.name} is missing"
                if path == pack and not is_whole(path):
                    yield path.name, "its content is not what its checksum says"
            except FileNotFoundError:
                continue  # maintenance has replaced it meanwhile
            except OSError as error:
                yield path.name, error.strerror or str(error)

    def unindexed_packs(self) -> Iterator[tuple[str, str]]:
        """Give the packs, by name, whose index is missing or damaged, and which: `index_packs` makes it anew."""
        return ((pack.name, reason) for pack, reason in unindexed(self._dir / "objects/pack"))

    def is_unindexed(self) -> bool:
        """Say whether there is such a pack, be it one that is being written."""
        return any(unindexed(self._dir / "objects/pack", after=float("-inf")))

    def damaged_refs(self) -> Iterator[RefFault]:
        """Give the refs, and HEAD, whose files are of no use."""
        return self._ref_mending.faults()

    def check_refs(self) -> None:
        """Raise StoreError if what a ref stood at has to be kept, and nobody knows what that is."""
        self._refs.check_packed()
        for fault in self.damaged_refs():
            raise StoreError(fault.reason, hint="claif-git doctor")

    def mend_refs(self, names: Collection[str]) -> None:
        """Of these, remove damaged files of refs that `packed-refs` has whole; write HEAD where it is of no use.

        ConcurrentUpdateError if a lock stays held.
        """
        self._ref_mending.mend(names)

    def packed_refs_problem(self) -> str:
        """Say what is wrong with `packed-refs` as a whole; "" for nothing."""
        try:
            self._refs.check_packed()
        except StoreError as error:
            return error.message
        return ""

    def refs_are_out_of_order(self) -> bool:
        """Say whether `packed-refs` calls itself sorted and is not: not every ref in it is found then."""
        return self._refs.is_out_of_order

    def config_problem(self) -> str:
        """Say what git finds wrong with the repository's `config`; "" for nothing, or without a git command."""
        if not command.git_available():
            return ""
        try:
            command.run(["config", "--file", str(self._dir / "config"), "--list"])
        except StoreError as error:
            return str(error)
        return ""

    def clean(self, *, own_only: bool = False) -> tuple[str, ...]:
        """Remove locks of dead writers and what they left half written; give the paths. Safe beside writers.

        `own_only`: only locks that we made.
        """
        if not own_only:
            return self._maintenance.clean()
        dead = [lock.path for lock in self.locks() if lock.ours and lock.is_stale]
        return tuple(path for path in dead if self._locks.clear_stale(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
