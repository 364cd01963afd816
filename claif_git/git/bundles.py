"""Bundle files: refs and all that they reach in one file, which git fetches from and clones like a remote."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from claif_git.errors import InvalidInputError, StoreError
from claif_git.git import command, files
from claif_git.git.kinds import Oid
from claif_git.git.packs import PackWriter
from claif_git.git.repository import Repository

_SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
_FOLDER = "outgoing"


def write_bundle(
    repo: Repository, file: Path, refs: Mapping[str, Oid], head: str, *, use_git: bool | None = None
) -> None:
    """Write these refs, with HEAD at `head` (one of them), into a file that needs nothing else.

    It is there whole, or not at all. A bundle that is there is replaced; InvalidInputError for anything else.
    StoreError if it cannot be written.
    """
    _check(file)
    with_git = command.git_available() if use_git is None else use_git
    made = Path(files.temporary(str(file.parent)))
    try:
        with _aside(repo) as folder:
            (_by_git if with_git else _by_hand)(repo, folder, made, refs, head)
        made.rename(file)
    except OSError as error:
        raise StoreError(f"cannot write {file}: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)


def _check(file: Path) -> None:
    """Leave a file alone that is no bundle."""
    if file.exists() and not (file.is_file() and _is_bundle(file)):
        raise InvalidInputError(f"{file} exists and is no bundle", hint="name another file")
    if not file.parent.is_dir():
        raise InvalidInputError(f"there is no folder {file.parent}")


def _is_bundle(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_SIGNATURES[0])) in _SIGNATURES


@contextmanager
def _aside(repo: Repository) -> Iterator[Path]:
    folder = repo.path / "claif" / _FOLDER / secrets.token_hex(8)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _by_git(repo: Repository, folder: Path, made: Path, refs: Mapping[str, Oid], head: str) -> None:
    """Have git write what a repository holds that borrows our objects, and has no other refs."""
    for name in ("objects/info", "refs"):
        (folder / name).mkdir(parents=True)
    (folder / "objects/info/alternates").write_text(f"{repo.path / 'objects'}\n", encoding="utf-8")
    (folder / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n", encoding="ascii")
    (folder / "packed-refs").write_text(_lines(refs), encoding="utf-8")
    (folder / "HEAD").write_text(f"ref: {head}\n", encoding="utf-8")
    command.run(["bundle", "create", "--quiet", str(made), "HEAD", "--all"], git_dir=folder)


def _by_hand(repo: Repository, folder: Path, made: Path, refs: Mapping[str, Oid], head: str) -> None:
    """Write the pack, and the head of the file before it."""
    writer = PackWriter(str(folder), durable=False)
    try:
        for oid in repo.reachable(refs.values()):
            writer.add(*repo.read(oid))
        writer.flush()
    finally:
        writer.abandon()
    with made.open("xb") as bundle, (folder / f"{writer.name}.pack").open("rb") as pack:
        bundle.write(_SIGNATURES[0] + f"{refs[head]} HEAD\n{_lines(refs)}\n".encode())
        shutil.copyfileobj(pack, bundle)


def _lines(refs: Mapping[str, Oid]) -> str:
    return "".join(f"{oid} {name}\n" for name, oid in sorted(refs.items()))
