"""Looking at a repository without changing it: how much is loose, whose locks there are, what is damaged."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command
from claif_git.git.kinds import Oid
from claif_git.git.lockfiles import LockFiles, LockState
from claif_git.git.maintenance import Maintenance
from claif_git.git.refs import Refs

_SETTLED = 60.0
"""Seconds after which who writes a pack has written its index as well."""
_CHUNK = 1 << 20
_DIGEST = 20


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

    def __init__(self, git_dir: Path, refs: Refs, lock_files: LockFiles, maintenance: Maintenance) -> None:
        self._dir, self._refs, self._locks, self._maintenance = git_dir, refs, lock_files, maintenance

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
        """Give the packs that are not whole, by name, and why. Each is read to its end."""
        folder = self._dir / "objects/pack"
        for path in sorted([*folder.glob("pack-*.pack"), *folder.glob("pack-*.idx")]):
            other = path.with_suffix(".idx" if path.suffix == ".pack" else ".pack")
            try:
                if not other.exists() and time.time() - path.stat().st_mtime > _SETTLED:
                    yield path.name, f"{other.name} is missing"
                if not _is_whole(path):
                    yield path.name, "its content is not what its checksum says"
            except FileNotFoundError:
                continue  # maintenance has replaced it meanwhile
            except OSError as error:
                yield path.name, error.strerror or str(error)

    def damaged_refs(self) -> dict[str, str]:
        """Give the refs whose files hold no object id, and why."""
        found: dict[str, str] = {}
        for name in [*self._refs.loose_names(), "HEAD"]:
            try:
                self._refs.get(name)
            except StoreError as error:
                found[name] = str(error)
        return dict(sorted(found.items()))

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


def _is_whole(path: Path) -> bool:
    """Tell whether a pack, or its index, ends with its own checksum."""
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - _DIGEST
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        return not left and file.read() == digest.digest()
