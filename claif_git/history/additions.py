"""Which commit added which message, told by the trees of a commit and of its parents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.treediff import TreeDiff
from claif_git.history.placing import Entry


class Additions:
    """Compares commits with their parents. Along a walk each tree is read once: as a child's, then as a parent's."""

    def __init__(self, repo: Repository) -> None:
        self._repo, self._trees = repo, TreeDiff(repo)
        self._next: dict[str, str] = {}  # the commit that a walk gives next, mostly the parent, and its tree

    def walk(self, tips: Iterable[str]) -> Iterator[tuple[str, Commit]]:
        """Walk as `Repository.walk` does, one commit behind it, so that few parents have to be read again."""
        waiting: tuple[str, Commit] | None = None
        for oid, commit in self._repo.walk(tips):
            self._next = {oid: commit.tree}
            if waiting is not None:
                yield waiting
            waiting = oid, commit
        if waiting is not None:
            yield waiting

    def of(self, commit: Commit) -> list[Entry]:
        """Give the messages that a commit has and no parent of it had, in path order."""
        here, before = self._folders(commit)
        found = _messages(self._trees.added(before[0] if before else None, here))
        for other in before[1:]:
            found &= _messages(self._trees.added(other, here))
        return sorted(found)

    def versions(self, commit: Commit) -> list[Entry]:
        """Give the messages that a commit has otherwise than its first parent, new ones included, in path order."""
        here, before = self._folders(commit)
        return sorted(_messages(self._trees.changed(before[0] if before else None, here)))

    def _folders(self, commit: Commit) -> tuple[str | None, list[str | None]]:
        """Give the `messages/` folders of a commit and of its parents."""
        parents = [self._next.get(parent) or self._repo.read_commit(parent).tree for parent in commit.parents]
        here, *before = (self._trees.folder(tree, layout.MESSAGES) for tree in (commit.tree, *parents))
        return here, before


def _messages(files: Iterable[tuple[str, str]]) -> set[Entry]:
    return {
        Entry(path, blob) for path, blob in files if "/" in path and layout.parse_message_name(path.rpartition("/")[2])
    }
