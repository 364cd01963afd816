"""What `git diff` says of two commits, word for word."""

from __future__ import annotations

from claif_git.git import command
from claif_git.git.kinds import Oid
from claif_git.git.repository import Repository


def raw_diff(repo: Repository, before: Oid, after: Oid, *, stat: bool = False) -> str:
    """Give git's own diff from one commit to another, as a summary if `stat`. StoreError without a git that works.

    No program that a configuration names is run, and bytes that are no text stand as escapes.
    """
    options = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", *(["--stat"] if stat else [])]
    done = command.run(["diff", *options, "--end-of-options", before, after, "--"], git_dir=repo.path)
    return done.output.decode("utf-8", "backslashreplace")
