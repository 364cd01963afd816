"""Running the git command: never asking anybody anything, in an environment without surprises."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import StoreError

TIMEOUT = 600.0
"""Seconds after which a git command is killed, unless its caller says otherwise."""

# What would make git work on another repository than the one that is named.
_MISLEADING = re.compile(
    "GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|NAMESPACE|PREFIX"
    "|SHALLOW_FILE|GRAFT_FILE|REPLACE_REF_BASE|QUARANTINE_PATH|CONFIG_PARAMETERS|TRACE.*|DEFAULT_.*|EXTERNAL_DIFF"
    "|.*_PATHSPECS)"
)
_FIXED = {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_PAGER": "cat", "LC_ALL": "C", "LANGUAGE": "C"}
_CREDENTIALS = re.compile(r"(?<=://)(?:[^\s/]*@|[^\s/@:]*:(?!\d+/)\S*@)")
_VERSION = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class GitResult:
    """How a git command ended. `errors` is its stderr with credentials taken out."""

    code: int
    output: bytes
    errors: str


def run(
    arguments: Sequence[str],
    *,
    git_dir: Path | str | None = None,
    stdin: bytes = b"",
    timeout: float = TIMEOUT,
    check: bool = True,
    settings: Mapping[str, str] | None = None,
) -> GitResult:
    """Run `git ARGUMENTS` and give how it ended.

    `settings` are passed as `-c key=value`. What a user typed belongs behind `--end-of-options` or `--` in
    `arguments`. StoreError if there is no git, if it takes longer than `timeout` seconds or, with `check`, if it fails.
    """
    command = ["git", "--no-pager", *([f"--git-dir={git_dir}"] if git_dir else [])]
    for key, value in (settings or {}).items():
        command += ["-c", f"{key}={value}"]
    try:
        done = subprocess.run(
            [*command, *arguments], input=stdin, capture_output=True, timeout=timeout, check=False, env=environment()
        )
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"git {arguments[0]} did not end within {timeout:g} s") from error
    except OSError as error:
        raise StoreError(f"git cannot be run: {error.strerror}", hint="install git") from error
    result = GitResult(done.returncode, done.stdout, without_credentials(done.stderr.decode("utf-8", "replace")))
    if check and result.code:
        raise StoreError(f"git {arguments[0]} failed: {_gist(result)}")
    return result


def environment() -> dict[str, str]:
    """Give the environment for git: the user's own, so that ssh and credential helpers work, less what misleads."""
    return {key: value for key, value in os.environ.items() if not _MISLEADING.fullmatch(key)} | _FIXED


def without_credentials(text: str) -> str:
    """Take `user:password@` out of every address in `text`."""
    return _CREDENTIALS.sub("", text)


def _gist(result: GitResult) -> str:
    """Give the line of stderr that says most: the first that is fatal or an error, else the last."""
    lines = [line.strip() for line in result.errors.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (telling or lines[-1:] or [f"exit code {result.code}"])[0]


@functools.cache
def git_version() -> tuple[int, int]:
    """Give the version of the git command, as (2, 39); (0, 0) if there is none that works."""
    if shutil.which("git") is None:
        return (0, 0)
    try:
        found = _VERSION.search(run(["version"], timeout=30).output.decode("ascii", "replace"))
    except StoreError:
        return (0, 0)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def git_available() -> bool:
    """Say whether the git command is installed and works."""
    return git_version() != (0, 0)
