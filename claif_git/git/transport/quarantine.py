"""Where what comes from a remote stands until it has been looked at: a repository of its own, inside the store's.

It borrows the store's objects and lends none of its own, so whatever is in it, and whenever whoever fills it dies, the
store is as it was. What passed is admitted: its pack moves over, or, if there is anything else in it, only the objects
that passed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import files
from claif_git.git.kinds import Oid
from claif_git.git.repository import Repository
from claif_git.git.transport.limits import Limits
from claif_git.git.transport.packinfo import PackInfo
from claif_git.git.transport.packorder import PackOrder

_FOLDER = "incoming"
_LOCK = "incoming-"


class Quarantine:
    """One, open. `path` is its git folder, `store` the repository that it belongs to."""

    def __init__(self, store: Repository, path: Path, limits: Limits) -> None:
        self.store, self.path, self._limits = store, path, limits
        self._packs: dict[Path, PackInfo] = {}

    def close(self) -> None:
        """Close all files."""
        for pack in self._packs.values():
            pack.close()
        self._packs = {}

    # looking at what came

    def look(self) -> None:
        """Take notice of packs that came since the last look. StoreError for one that cannot be read."""
        for path in sorted((self.path / "objects/pack").glob("*.pack")):
            if path not in self._packs and path.with_suffix(".idx").exists():
                self._packs[path] = PackInfo(path)

    def tidy(self) -> None:
        """Remove what a transfer that failed left behind: all that has not been looked at."""
        kept = {path.stem for path in self._packs}
        for path in (self.path / "objects/pack").iterdir():
            if path.stem not in kept:
                files.remove(str(path))

    def size(self) -> int:
        """Give the bytes of what has come, half-received packs included."""
        return sum(_size(path) for path in (self.path / "objects/pack").iterdir())

    def info(self, oid: Oid) -> tuple[str, int]:
        """Give an object's kind and size without unpacking it. StoreError if it is missing, damaged or too large."""
        pack, place = self._place(oid)
        if pack is None:
            kind, data = self.store.read(oid)
            return kind, len(data)
        return self._checked(pack, oid, place)

    def read(self, oid: Oid, most: int = sys.maxsize) -> tuple[str, bytes]:
        """Give an object's kind and bytes. StoreError if it is missing, damaged or, as a new one, too large."""
        pack, place = self._place(oid)
        if pack is None:
            return self.store.read(oid)
        kind, size = self._checked(pack, oid, place)
        if size > most:
            raise StoreError(f"{kind} {oid} is larger than {most} bytes")
        return pack.read(place)  # whoever made the index has checked it against its id

    def _place(self, oid: Oid) -> tuple[PackInfo | None, int]:
        """Give the pack that an object came in, and where it stands there."""
        for pack in self._packs.values():
            place = pack.find(oid)
            if place is not None:
                return pack, place
        return None, 0

    def _checked(self, pack: PackInfo, oid: Oid, place: int) -> tuple[str, int]:
        found = pack.info_at(place, oid)
        if found.largest > self._limits.max_object_size:
            raise StoreError(f"object {oid} is larger than {self._limits.max_object_size} bytes")
        return found.kind, found.size

    def is_new(self, oid: Oid) -> bool:
        """Whether the object came from the remote (the store may have it as well)."""
        return any(pack.has(oid) for pack in self._packs.values())

    def fetch_head(self) -> str:
        """Give what git wrote down of the last fetch, or ""."""
        try:
            return (self.path / "FETCH_HEAD").read_text(encoding="utf-8", errors="surrogateescape")
        except FileNotFoundError:
            return ""

    def in_order(self, readable: int) -> Iterator[PackOrder]:
        """Give everything that came, as PackOrder has it."""
        for pack in self._packs.values():
            yield PackOrder(pack, self._limits.max_object_size, readable)

    # letting it in

    def admit(self, wanted: Callable[[], Iterable[Oid]] | None, kept: ExitStack) -> None:
        """Put what passed into the store, durably. `wanted` gives the objects to take; None takes everything.

        The caller holds the store's lock until a ref points to them, and then closes `kept`: until then whoever packs
        anew leaves them alone.
        """
        if wanted is not None:
            with self.store.pack_writer(kept=kept) as writer:
                for oid in wanted():
                    writer.add(*self.read(oid))
            return
        target = self.store.path / "objects/pack"
        for path in list(self._packs):
            self._packs.pop(path).close()
            self.store.keep(str(target / f"{path.stem}.keep"), kept)
            self._move(path, target)
        files.sync_folder(str(target))

    @staticmethod
    def _move(pack: Path, target: Path) -> None:
        """Move a pack and what belongs to it, the index last: with it the pack is there."""
        if (target / pack.with_suffix(".idx").name).exists():
            return
        companions = [path for path in pack.parent.glob(pack.stem + ".*") if path.suffix in (".rev", ".idx")]
        for path in [pack, *sorted(companions, key=lambda path: path.suffix == ".idx")]:
            _sync(path)
            path.rename(target / path.name)


@contextmanager
def quarantine(store: Repository, limits: Limits) -> Iterator[Quarantine]:
    """Make a quarantine for the length of a block, and remove those that died in theirs."""
    folder = store.path / "claif" / _FOLDER
    sweep(store)
    name = secrets.token_hex(8)
    lock = store.try_lock(_LOCK + name)
    if lock is None:  # pragma: no cover - the name is random
        raise StoreError("a quarantine of this name is in use")
    path = folder / name
    opened: Quarantine | None = None
    try:
        _make(store, path, limits)
        opened = Quarantine(store, path, limits)
        yield opened
    finally:
        if opened is not None:
            opened.close()
        shutil.rmtree(path, ignore_errors=True)
        lock.release()


def _make(store: Repository, path: Path, limits: Limits) -> None:
    for name in ("objects/info", "objects/pack", "refs"):
        (path / name).mkdir(parents=True)
    (path / "objects/info/alternates").write_text(f"{store.path / 'objects'}\n", encoding="utf-8")
    # The store's own settings (a proxy, an ssh command) hold here as well; ours stand below them.
    included = str(store.path / "config").replace("\\", "\\\\").replace('"', '\\"')
    config = f'[include]\n\tpath = "{included}"\n[core]\n\trepositoryformatversion = 0\n\tbare = true\n'
    config += f"\tbigFileThreshold = {max(limits.max_object_size, 1 << 20)}\n"
    (path / "config").write_text(config, encoding="utf-8", errors="surrogateescape")
    (path / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")


def sweep(store: Repository) -> None:
    """Remove quarantines whose lock nobody holds: their makers are dead, and what came is in them still."""
    folder = store.path / "claif" / _FOLDER
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        lock = store.try_lock(_LOCK + path.name)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            lock.release()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # it got its name just now
        return 0


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
