"""Files that survive: writing in one step, and making sure that a name is on the disk."""
# ruff: noqa: PTH104, PTH106, PTH108, PTH112, PTH116, PTH120
# No Path objects here: these run several times a turn, and building them costs more than the calls.

from __future__ import annotations

import errno
import os
import secrets
from typing import NoReturn

from claif_git.errors import UnwritableStoreError

CLOSED = os.O_CLOEXEC
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}


_PREFIX = "tmp_claif_"
TO_PACK = "claif_pack_"
"""How the name of a pack that is being written begins. What begins with `tmp_`, a `git prune` may remove at once."""


def temporary(folder: str, prefix: str = _PREFIX) -> str:
    """Give a name in `folder` that nobody else has."""
    return f"{folder}/{prefix}{secrets.token_hex(8)}"


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`: the system may take less of it at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def refuse(error: OSError, private: str) -> NoReturn:
    """Raise what came of writing below a repository's folder `private`: of a refusal, in words that name no file of it.

    UnwritableStoreError, or the error itself.
    """
    if error.errno not in _REFUSED:
        raise error
    raise UnwritableStoreError(f"cannot write to {os.path.dirname(private)}: {error.strerror}") from error


def read_file(path: str) -> bytes:
    """Read a whole file. FileNotFoundError and the like pass through."""
    fd = os.open(path, os.O_RDONLY | CLOSED)
    try:
        size = os.fstat(fd).st_size
        data = os.read(fd, size + 1)
        while len(data) > size or (data and len(data) < size):  # it grew, or the system gave less
            more = os.read(fd, 1 << 20)
            if not more:
                break
            data += more
    finally:
        os.close(fd)
    return data


def create(path: str, data: bytes, *, durable: bool, mode: int = 0o666) -> None:
    """Write a new file. FileExistsError if there is one."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | CLOSED, mode)
    try:
        write_all(fd, data)
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(folder: str) -> None:
    """Put the names in a folder on the disk. A folder that was removed meanwhile names nothing any more."""
    try:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | CLOSED)
    except FileNotFoundError:
        return
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def replace(
    path: str, data: bytes, *, durable: bool, folder: str = "", mode: int = 0o666, prefix: str = _PREFIX
) -> None:
    """Put `data` at `path` in one step, by way of a file in `folder` (default: beside it), with at most that `mode`.

    The folder that holds `path` is not synced: the caller may have several names to sync there.
    """
    made = temporary(folder or os.path.dirname(path), prefix)
    try:
        create(made, data, durable=durable, mode=mode)
        os.rename(made, path)
    except BaseException:
        remove(made)
        raise


def mode_of(path: str) -> int:
    """Give who may read and write a file; everybody, if there is none."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        return 0o666


def remove(path: str) -> bool:
    """Remove a file, and say whether there was one. A folder of that name is none."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except (IsADirectoryError, PermissionError):  # macOS says the latter of a folder
        if os.path.isdir(path):
            return False
        raise
    return True


def remove_empty_folders(folder: str, root: str) -> None:
    """Remove `folder` and those above it, below `root`, as long as they are empty."""
    while folder.startswith(root + "/"):
        try:
            os.rmdir(folder)
        except OSError:  # not empty, or gone
            return
        folder = os.path.dirname(folder)
