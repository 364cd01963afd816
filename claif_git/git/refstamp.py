"""Whether the refs of one folder have changed since somebody looked: told by stat, without reading any."""
# ruff: noqa: PTH116
# No Path objects here: looked at with every list and search.

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

from claif_git.git.files import read_file
from claif_git.git.kinds import Oid, is_oid

UNSURE = 2_000_000_000
"""ns. A time closer to the look than this proves nothing: some clocks and file systems tick that slowly."""


class RefsStamp(NamedTuple):
    """What tells one state of the refs from the next. "" where the time is too fresh to tell; equal to nothing then."""

    folder: str
    packed: str


def refs_stamp(git_dir: Path, prefix: str) -> RefsStamp:
    """Look at the folder of loose refs that `prefix` (`refs/heads/`) names, and at `packed-refs`.

    Take it before reading the refs: what happens in between then shows as a change. Folders below are not looked at.
    """
    now = time.time_ns()
    return RefsStamp(_stamp(f"{git_dir}/{prefix}", now), _stamp(f"{git_dir}/packed-refs", now))


def _stamp(path: str, now: int) -> str:
    try:
        seen = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "none"
    if now - seen.st_mtime_ns < UNSURE:
        return ""
    return f"{seen.st_mtime_ns} {seen.st_size} {seen.st_ino}"


def read_loose(git_dir: Path, prefix: str) -> dict[str, str]:
    """Give what the loose refs right below `prefix` hold, by the rest of the name: an id, or `ref: …`, or rubbish."""
    found: dict[str, str] = {}
    try:
        with os.scandir(f"{git_dir}/{prefix}") as rows:
            names = [row.name for row in rows if not row.is_dir() and not row.name.endswith(".lock")]
    except (FileNotFoundError, NotADirectoryError):
        return found
    for name in names:
        try:
            found[name] = read_file(f"{git_dir}/{prefix}{name}").decode("utf-8", "replace").strip()
        except (FileNotFoundError, IsADirectoryError):
            continue  # packed or deleted a moment ago: `packed-refs`, read after this, says which
    return found


def read_packed(git_dir: Path, prefix: str) -> dict[str, Oid]:
    """Give the refs of `packed-refs` right below `prefix`, by the rest of the name. Read it after the loose ones."""
    try:
        text = read_file(f"{git_dir}/packed-refs").decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return {}
    start = 41 + len(prefix)
    return {
        name: line[:40]
        for line in text.split("\n")
        if line.startswith(prefix, 41) and "/" not in (name := line[start:]) and is_oid(line[:40])
    }
