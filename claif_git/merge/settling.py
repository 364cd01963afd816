"""Conflicts that history settles: one side's version is one that the other side had, and went on from.

A branch from before an edit takes the edited message along, so the edit stands on both sides of a fork that is older
than it. Against that fork both sides have changed the message, though only one has since.
"""

from __future__ import annotations

from collections.abc import Iterable

from claif_git.format import layout
from claif_git.git import Repository
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.merge.trees import United


def settle(repo: Repository, united: United, ours: Snapshot, theirs: Snapshot) -> None:
    """Take, for each message in conflict, the version that came after the other; that is no conflict then."""
    paths = {conflict.path for conflict in united.conflicts if conflict.path.startswith(f"{layout.MESSAGES}/")}
    if not paths:
        return
    bases = repo.merge_bases(ours.commit, theirs.commit)
    for path in sorted(paths):
        later = _later(repo, path, ours, theirs, bases)
        if later is not None:
            united.root = united.root.put(path, later)
            united.conflicts = [conflict for conflict in united.conflicts if conflict.path != path]


def _later(repo: Repository, path: str, ours: Snapshot, theirs: Snapshot, bases: Iterable[str]) -> str | None:
    mine, yours = ours.root.file(path), theirs.root.file(path)
    if mine and _had(repo, theirs, path, mine, bases):
        return yours
    return mine if yours and _had(repo, ours, path, yours, bases) else None


def _had(repo: Repository, side: Snapshot, path: str, blob: str, bases: Iterable[str]) -> bool:
    """Tell whether a side, since the fork, ever had this blob at this path."""
    return any(
        folder_at(repo, commit.tree).file(path) == blob for _, commit in repo.walk([side.commit], hidden=list(bases))
    )
