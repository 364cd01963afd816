"""The environment variables that a terminal program is expected to know, in one place."""

from __future__ import annotations

import os


def debug() -> bool:
    """Whether errors come with their traceback ($CLAIF_GIT_DEBUG)."""
    return os.environ.get("CLAIF_GIT_DEBUG", "") not in ("", "0")


def no_colour() -> bool:
    """Whether $NO_COLOR forbids colours (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR"))


def current_session() -> str:
    """Give the session that `ask -c` goes on with in this shell ($CLAIF_SESSION), or an empty string."""
    return os.environ.get("CLAIF_SESSION", "")


def editor() -> str:
    """Give the command of the user's editor, as git looks for it."""
    names = ("GIT_EDITOR", "VISUAL", "EDITOR")
    return next((value for name in names if (value := os.environ.get(name))), "vi")
