"""Forgetting for good: what no ref reaches is removed at once, with no grace. Only a purge asks for that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git import command, files
from claif_git.git.kinds import FOLDER_MODE, Oid
from claif_git.git.loose import loose_path
from claif_git.git.objects import Objects
from claif_git.git.packs import PackWriter
from claif_git.git.roots import beside_refs

__all__ = ["beside_refs", "prune", "reachable"]

_LOOK = "claif-git doctor"
_PACK_FILES = ("pack-*.pack", "pack-*.idx", "pack-*.rev", "pack-*.bitmap", "pack-*.mtimes", "multi-pack-index*")


def check(git_dir: Path, objects: Objects, tips: Collection[Oid], *, use_git: bool) -> None:
    """Walk what `tips` reach, and raise what `prune` would of what is not there, or cannot be read. StoreError."""
    try:
        if use_git:
            walked = ["rev-list", "--objects", "--quiet", "--stdin"]
            command.run(walked, git_dir=git_dir, stdin="\n".join(tips).encode("ascii") + b"\n")
            return
        for oid in reachable(objects, tips, beside_refs(git_dir)):
            if not objects.has(oid):
                raise StoreError(f"object {oid} is missing")
    except StoreError as error:
        raise StoreError(str(error), hint=error.hint or _LOOK) from error


def prune(git_dir: Path, objects: Objects, tips: Iterable[Oid], loose: Iterable[Oid], *, use_git: bool) -> None:
    """Remove every object that neither `tips` reach nor HEADs, indexes and reflogs, those of linked worktrees too.

    The caller holds the store's exclusive lock. What is kept is on the disk, in a pack of its own, before anything
    goes. StoreError if git fails, or if the index of a working tree cannot be read; nothing is removed then.
    """
    _without_commit_graph(git_dir)
    if use_git:
        _with_git(git_dir)
    else:
        _by_hand(git_dir, objects, tips, list(loose))
    objects.forget_packs()


def _without_commit_graph(git_dir: Path) -> None:
    """Remove git's commit-graph: it would name commits that are gone. It is a cache, which git writes anew."""
    info = git_dir / "objects" / "info"
    for path in (info / "commit-graph", *(info / "commit-graphs").glob("*")):
        files.remove(str(path))


def _with_git(git_dir: Path) -> None:
    settings = {"core.fsync": "all", "gc.auto": "0", "repack.writeBitmaps": "false"}
    for arguments in (["repack", "-a", "-d", "-l", "-q"], ["prune", "--expire=now"], ["prune-packed", "-q"]):
        command.run(arguments, git_dir=git_dir, settings=settings)


def _by_hand(git_dir: Path, objects: Objects, tips: Iterable[Oid], loose: list[Oid]) -> None:
    folder = git_dir / "objects" / "pack"
    old = [path for pattern in _PACK_FILES for path in folder.glob(pattern)]
    writer = PackWriter(str(folder), durable=True)
    try:
        for oid in reachable(objects, tips, beside_refs(git_dir)):
            writer.add(*objects.read(oid))
        writer.flush()
    finally:
        writer.abandon()
    objects.forget_packs()
    for path in old:
        if path.name.partition(".")[0] != writer.name:
            files.remove(str(path))
    for oid in loose:
        files.remove(loose_path(objects.folder, oid))


def reachable(objects: Objects, tips: Iterable[Oid], faint: Iterable[Oid] = ()) -> Iterator[Oid]:
    """Give each object that the tips reach, once. Blobs are not read.

    What only `faint` ones reach may be gone: what a reflog remembers keeps nothing alive in every git.
    """
    seen = set[Oid]()
    yield from _walked(objects, tips, seen)
    yield from _walked(objects, faint, seen, wanted=objects.has)


def _walked(
    objects: Objects, tips: Iterable[Oid], seen: set[Oid], *, wanted: Callable[[Oid], bool] = lambda _: True
) -> Iterator[Oid]:
    todo = list(tips)
    while todo:
        oid = todo.pop()
        if oid in seen or not wanted(oid):
            continue
        seen.add(oid)
        yield oid
        kind, data = objects.read(oid)
        if kind == "commit":
            commit = objects.read_commit(oid)
            todo += [commit.tree, *commit.parents]
        elif kind == "tree":
            entries = objects.read_tree(oid)
            todo += [entry.oid for entry in entries if entry.mode == FOLDER_MODE]
            blobs = [entry.oid for entry in entries if entry.mode & 0o170000 in (0o100000, 0o120000)]
            fresh = [blob for blob in dict.fromkeys(blobs) if blob not in seen and wanted(blob)]
            seen.update(fresh)
            yield from fresh
        elif kind == "tag":
            todo.append(data.split(b"\n", 1)[0].removeprefix(b"object ").decode("ascii"))
