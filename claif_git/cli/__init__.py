"""The command line: what a person types. One file a command, no logic; see `claif_git.cli.app` for the tree."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (that of this process, if none is given) and give its exit code. Never raises."""
    from claif_git.cli import streams

    streams.fill_in()
    from claif_git.cli.app import run

    return run(sys.argv[1:] if argv is None else list(argv))
