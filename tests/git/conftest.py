"""A store, stock git beside it, and turns to write into it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claif_git.git import FILE_MODE, FOLDER_MODE, Commit, Repository, TreeEntry, encode_tree

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Repository]:
    with Repository.init(tmp_path / "store") as made:
        yield made


@pytest.fixture
def git() -> Callable[..., str]:
    """Run stock git on a repository and give its stdout."""

    def run(repository: Repository | Path, *arguments: str, stdin: str = "", check: bool = True) -> str:
        path = repository if isinstance(repository, Path) else repository.path
        done = subprocess.run(
            ["git", "-C", str(path), *arguments], input=stdin.encode(), capture_output=True, check=False, timeout=120
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout.decode("utf-8", "surrogateescape")

    return run


@pytest.fixture
def clean() -> Callable[[Repository], None]:
    """Stock git has nothing to say against a store: neither errors nor warnings."""

    def check(store: Repository) -> None:
        done = subprocess.run(
            ["git", "-C", str(store.path), "fsck", "--strict", "--full", "--no-dangling"],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        said = [line for line in done.stderr.splitlines() if not line.startswith("notice: ")]
        assert (done.returncode, done.stdout, said) == (0, "", [])

    return check


def commit_of(tree: str, *parents: str, at: float = 1_700_000_000, message: str = "user: hi") -> bytes:
    return Commit(tree, parents, "Ada <ada@example.org>", at, "Ada <ada@example.org>", at, message).encode()


@pytest.fixture
def append() -> Callable[..., str]:
    """Write one turn of five objects on top of `old` and give its commit; the ref is moved if it is named."""

    def turn(store: Repository, name: str, old: str | None, text: str, *, durable: bool = False) -> str:
        with store.writer(durable) as writer:
            oid = writer.add("blob", text.encode())
            oid = writer.add("tree", encode_tree([TreeEntry(FILE_MODE, "message.md", oid)]))
            for folder in ("0000", "messages"):
                oid = writer.add("tree", encode_tree([TreeEntry(FOLDER_MODE, folder, oid)]))
            made = writer.add("commit", commit_of(oid, *([old] if old else []), message=text))
        if name:
            assert store.move_ref(name, old, made, durable=durable)
        return made

    return turn


@pytest.fixture
def spawn() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start Python on a piece of code, in a process that has this project and the arguments."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
