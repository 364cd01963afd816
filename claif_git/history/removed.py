"""Message files that somebody removed with plain git: they count as dropped, and are put back by our next write.

A deletion in history wakes git's rename detection, which carries one person's edit into another's message when
histories merge. So what was removed comes back into the tree, and a drop file leaves it out.
"""

from __future__ import annotations

from typing import Any

from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.trees import Folder, Leaf
from claif_git.history.change import Change
from claif_git.history.placing import Entry
from claif_git.history.snapshot import folder_at

_KEPT = 16  # of either


def find_removed(repo: Repository, tip: str, checked: str | None) -> tuple[list[Entry], int]:
    """Look through the commits since `checked` for message files that are gone; give them, and how many were walked.

    A path counts if a parent held it, its child did not, and the tip does not either. `checked` is a commit whose whole
    history is known to be sound, or None to look through everything.
    """
    removed: dict[str, str] = {}
    stops = {checked} if checked else set()
    looked, queue = {tip}, [tip]
    pages = _Pages(repo)
    while queue:
        oid = queue.pop()
        if oid in stops:
            continue
        commit = pages.commit(oid)
        messages = pages.messages(commit)
        for parent in commit.parents:
            for entry in missing(pages.messages(pages.commit(parent)), messages):
                removed.setdefault(entry.path, entry.blob)
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


class _Pages:
    """Reads commits and folders once, though each is looked at as a child and as a parent: a few of the latest stay."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._commits: dict[str, Commit] = {}
        self._folders: dict[str, Folder] = {}

    def commit(self, oid: str) -> Commit:
        if oid not in self._commits:
            _make_room(self._commits)
            self._commits[oid] = self._repo.read_commit(oid)
        return self._commits[oid]

    def messages(self, commit: Commit) -> Folder:
        if commit.tree not in self._folders:
            _make_room(self._folders)
            self._folders[commit.tree] = folder_at(self._repo, commit.tree).folder(layout.MESSAGES)
        return self._folders[commit.tree]


def _make_room(kept: dict[str, Any]) -> None:
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]


def missing(before: Folder, after: Folder, prefix: str = "") -> list[Entry]:
    """Give the message files below `before` that `after` lacks. Only what differs is read."""
    if before == after:
        return []
    found: list[Entry] = []
    for name, item in before.items.items():
        path, other = prefix + name, after.items.get(name)
        if isinstance(item, Folder):
            found += missing(item, other if isinstance(other, Folder) else Folder(_nothing), f"{path}/")
        elif not isinstance(other, Leaf) and layout.parse_message_name(name):
            found.append(Entry(path, item.oid))
    return found


def _nothing(oid: str) -> bytes:
    raise AssertionError(f"an empty folder reads nothing, but was asked for {oid}")


def put_back(change: Change, removed: list[Entry]) -> None:
    """Put removed files back into the tree, and leave them out by a drop file, where none does already."""
    if not removed:
        return  # the change goes on as one that only appends
    for entry in removed:
        change.put_blob(entry.path, entry.blob)
    change.drop(entry.path for entry in removed if entry.path not in change.before.dropped)
