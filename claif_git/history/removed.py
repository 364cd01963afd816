"""Message files that somebody removed with plain git: they count as dropped, and are put back by our next write.

A deletion in history wakes git's rename detection, which carries one person's edit into another's message when
histories merge. So what was removed comes back into the tree, and a drop file leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator

from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.treediff import TreeDiff
from claif_git.history.change import Change
from claif_git.history.placing import Entry
from claif_git.history.snapshot import folder_at

_KEPT = 16


def find_removed(repo: Repository, tip: str, checked: str | None) -> tuple[list[Entry], int]:
    """Look through the commits since `checked` for message files that are gone; give them, and how many were walked.

    A path counts if a parent held it, its child did not, and the tip does not either. `checked` is a commit whose whole
    history is known to be sound, or None to look through everything.
    """
    removed: dict[str, str] = {}
    stops = {checked} if checked else set()
    looked, queue = {tip}, [tip]
    removals = _Removals(repo)
    while queue:
        oid = queue.pop()
        if oid in stops:
            continue
        commit = removals.commit(oid)
        for parent in commit.parents:
            for path, blob in removals.between(removals.commit(parent), commit):
                removed.setdefault(path, blob)
            if checked and len(commit.parents) > 1:
                stops.update(repo.merge_bases(parent, checked))
            if parent not in looked:
                looked.add(parent)
                queue.append(parent)
    here = folder_at(repo, repo.read_commit(tip).tree)
    gone = [
        Entry(path, blob) for path, blob in sorted(removed.items()) if here.get(f"{layout.MESSAGES}/{path}") is None
    ]
    return gone, len(looked)


class _Removals:
    """Compares commits with their parents. Each is read once, though it is looked at as a child and as a parent."""

    def __init__(self, repo: Repository) -> None:
        self._repo, self._trees = repo, TreeDiff(repo, skips_deep=True)
        self._commits: dict[str, Commit] = {}

    def commit(self, oid: str) -> Commit:
        if oid not in self._commits:
            if len(self._commits) > _KEPT:
                del self._commits[next(iter(self._commits))]
            self._commits[oid] = self._repo.read_commit(oid)
        return self._commits[oid]

    def between(self, parent: Commit, child: Commit) -> Iterator[tuple[str, str]]:
        """Give the message files that the child of a commit lacks, by path and blob."""
        before, after = (self._trees.folder(commit.tree, layout.MESSAGES) for commit in (parent, child))
        for path, blob in self._trees.added(after, before):
            if layout.parse_message_name(path.rpartition("/")[2]):
                yield path, blob


def put_back(change: Change, removed: list[Entry]) -> None:
    """Put removed files back into the tree, and leave them out by a drop file, where none does already."""
    if not removed:
        return  # the change goes on as one that only appends
    for entry in removed:
        change.put_blob(entry.path, entry.blob)
    change.drop(entry.path for entry in removed if entry.path not in change.before.dropped)
