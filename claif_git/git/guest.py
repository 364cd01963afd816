"""A store inside a repository that was made for something else, usually code: what upkeep may do there.

It is its owner's. Their settings say when git packs and prunes; objects that nothing refers to, locks that others
left, reflogs are theirs to keep. So nothing is done there but what git does after each commit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from claif_git.errors import StoreError
from claif_git.git import command

if TYPE_CHECKING:
    from claif_git.git.maintenance import MaintenanceReport

NAMESPACE_KEY = "claif.namespace"
"""The key of git's config that says so; sessions then stand below `refs/claif/`."""

_log = logging.getLogger(__name__)


def is_guest(config_get: Callable[[str], str | None]) -> bool:
    """Say whether a repository holds conversations beside something else."""
    return (config_get(NAMESPACE_KEY) or "").lower() in {"1", "true", "yes", "on"}


def maintain(git_dir: Path) -> MaintenanceReport:
    """Let git do what it finds due, by the owner's own settings."""
    from claif_git.git.maintenance import MaintenanceReport

    start, with_git = time.monotonic(), command.git_available()
    if with_git:
        try:
            command.run(["gc", "--auto", "--quiet"], git_dir=git_dir, settings={"gc.autoDetach": "false"})
        except StoreError as error:
            _log.warning("%s", error)
    return MaintenanceReport(with_git, 0, 0, (), (), (), time.monotonic() - start)
