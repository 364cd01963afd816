"""To which branch a commit belongs: the session that it was first part of.

A session's first commit adds its folder below `sessions/`, and nothing ever takes one away. So along a line of first
parents the folders only grow, and who speaks changes where one comes that no parent had: there a session was made. A
folder that a merge brings along changes nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at


class Lineage:
    """Answers for one repository, and remembers: a commit never changes. For one thread."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._commits: dict[str, Commit] = {}
        self._folders: dict[str, frozenset[str]] = {}
        self._owners: dict[str, str] = {}

    def commit(self, oid: str) -> Commit:
        """Give a commit."""
        known = self._commits.get(oid)
        if known is None:
            known = self._commits[oid] = self._repo.read_commit(oid)
        return known

    def first_parents(self, tip: str) -> list[str]:
        """Give a commit, its first parent, that one's first parent and so on: newest first."""
        line = [tip]
        while parents := self.commit(line[-1]).parents:
            line.append(parents[0])
        return line

    def folders(self, oid: str) -> frozenset[str]:
        """Name the sessions that a commit's tree has folders of."""
        if oid not in self._folders:
            below = folder_at(self._repo, self.commit(oid).tree).folder(layout.SESSIONS)
            self._folders[oid] = frozenset(name for name, item in below.items.items() if isinstance(item, Folder))
        return self._folders[oid]

    def owner(self, oid: str) -> str:
        """Name the session that a commit was first part of; "" if its tree has none."""
        line: list[str] = []
        at: str | None = oid
        while at is not None and at not in self._owners:
            line.append(at)
            at = next(iter(self.commit(at).parents), None)
        self._assign(line[::-1], at)
        return self._owners[oid]

    def _assign(self, line: Sequence[str], below: str | None) -> None:
        """Note the owners of a line of commits, oldest first, that stands on `below`."""
        owner = self._owners[below] if below else ""
        held = self.folders(below) if below else frozenset()
        start = 0
        while start < len(line):
            change = self._next_change(line, start, held)
            self._owners.update(dict.fromkeys(line[start:change], owner))
            if change < len(line):
                owner = self._born(line[change], held) or owner
                held = self.folders(line[change])
                self._owners[line[change]] = owner
            start = change + 1

    def _next_change(self, line: Sequence[str], start: int, held: frozenset[str]) -> int:
        if self.folders(line[-1]) == held:
            return len(line)
        return bisect_left(line, True, lo=start, key=lambda oid: self.folders(oid) != held)  # noqa: FBT003 - sought

    def _born(self, oid: str, held: frozenset[str]) -> str:
        others = (self.folders(parent) for parent in self.commit(oid).parents[1:])
        return min(self.folders(oid).difference(held, *others), default="")
