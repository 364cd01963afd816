"""Putting things on the disk: several at once, and no folder above them forgotten."""
# ruff: noqa: PTH116, PTH120
# No Path objects here: this runs several times a turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Sequence

from claif_git.git.files import sync_folder


class Syncer:
    """Syncs files and folders. Remembers which folders are known to be named on the disk."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    @staticmethod
    def files(descriptors: Sequence[int]) -> None:
        """Sync open files.

        All are on their way before the first is waited for, so that the file system's journal is mostly written once
        for all of them. (A thread for each does no better, and costs more where the disk is quick.)
        """
        if hasattr(os, "posix_fadvise"):
            for descriptor in descriptors:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)  # starts writing, and waits for nothing
        for descriptor in descriptors:
            os.fsync(descriptor)

    def folders(self, folders: Iterable[str], root: str) -> None:
        """Sync `folders` and, where they are not known to be named on the disk, what is above them up to `root`.

        A name is safe only once every folder above it is named too. Whoever made such a folder may have died before
        it synced the one above, so each process does it once for each folder that it uses.
        """
        todo: dict[str, None] = {}
        fresh: dict[str, int] = {}
        for folder in folders:
            todo[folder] = None
            with contextlib.suppress(FileNotFoundError):
                self._above(folder, root, todo, fresh)
        for folder in todo:
            sync_folder(folder)
        self._known.update(fresh)

    def _above(self, folder: str, root: str, todo: dict[str, None], fresh: dict[str, int]) -> None:
        while folder != root:
            inode = os.stat(folder).st_ino
            if self._known.get(folder) == inode:
                return
            fresh[folder] = inode
            folder = os.path.dirname(folder)
            todo[folder] = None
