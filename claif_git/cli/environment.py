"""The variables that are about this run of a terminal program; what concerns the store is in `claif_git.config`.

They are read here because they are needed when everything else has failed, or before anything else is loaded.
"""

from __future__ import annotations

import os


def debug() -> bool:
    """Whether errors come with their traceback ($CLAIF_GIT_DEBUG)."""
    return os.environ.get("CLAIF_GIT_DEBUG", "") not in ("", "0")


def no_colour() -> bool:
    """Whether $NO_COLOR forbids colours (https://no-color.org), or the terminal has none."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
