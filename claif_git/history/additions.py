"""Which commit added which message, told by the trees of a commit and of its parents."""

from __future__ import annotations

from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.treediff import TreeDiff
from claif_git.history.placing import Entry


class Additions:
    """Compares commits with their parents. Along a walk each tree is read once: as a child's, then as a parent's."""

    def __init__(self, repo: Repository) -> None:
        self._repo, self._trees = repo, TreeDiff(repo)

    def of(self, commit: Commit) -> list[Entry]:
        """Give the messages that a commit has and no parent of it had, in path order."""
        here = self._trees.folder(commit.tree, layout.MESSAGES)
        before = [self._trees.folder(self._repo.read_commit(parent).tree, layout.MESSAGES) for parent in commit.parents]
        found = self._new(before[0] if before else None, here)
        for other in before[1:]:
            found &= self._new(other, here)
        return sorted(found)

    def _new(self, before: str | None, after: str | None) -> set[Entry]:
        added = self._trees.added(before, after)
        return {Entry(path, oid) for path, oid in added if layout.parse_message_name(path.rpartition("/")[2])}
