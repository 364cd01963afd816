"""Where history ends in a shallow clone: git lists the commits whose parents it left behind."""
# ruff: noqa: PTH116
# No Path objects here: looked at with every commit that is read.

from __future__ import annotations

import os

from claif_git.git.files import read_file
from claif_git.git.kinds import Commit, Oid


class Shallow:
    """What `shallow` in one git directory says. Any number of threads may ask."""

    def __init__(self, git_dir: str) -> None:
        self._path = git_dir + "/shallow"
        self._known: tuple[tuple[int, int, int], frozenset[Oid]] = (0, 0, 0), frozenset()

    def ends(self) -> frozenset[Oid]:
        """Name the commits that history begins with, though they name parents; none where all of it is here."""
        try:
            seen = os.stat(self._path)
            key = seen.st_mtime_ns, seen.st_size, seen.st_ino
            if key != self._known[0]:
                self._known = key, frozenset(read_file(self._path).decode("ascii", "replace").split())
        except FileNotFoundError:
            return frozenset()
        return self._known[1]


def without_parents(commit: Commit) -> Commit:
    """Give a commit as it stands at the beginning of a history."""
    return Commit(
        commit.tree, (), commit.author, commit.author_time, commit.committer, commit.commit_time, commit.message
    )
