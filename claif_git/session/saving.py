"""When turns become part of a session's branch: at once, every so often, or when the caller says so."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from dataclasses import dataclass
from datetime import datetime

from claif_git.errors import ClaifGitError, InvalidInputError, StoreError, UnwritableStoreError
from claif_git.git import Lock
from claif_git.model.times import from_seconds
from claif_git.session.store import DRAFTS
from claif_git.session.working import Working

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Draft:
    """Turns that a manager has not saved. `alive`: that manager still runs, so they are its own to save."""

    session_id: str
    manager: str
    tip: str
    changed_at: datetime
    alive: bool


class Autosave:
    """Keeps the promise of `configure_autosave`: a draft's lock while there may be drafts, and a timer."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._interval: float | None = None
        self._timer: threading.Timer | None = None
        self._lock: Lock | None = None

    def configure(self, *, enabled: bool, interval: float | None) -> None:
        """Save each turn at once (the default), every `interval` seconds, or only when told to."""
        if interval is not None and not _is_wait(interval):
            raise InvalidInputError(f"an interval is a number of seconds above 0, not {interval!r}")
        with self._working.lock:
            self._stop_timer()
            self._interval = interval if enabled else None
            self._working.drafting = not enabled or interval is not None
            if self._working.drafting:
                self._hold_lock()
            self._start_timer()
            if enabled:
                self.save_all()

    def save_all(self) -> None:
        """Save every session that has unsaved turns. One that cannot be saved stops no other; its error is raised."""
        errors: list[ClaifGitError] = []
        with self._working.lock:
            for session_id in sorted(self._working.drafts):
                try:
                    self._working.save(session_id)
                except ClaifGitError as error:
                    errors.append(error)
        if errors:
            raise errors[0]

    def close(self) -> None:
        """Save what an interval still waits for; with autosave off, drafts stay for `recover`."""
        with self._working.lock:
            self._stop_timer()
            saving = self._interval is not None
            self._interval = None
            atexit.unregister(self._close_at_exit)
            try:
                if saving:
                    self.save_all()
            finally:
                if self._lock is not None:
                    self._lock.release()
                    self._lock = None

    def _close_at_exit(self) -> None:
        try:
            self.close()
        except (ClaifGitError, OSError) as error:
            _log.warning("not saved at exit: %s", error)

    def _hold_lock(self) -> None:
        if self._lock is None:
            self._lock = self._working.repo.try_lock(lock_name(self._working.manager_id))
            if self._lock is None:  # pragma: no cover - the name is random
                raise StoreError("the lock of this manager's drafts is held by another process")

    def _start_timer(self) -> None:
        """Wait for the interval. A manager that was dropped without a word is kept until the exit, which saves."""
        if self._interval is not None:
            atexit.unregister(self._close_at_exit)
            atexit.register(self._close_at_exit)
            self._timer = threading.Timer(self._interval, _tick, [weakref.ref(self)])
            self._timer.daemon = True
            self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def tick(self, timer: threading.Thread) -> None:
        """Save, and wait for the next time; what cannot be saved now is tried again then."""
        with self._working.lock:
            if self._timer is not timer:
                return  # it fired just when it was stopped
            try:
                self.save_all()
            except (ClaifGitError, OSError) as error:
                _log.warning("not saved yet: %s", error)
            self._start_timer()


def _is_wait(interval: object) -> bool:
    is_number = isinstance(interval, (int, float)) and not isinstance(interval, bool)
    return is_number and 0 < interval <= threading.TIMEOUT_MAX  # type: ignore[operator]  # a number, as was just asked


def _tick(autosave: weakref.ref[Autosave]) -> None:
    live = autosave()
    if live is not None:
        live.tick(threading.current_thread())


def lock_name(manager: str) -> str:
    """Name the lock that a manager with drafts holds while it lives."""
    return f"drafts-{manager}"


def drafts(working: Working) -> list[Draft]:
    """Give everything that is not saved, this manager's own and others', by session and manager.

    Drafts of deleted sessions wait for these to be restored, and are not listed.
    """
    found: list[Draft] = []
    for name, tip, commit in working.store.commits(DRAFTS):
        session_id, _, manager = name.rpartition("/")
        if working.store.tip(session_id) is None:
            continue
        changed = from_seconds(commit.commit_time)
        found.append(Draft(session_id, manager, tip, changed, is_alive(working, manager)))
    return found


def is_alive(working: Working, manager: str) -> bool:
    """Tell whether a manager still runs, so that its drafts are its own to save."""
    if manager == working.manager_id:
        return True
    try:
        lock = working.repo.try_lock(lock_name(manager))
    except UnwritableStoreError:
        return True  # nobody can tell here, nor save anything
    if lock is None:
        return True
    lock.release()
    return False


def recover(working: Working, session_id: str) -> int:
    """Save the drafts of a session whose managers are gone; give how many there were.

    InvalidInputError if there is none to recover.
    """
    with working.lock:
        orphans = [draft for draft in drafts(working) if draft.session_id == session_id and not draft.alive]
        if not orphans:
            raise InvalidInputError(f"{session_id} has no unsaved turns that a dead process left")
        for draft in orphans:
            ref = f"{DRAFTS}{session_id}/{draft.manager}"
            working.take_in(session_id, draft.tip)
            working.repo.move_ref(ref, draft.tip, None)
        return len(orphans)
