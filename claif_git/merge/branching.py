"""A branch: exactly the parent's messages up to one, as they now stand, on the history that said them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.format.messages import attachment_paths
from claif_git.git import Repository
from claif_git.git.trees import Add, Folder
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.merge.bases import Scratch, base_tree
from claif_git.merge.trees import unite


def branch_point(repo: Repository, parent: Snapshot, last: int, add: Add) -> tuple[tuple[str, ...], Folder]:
    """Give the parents and the tree of a branch that shows the parent's messages 0 to `last`.

    Its parents are all newest ancestors that hold nothing shown after `last`: in a linear session, the commit that
    added that message. What they lack of it is put in, same paths and the tip's blobs. The tree still says nothing of
    the branch itself.
    """
    after = {entry.path for entry in parent.shown[last + 1 :]}
    after |= {path for path, first in parent.twins.items() if first in after}
    parents = newest_without(repo, parent.commit, after)
    root = _united(repo, parent, parents, add)
    for path, blob in parent.shown[: last + 1]:
        full = f"{layout.MESSAGES}/{path}"
        if root.file(full) != blob:
            root = _with_attachments(root.put(full, blob), parent, blob)
    return parents, _with_drops(root, parent)


def newest_without(repo: Repository, tip: str, paths: set[str]) -> tuple[str, ...]:
    """Give the newest ancestors of `tip`, itself included, whose tree holds none of `paths` (below `messages/`).

    The one on the tip's own line comes first, so that the branch's line of first parents goes on along it.
    """
    holds = _Holds(paths)
    found: list[str] = []
    queue, looked = [tip], {tip}
    while queue:
        oid = queue.pop()
        commit = repo.read_commit(oid)
        if not holds.any(folder_at(repo, commit.tree).folder(layout.MESSAGES)):
            found.append(oid)
            continue
        for parent in commit.parents:
            if parent not in looked:
                looked.add(parent)
                queue.append(parent)
    newest = [oid for oid in found if not any(repo.is_ancestor(oid, other) for other in found if other != oid)]
    own = _first_on_line(repo, tip, found)
    return tuple(sorted(newest, key=lambda oid: (oid != own, oid)))


def _first_on_line(repo: Repository, tip: str, commits: Collection[str]) -> str:
    """Give the first of some commits on the line of first parents, which is the session's own; "" if none is."""
    at = tip
    while at not in commits:
        parents = repo.read_commit(at).parents
        if not parents:
            return ""
        at = parents[0]
    return at


class _Holds:
    """Answers whether a `messages/` tree holds any of some paths, and reads only the folders that could."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        for path in paths:
            folder, _, name = path.rpartition("/")
            self._names[folder].add(name)
            while folder:
                folder, _, name = folder.rpartition("/")
                self._names[folder].add(name)
        self._known: dict[tuple[str, str], bool] = {}

    def any(self, folder: Folder, prefix: str = "") -> bool:
        """Whether `folder`, which stands at `prefix`, holds one of the paths."""
        key = (prefix, folder.oid or "")
        if key not in self._known:
            self._known[key] = any(self._holds(folder, prefix, name) for name in self._names.get(prefix, ()))
        return self._known[key]

    def _holds(self, folder: Folder, prefix: str, name: str) -> bool:
        item = folder.items.get(name)
        path = f"{prefix}/{name}" if prefix else name
        if item is None:
            return False
        return self.any(item, path) if isinstance(item, Folder) else path not in self._names


def _united(repo: Repository, parent: Snapshot, parents: tuple[str, ...], add: Add) -> Folder:
    if not parents:
        return Folder(lambda oid: parent.objects.read(oid)[1])
    scratch = Scratch(repo)
    root = folder_at(scratch, repo.read_commit(parents[0]).tree)
    for sofar, other in pairwise(parents):
        theirs = folder_at(scratch, repo.read_commit(other).tree)
        root = unite(
            base_tree(repo, sofar, other, scratch), root, theirs, scratch.read_blob, scratch.passing_on(add)
        ).root
    return root


def _with_attachments(root: Folder, parent: Snapshot, blob: str) -> Folder:
    try:
        paths = attachment_paths(parent.blob(blob))
    except MalformedError:
        return root  # it comes along as it stands, and reading it names what is wrong
    for path in paths:
        held = parent.root.file(path)
        if held and root.file(path) is None:
            root = root.put(path, held)
    return root


def _with_drops(root: Folder, parent: Snapshot) -> Folder:
    """Copy the parent's drop files that name a message of the branch: same path, same blob.

    None is written anew, since a merge back would carry it into the parent.
    """
    for path, drop in parent.drops.items():
        blob = parent.root.file(path)
        named = any(root.get(f"{layout.MESSAGES}/{message}") for message in (*drop.drop, *drop.keep))
        if blob and named and root.file(path) is None:
            root = root.put(path, blob)
    return root
