"""Upkeep by itself: once enough has gathered, a manager that wrote packs the store, beside its writers."""

from __future__ import annotations

import logging
import threading

from claif_git.errors import ClaifGitError
from claif_git.git import Repository

GATHERED, EVERY = 16, 128
"""Changes between two looks at whether small packs are to be joined, and at whether anything else is due."""
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
        if self._count % GATHERED == 0 and (self._thread is None or not self._thread.is_alive()):
            work = self._maintain if self._count % EVERY == 0 else self._gather
            self._thread = threading.Thread(target=work, name="claif-git upkeep")
            self._thread.start()

    def close(self) -> None:
        """Wait for what is under way; if this manager wrote, look once more, since it may be a short-lived one."""
        if self._thread is not None:
            self._thread.join()
        elif self._count:
            self._maintain()
        self._count, self._thread = 0, None

    def _gather(self) -> None:
        try:
            self._repo.gather()
        except (ClaifGitError, OSError) as error:
            _log.warning("upkeep: %s", error)

    def _maintain(self) -> None:
        self._gather()
        try:
            self._repo.maintain()
        except (ClaifGitError, OSError) as error:  # the turns are safe without it, and somebody will try again
            _log.warning("upkeep: %s", error)
