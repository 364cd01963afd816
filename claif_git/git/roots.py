"""What keeps objects beside the refs: where HEADs stand, what indexes of working trees hold, what reflogs remember.

git keeps the like of it for each linked worktree, in a folder below `worktrees/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.git.kinds import Oid, is_oid

_OID = re.compile(r"[0-9a-f]{40}")
_ELSE = "git reads it: install git, or remove that working tree"
_BOTH = 82
"""Characters of a reflog's line that hold where a ref stood before and after; a message follows."""


def beside_refs(git_dir: Path) -> set[Oid]:
    """Give the objects that something beside the refs needs, or remembers; some may be gone.

    StoreError for an index that cannot be read: nobody knows what it needs.
    """
    places = (git_dir, *_worktrees(git_dir))
    standing = [_last_word(git_dir / "HEAD"), *(word for _, word in worktrees_standing(git_dir))]
    found = {word for word in standing if is_oid(word)}
    for _, oids in reflogs(git_dir):
        found |= oids
    for place in places:
        found |= _indexed(place / "index")
    return found


def worktrees_standing(git_dir: Path) -> Iterator[tuple[Path, str]]:
    """Give the HEADs of linked worktrees and refs of their own (of a bisection, say), and what each says: id or ref."""
    for worktree in _worktrees(git_dir):
        for file in (worktree / "HEAD", *_files(worktree / "refs")):
            yield file, _last_word(file)


def reflogs(git_dir: Path) -> Iterator[tuple[Path, set[Oid]]]:
    """Give the reflogs, those of linked worktrees too, and what each remembers."""
    for place in (git_dir, *_worktrees(git_dir)):
        for file in _files(place / "logs"):
            yield file, {oid for line in _text(file).splitlines() for oid in _OID.findall(line[:_BOTH])}


def _indexed(index: Path) -> set[Oid]:
    from dulwich.index import ConflictedIndexEntry, Index

    try:
        held = Index(str(index))
        parts = {extension.signature for extension in held._extensions}  # noqa: SLF001 - nothing else tells of them
    except Exception as error:
        raise StoreError(f"{index} cannot be read: {error}", hint=_ELSE) from error
    if b"link" in parts:
        raise StoreError(f"{index} is split in two", hint=_ELSE)
    found: set[Oid] = set()
    for _, entry in held.items():  # noqa: PERF102 - it has no values()
        sides = (entry.ancestor, entry.this, entry.other) if isinstance(entry, ConflictedIndexEntry) else (entry,)
        found |= {side.sha.decode("ascii") for side in sides if side is not None}
    return found


def _worktrees(git_dir: Path) -> list[Path]:
    return sorted((git_dir / "worktrees").glob("*"))


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file()) if folder.is_dir() else []


def _last_word(file: Path) -> str:
    return (_text(file).split() or [""])[-1]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
