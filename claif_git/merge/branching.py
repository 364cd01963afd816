"""A branch: exactly the parent's messages up to one, as they now stand, on the history that said them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.format.messages import attachment_paths
from claif_git.git import Repository
from claif_git.git.ancestry import Ancestry
from claif_git.git.trees import FILE_MODE, Add, Folder, Item
from claif_git.history.placing import Entry
from claif_git.history.settings import CHRONOLOGICAL
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.merge.bases import Scratch, base_tree
from claif_git.merge.trees import unite

_MORE = 64
"""Commits beyond one a message that are looked at together."""


def branch_point(repo: Repository, parent: Snapshot, last: int, add: Add) -> tuple[tuple[str, ...], Folder]:
    """Give the parents and the tree of a branch that shows the parent's messages 0 to `last`.

    Its parents are all newest ancestors that hold nothing shown after `last`: in a linear session, the commit that
    added that message. What they lack of it is put in, same paths and the tip's blobs. The tree still says nothing of
    the branch itself.
    """
    after = [entry.path for entry in parent.shown[last + 1 :]]
    if parent.twins:
        left_out = set(after)
        after += [path for path, first in parent.twins.items() if first in left_out]
    parents = newest_without(repo, parent.commit, after)
    root = _united(repo, parent, parents, add)
    for path, blob in _lacking(root, parent, last):
        root = _with_attachments(root.put(f"{layout.MESSAGES}/{path}", blob), parent, blob)
    return parents, _with_drops(root, parent)


def _lacking(root: Folder, parent: Snapshot, last: int) -> list[Entry]:
    """Give the messages 0 to `last` that a tree lacks, or has otherwise. Only what differs is looked at."""
    if last < 0:
        return []
    kept = parent.shown[: last + 1]
    latest = max(kept).path if parent.settings.order == CHRONOLOGICAL else kept[-1].path
    differing = list(_differing(root.folder(layout.MESSAGES), parent.root.folder(layout.MESSAGES), latest))
    if not differing:
        return []
    shown = {entry.path for entry in kept}
    return [entry for entry in differing if entry.path in shown]


def _differing(here: Folder, there: Folder, latest: str, prefix: str = "") -> Iterator[Entry]:
    """Give the files of a folder, up to a path, that another lacks or has otherwise."""
    for name, item in there.items.items():
        path, held = prefix + name, here.items.get(name)
        if item == held or (path > latest and not latest.startswith(path + "/")):
            continue
        if isinstance(item, Folder):
            below = held if isinstance(held, Folder) else Folder(_nothing)
            yield from _differing(below, item, latest, path + "/")
        elif item.mode == FILE_MODE:
            yield Entry(path, item.oid)


def _nothing(oid: str) -> bytes:
    raise AssertionError(f"an empty folder reads nothing, but was asked for {oid}")


def newest_without(repo: Repository, tip: str, paths: Collection[str]) -> tuple[str, ...]:
    """Give the newest ancestors of `tip`, itself included, whose tree holds none of `paths` (below `messages/`).

    The one on the tip's own line comes first, so that the branch's line of first parents goes on along it. Between two
    merges messages only come, so not every commit is looked at. (Where somebody took some out with plain git, and they
    were put back, that may be passed over for an earlier commit.)
    """
    holds, ancestry = _Holds(paths), repo.ancestry

    def held(oid: str) -> bool:
        return holds.any(folder_at(repo, repo.read_commit(oid).tree).folder(layout.MESSAGES))

    found: dict[str, None] = {}
    looked: set[str] = set()
    queue = [tip]
    while queue:
        oid = queue.pop()
        if oid in looked:
            continue
        line = ancestry.line(oid, len(paths) + _MORE, looked)
        at = _first_without(line, held, len(paths))
        if at is not None:
            found[line[at]] = None
        if at is None or queue:
            looked.update(line[:at])
        if at is None:
            queue += ancestry.parents(line[-1])
    if len(found) == 1:
        return tuple(found)
    newest = [oid for oid in found if not any(repo.is_ancestor(oid, other) for other in found if other != oid)]
    own = _first_on_line(ancestry, tip, found)
    return tuple(sorted(newest, key=lambda oid: (oid != own, oid)))


def _first_without(line: Sequence[str], held: Callable[[str], bool], guess: int) -> int | None:
    """Give the first of a line, newest first, that is not `held`; None if all are. Sought from a guess outwards.

    What is older than one that is not held is not either.
    """
    low, high = -1, len(line)  # the last that is known to be held, and the first that is not, as far as one looked
    at, step = min(guess, high - 1), 1
    while low + 1 < high:
        if held(line[at]):
            low = at
        else:
            high = at
        if high == len(line):
            at = min(low + step, high - 1)
        elif low < 0:
            at = max(high - step, 0)
        else:
            at = (low + high) // 2
        step *= 2
    return high if high < len(line) else None


def _first_on_line(ancestry: Ancestry, tip: str, commits: Collection[str]) -> str:
    """Give the first of some commits on the line of first parents, which is the session's own; "" if none is."""
    at = tip
    while at not in commits:
        parents = ancestry.parents(at)
        if not parents:
            return ""
        at = parents[0]
    return at


class _Holds:
    """Answers whether a `messages/` tree holds any of some paths, and reads only the folders that could."""

    def __init__(self, paths: Collection[str]) -> None:
        self._paths = sorted(paths)
        self._first = self._paths[0] if self._paths else ""
        self._known: dict[tuple[str, str], bool] = {}

    def any(self, folder: Folder, prefix: str = "") -> bool:
        """Whether `folder`, which stands at `prefix`, holds one of the paths."""
        if not self._paths:
            return False
        key = (prefix, folder.oid or "")
        if key not in self._known:
            names = reversed(list(folder.items.items()))  # what is sought is mostly late
            self._known[key] = any(self._holds(item, prefix + name) for name, item in names)
        return self._known[key]

    def _holds(self, item: Item, path: str) -> bool:
        if isinstance(item, Folder):
            path += "/"
            if path < self._first and not self._first.startswith(path):
                return False
            return self._sought(path).startswith(path) and self.any(item, path)
        return path >= self._first and self._sought(path) == path

    def _sought(self, path: str) -> str:
        """Give the first of the paths that is `path` or comes after it."""
        at = bisect_left(self._paths, path)
        return self._paths[at] if at < len(self._paths) else ""


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
