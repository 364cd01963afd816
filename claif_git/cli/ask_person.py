"""Questions to the person at the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from claif_git.cli.terminal import Output


def confirmed(out: Output, deletions: Sequence[str]) -> bool:
    """Ask whether to delete. Where nobody can be asked (no terminal), the command itself was the answer."""
    if not (sys.stdin.isatty() and out.notes_to_terminal):
        return True
    for name in deletions:
        out.note(f"delete {name}")
    out.prompt("delete? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
