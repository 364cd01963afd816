"""A repository on the disk: making one, finding one, and saying what is wrong with one."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from claif_git.errors import StoreError, StoreNotFoundError
from claif_git.git import files
from claif_git.git.gitconfig import GitConfig

FIRST_HEAD = "refs/heads/claif-store"

_FOLDERS = ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info")
# Why so: content is never converted, whatever the user's own settings are; objects that break git's rules are refused
# from whoever sends them; and a user's global `gc.pruneExpire=now` cannot take an object away from under a writer
# that has not moved its ref yet. `gc.auto` stays: with that grace a git gc beside writers is safe, and it keeps
# a store in shape that only plain git pushes to.
_CONFIG = """\
[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
\tautocrlf = false
[transfer]
\tfsckObjects = true
[gc]
\tpruneExpire = 2.weeks.ago
"""
_OURS = {"HEAD", "config", "description", "objects", "refs", "info", "hooks", "branches", "claif"}
_KNOWN_EXTENSIONS = {"noop", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees"}
_GITDIR = re.compile(r"gitdir: (.+)")


def create(path: Path) -> Path:
    """Make a bare repository, or find the one that is there. Any number of processes may do so at once.

    StoreError if the folder holds something else.
    """
    if not path.is_dir() or not _is_git_dir(_git_dir(path)):
        _lay_out(path)
    return find(path)


def _lay_out(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        if any(entry.name not in _OURS and not entry.name.startswith("tmp_claif_") for entry in path.iterdir()):
            raise StoreError(f"{path} is no store, and not empty", hint="name an empty folder or a new one")
        for folder in _FOLDERS:
            (path / folder).mkdir(parents=True, exist_ok=True)
        _settle(path / "config", _CONFIG)
        _settle(path / "HEAD", f"ref: {FIRST_HEAD}\n")  # last: with it the folder is a repository
    except OSError as error:
        raise StoreError(f"cannot make a store at {path}: {error.strerror}") from error
    for made in (path / "objects", path / "refs", path, path.parent):
        files.sync_folder(str(made))


def _settle(path: Path, text: str) -> None:
    """Write a file in one step, unless somebody has."""
    made = Path(files.temporary(str(path.parent)))
    files.create(str(made), text.encode("ascii"), durable=True)
    try:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(made)
    finally:
        made.unlink()


def find(path: Path) -> Path:
    """Give the git folder of the repository at `path`: itself, its `.git`, or what that points to.

    StoreNotFoundError if there is none, StoreError if it is of a form that we cannot work with.
    """
    if not path.exists():
        raise StoreNotFoundError(f"there is no store at {path}")
    git_dir = _git_dir(path)
    if not _is_git_dir(git_dir):
        raise StoreNotFoundError(f"there is no store at {path}: it is not a git repository")
    _check_form(git_dir)
    return git_dir.resolve()


def _git_dir(path: Path) -> Path:
    inner = path / ".git"
    if inner.is_dir():
        return inner
    pointer = _GITDIR.match(_text(inner))
    if not pointer:
        return path
    target = path / pointer[1].strip()
    common = _text(target / "commondir").strip()  # of a linked worktree: refs and objects are there
    return target / common if common else target


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def _is_git_dir(path: Path) -> bool:
    """Tell a repository by what git tells one by; one of ours that lost its HEAD is let in, to be mended."""
    has_head = (path / "HEAD").is_file() or (path / "claif").is_dir()
    return has_head and (path / "objects").is_dir() and (path / "refs").is_dir()


def _check_form(git_dir: Path) -> None:
    config = GitConfig(git_dir / "config")
    version = config.get("core.repositoryformatversion") or "0"
    extensions = {key.partition(".")[2]: value for key, value in config.items() if key.startswith("extensions.")}
    unknown = set(extensions) - _KNOWN_EXTENSIONS
    if extensions.get("objectformat") == "sha1":
        unknown.discard("objectformat")
    if extensions.get("refstorage") == "files":
        unknown.discard("refstorage")
    if version not in {"0", "1"} or (unknown and version == "1"):
        what = ", ".join(sorted(unknown)) or f"format {version}"
        raise StoreError(f"{git_dir} is a git repository of a form that is not supported: {what}")
