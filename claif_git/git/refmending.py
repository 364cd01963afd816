"""Refs whose files hold nothing of use, as a crash leaves them: saying so, and mending what needs no decision."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import files
from claif_git.git.kinds import Oid, is_oid
from claif_git.git.layout import FIRST_HEAD
from claif_git.git.lockfiles import LockFiles
from claif_git.git.objects import Objects
from claif_git.git.packedrefs import PackedRefs
from claif_git.git.refs import Refs, is_ref_name

HEAD = "HEAD"
_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class RefFault:
    """A ref whose file is of no use, and why. `packed`: what `packed-refs` says of it, if that object is whole."""

    name: str
    reason: str
    packed: Oid | None = None


class RefMending:
    """The damaged refs of one repository."""

    def __init__(self, git_dir: Path, refs: Refs, lock_files: LockFiles, objects: Objects) -> None:
        self._dir, self._refs, self._locks, self._objects = git_dir, refs, lock_files, objects
        self._packed = PackedRefs(str(git_dir / "packed-refs"))

    def faults(self) -> Iterator[RefFault]:
        """Give the refs, and HEAD, whose files hold neither an object id nor the name of a ref."""
        if not self._says_something(HEAD):
            yield RefFault(HEAD, f"{HEAD} is missing" if self._text(HEAD) is None else f"{HEAD} is damaged")
        for name in sorted(self._refs.loose_names()):
            try:
                self._refs.get(name)
            except StoreError as error:
                packed = None if self._says_something(name) else self._whole_packed(name)
                yield RefFault(name, str(error), packed)

    def mend(self, names: Collection[str]) -> None:
        """Remove the damaged files of refs that `packed-refs` has; make HEAD name the store's own branch again.

        ConcurrentUpdateError if a lock stays held.
        """
        for fault in list(self.faults()):
            if fault.name not in names:
                continue
            if fault.name == HEAD:
                self._refs.set_head(FIRST_HEAD)
            elif fault.packed is not None:
                with self._locks.hold(f"{self._dir}/{fault.name}.lock", _WAIT):
                    # Asked again: somebody may have written it since.
                    if not self._says_something(fault.name) and self._whole_packed(fault.name):
                        files.remove(str(self._dir / fault.name))
                files.sync_folder(str((self._dir / fault.name).parent))

    def _text(self, name: str) -> str | None:
        try:
            return files.read_file(str(self._dir / name)).decode("utf-8", "replace").strip()
        except OSError:
            return None

    def _says_something(self, name: str) -> bool:
        text = self._text(name) or ""
        return is_oid(text) or (text.startswith("ref:") and is_ref_name(text[4:].strip()))

    def _whole_packed(self, name: str) -> Oid | None:
        """Give where `packed-refs` says that a ref stands, if there is such a commit."""
        try:
            oid = self._packed.get(name)
            if oid is not None:
                self._objects.read_commit(oid)
        except (StoreError, OSError):
            return None
        return oid
