"""Reading a repository at a path with dulwich: nobody but us asks how large an object is before it is read."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dulwich.object_store import DiskObjectStore
from dulwich.repo import Repo

from claif_git.errors import RemoteError, StoreError
from claif_git.git.transport.packinfo import PackInfo

if TYPE_CHECKING:
    from dulwich.objects import ObjectID, RawObjectID
    from dulwich.pack import UnpackedObject

_RAW = 20
_LONGEST_HEAD = 64


class GuardedStore(DiskObjectStore):
    """Refuses to read an object larger than `most` bytes, or one that takes more to be built. RemoteError."""

    most: int
    _sizes: _Sizes | None = None

    def get_raw(self, name: RawObjectID | ObjectID) -> tuple[int, bytes]:
        """Give an object's kind and bytes."""
        self._check([name])
        return super().get_raw(name)

    def iter_unpacked_subset(self, shas: Iterable[ObjectID | RawObjectID], **options: Any) -> Iterator[UnpackedObject]:
        """Give several objects as they stand in packs.

        Dulwich goes through whole packs for that, whatever it is asked for. Where something too large is in one, it
        gets nothing here, and asks for each object by itself.
        """
        wanted = list(shas)
        self._check(wanted)
        if options.get("allow_missing") and self._known().longest() > self.most:
            return iter(())
        return super().iter_unpacked_subset(wanted, **options)

    def _check(self, names: Iterable[ObjectID | RawObjectID]) -> None:
        for name in names:
            oid = name.hex() if len(name) == _RAW else name.decode("ascii")
            if self._known().of(oid) > self.most:
                raise RemoteError(f"object {oid} is larger than {self.most} bytes")

    def _known(self) -> _Sizes:
        if self._sizes is None:
            others = [other.path for other in self.alternates if isinstance(other, DiskObjectStore)]
            self._sizes = _Sizes([Path(path) for path in (self.path, *others)])
        return self._sizes

    def close(self) -> None:
        """Close all files."""
        if self._sizes is not None:
            self._sizes.close()
        super().close()


class _Sizes:
    """How large the objects in some folders are."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders
        self._packs = [_opened(path) for folder in folders for path in sorted(folder.glob("pack/*.idx"))]

    def close(self) -> None:
        for pack in self._packs:
            if pack is not None:
                pack.close()

    def longest(self) -> int:
        """Give the largest size that an entry of a pack is inflated to."""
        return max((pack.longest() for pack in self._packs if pack is not None), default=0)

    def of(self, oid: str) -> int:
        """Give how many bytes an object takes at the most while it is built; 0 where nothing can be said."""
        for pack in self._packs:
            if pack is not None and (found := pack.info(oid)) is not None:
                return found.largest
        return max(_loose_size(folder / oid[:2] / oid[2:]) for folder in self._folders)


def _opened(index: Path) -> PackInfo | None:
    try:
        return PackInfo(index.with_suffix(".pack"))
    except StoreError:  # dulwich says what is wrong with it, if it is wanted
        return None


def _loose_size(path: Path) -> int:
    try:
        with path.open("rb") as file:
            head = zlib.decompressobj().decompress(file.read(_LONGEST_HEAD * 2), _LONGEST_HEAD)
        return int(head.partition(b"\0")[0].rpartition(b" ")[2])
    except (OSError, zlib.error, ValueError):
        return 0


def open_guarded(path: str, most: int) -> Repo:
    """Open the repository at a path; no object larger than `most` bytes can be read from it."""
    opened = Repo(path)
    plain = opened.object_store
    opened.object_store = store = GuardedStore(plain.path, object_format=opened.object_format)
    store.most = most
    plain.close()
    return opened
