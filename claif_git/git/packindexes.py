"""Packs that lost their index: whatever such a pack holds is whole on the disk, and nobody finds it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command, files
from claif_git.git.objects import Objects

SETTLED = 60.0
"""Seconds after which who writes a pack has written its index as well."""
_CHUNK = 1 << 20
_DIGEST = 20


def unindexed(pack_folder: Path, *, after: float = SETTLED) -> Iterator[tuple[Path, str]]:
    """Give packs whose index is missing or damaged, and which of both, once they stand for `after` seconds.

    Of a younger one the index may just be in the making.
    """
    for pack in sorted(pack_folder.glob("pack-*.pack")):
        index = pack.with_suffix(".idx")
        try:
            if not is_settled(pack, after):
                continue
            if not index.exists():
                yield pack, f"{index.name} is missing"
            elif not is_whole(index) and is_settled(index, after):
                yield pack, f"{index.name} is damaged"
        except OSError:
            continue  # maintenance has replaced it meanwhile; or it cannot be read, and whoever reads packs says so


def index_anew(git_dir: Path, objects: Objects) -> None:
    """Make such indexes anew, by git, which reads the whole pack and checks every object in it before that.

    For who holds the lock of upkeep. StoreError if there is no git, or a pack is damaged itself; all others are done.
    """
    failed: StoreError | None = None
    for pack, _ in unindexed(git_dir / "objects" / "pack"):
        made = files.temporary(str(git_dir / "claif")) + ".idx"
        try:
            command.run(
                ["index-pack", "-o", made, str(pack)], git_dir=git_dir, settings={"pack.writeReverseIndex": "0"}
            )
            data = files.read_file(made)
            files.replace(str(pack.with_suffix(".idx")), data, durable=True, folder=str(git_dir / "claif"), mode=0o444)
        except StoreError as error:
            failed = StoreError(f"{pack.name}: {error}", hint=error.hint)
        finally:
            files.remove(made)
    files.sync_folder(str(git_dir / "objects" / "pack"))
    objects.forget_packs()
    if failed is not None:
        raise failed


def is_settled(path: Path, after: float = SETTLED) -> bool:
    """Tell whether a file is old enough not to be in the making. FileNotFoundError."""
    return time.time() - path.stat().st_mtime > after


def is_whole(path: Path) -> bool:
    """Tell whether a pack, or its index, ends with its own checksum. It is read to its end. OSError."""
    digest = hashlib.sha1(usedforsecurity=False)
    with path.open("rb") as file:
        left = os.fstat(file.fileno()).st_size - _DIGEST
        while left > 0 and (chunk := file.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
        return not left and file.read() == digest.digest()
