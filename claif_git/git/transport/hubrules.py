"""What a repository at a path wants asked before anything in it changes: hooks, and settings for who pushes."""

from __future__ import annotations

import os
from pathlib import Path

from claif_git.git.gitconfig import GitConfig

_HOOKS = ("pre-receive", "update", "proc-receive", "reference-transaction", "post-receive", "post-update")
_SECTIONS = ("receive.", "transfer.")


def own_rule(path: Path) -> str:
    """Name a rule that the repository at a path has, such as "an update hook"; empty if there is none."""
    folder = path if (path / "objects").is_dir() else path / ".git"
    config = dict(GitConfig(folder / "config").items())
    if config.get("core.hookspath", "").startswith("~"):
        return "hooks of its own (core.hooksPath)"
    hooks = folder / config.get("core.hookspath", "hooks")
    for name in _HOOKS:
        if os.access(hooks / name, os.X_OK):
            return f"a hook ({name})"
    return next((f"a setting ({key})" for key in config if key.startswith(_SECTIONS)), "")
