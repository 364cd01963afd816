"""Upkeep by itself: once enough has gathered, a manager that wrote packs the store, beside its writers."""

from __future__ import annotations

import logging
import threading

from claif_git.errors import ClaifGitError
from claif_git.git import Repository

EVERY = 128
"""Changes between two looks at whether anything is due. A look lists a few folders."""
_log = logging.getLogger(__name__)


class Upkeep:
    """Counts what a manager writes, and has the store maintained off the path of its writers."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._count = 0
        self._thread: threading.Thread | None = None

    def wrote(self) -> None:
        """Note a change; every so often, look whether upkeep is due, in a thread of its own."""
        self._count += 1
        if self._count % EVERY == 0 and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._maintain, name="claif-git upkeep")
            self._thread.start()

    def close(self) -> None:
        """Wait for what is under way; if this manager wrote, look once more, since it may be a short-lived one."""
        if self._thread is not None:
            self._thread.join()
        elif self._count:
            self._maintain()
        self._count, self._thread = 0, None

    def _maintain(self) -> None:
        try:
            self._repo.maintain()
        except (ClaifGitError, OSError) as error:  # the turns are safe without it, and somebody will try again
            _log.warning("upkeep: %s", error)
