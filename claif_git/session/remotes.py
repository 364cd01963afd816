"""Remotes, for a manager: what `claif_git.sync` does with this store, and making a store out of a remote."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from claif_git.errors import DivergedError, InvalidInputError
from claif_git.format.layout import SESSIONS
from claif_git.git import Oid
from claif_git.git.transport import Limits, Progress, Transport, parse_address
from claif_git.git.transport import transport as default_transport
from claif_git.session import trash
from claif_git.session.operations import record
from claif_git.session.working import Working
from claif_git.sync import Local, Outcome, SyncReport, pull, push

if TYPE_CHECKING:
    from claif_git.merge.trees import Conflict
    from claif_git.session.manager import SessionManager

ORIGIN = "origin"
_TRIES = 3


def local_side(working: Working, progress: Progress | None = None, transport: Transport | None = None) -> Local:
    """Give this store's side of an exchange; what a running batch holds back is put in place first."""
    with working.lock:
        working.flush()

    def join(session_id: str, tip: Oid) -> str:
        before = working.store.tip(session_id)
        after, conflicts = working.join_telling(session_id, working.store.head(session_id), tip)
        if before is not None and after != before:
            record(working, "pull", session_id, before, after)
        return "; ".join(f"both changed {_what(one)}: kept {one.ours!r}, not {one.theirs!r}" for one in conflicts)

    def bury(session_id: str, tip: Oid, tombstone: bytes) -> None:
        trash.delete(working, session_id, expected=tip, tombstone=tombstone)

    repo = working.repo
    limits = Limits.of(repo.config_get)
    return Local(repo, working.store.heads, working.who, join, bury, transport or default_transport(), limits, progress)


def sync(
    local: Local, remote: str, ids: Sequence[str] | None, reported: Callable[[SyncReport], None] | None = None
) -> list[SyncReport]:
    """Pull, then push; once more while others push between the two. DivergedError, RemoteError."""
    reports: list[SyncReport] = []

    def told(report: SyncReport) -> SyncReport:
        reports.append(report)
        if reported is not None:
            reported(report)
        return report

    for left in reversed(range(_TRIES)):
        came = pull(local, remote, ids, revive=False)
        came.sessions = [one for one in came.sessions if one.outcome is not Outcome.ABSENT]  # they are sent now
        refused = {one.session_id for one in told(came).problems}
        try:
            told(push(local, remote, ids))
            break
        except DivergedError as error:
            if not left or refused & set(error.session_ids):
                raise
    return reports


def _what(conflict: Conflict) -> str:
    """Name what both sides had changed: a setting by its key, what a message says by its file."""
    return conflict.key if conflict.path.startswith(SESSIONS) else f"{conflict.key} of {conflict.path}"


def clone(
    address: str,
    path: str | os.PathLike[str],
    *,
    author: str | None = None,
    durability: Literal["full", "relaxed"] = "full",
    progress: Progress | None = None,
    reported: Callable[[SyncReport], None] | None = None,
) -> SessionManager:
    """Make a store at `path` of what a remote has, with the remote as its `origin`; open it.

    `reported` is given the report of what came, and of what was set aside. An empty remote is fine. InvalidInputError
    if `path` is not empty, UnsafeAddressError, RemoteError; then nothing is left behind.
    """
    from claif_git.session.manager import SessionManager

    url = parse_address(address).url
    place = Path(path).absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InvalidInputError(f"{place} exists and is not empty", hint="name another path")
    with _made_aside(place) as made:
        with SessionManager(made, author=author, durability=durability) as manager:
            manager.add_remote(ORIGIN, url)
            report = manager.pull(remote=ORIGIN, progress=progress)
        made.rename(place)
    if reported is not None:
        reported(report)
    return SessionManager(place, author=author, durability=durability)


@contextmanager
def _made_aside(place: Path) -> Iterator[Path]:
    """Give a path beside `place` that is gone when the block ends, with the folders above it that it needed."""
    missing = [folder for folder in place.parents if not folder.exists()]
    place.parent.mkdir(parents=True, exist_ok=True)
    made = place.with_name(f".{place.name}.{secrets.token_hex(4)}.clone")
    try:
        yield made
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise
