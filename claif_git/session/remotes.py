"""Remotes, for a manager: what `claif_git.sync` does with this store, and making a store out of a remote."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from claif_git import config
from claif_git.errors import DivergedError, InvalidInputError
from claif_git.format.layout import SESSIONS
from claif_git.git import Oid
from claif_git.git.transport import Limits, Progress, Transport, parse_address
from claif_git.git.transport import transport as default_transport
from claif_git.history.commits import Signature
from claif_git.history.store_branch import tombstone_path
from claif_git.session import trash
from claif_git.session.operations import Move, record_moves
from claif_git.session.places import check_place
from claif_git.session.store import Store
from claif_git.session.working import Working
from claif_git.sync import Local, Outcome, SyncReport, add_remote, pull, push
from claif_git.sync.pulling import NONE_THERE

if TYPE_CHECKING:
    from claif_git.merge.trees import Conflict
    from claif_git.session.manager import SessionManager

ORIGIN = "origin"
_TRIES = 3


def local_side(
    working: Working,
    progress: Progress | None = None,
    transport: Transport | None = None,
    moves: list[Move] | None = None,
) -> Local:
    """Give this store's side of an exchange; what a running batch holds back is put in place first.

    What is done with sessions is added to `moves`.
    """
    with working.lock:
        working.flush()
    made: list[Move] = [] if moves is None else moves

    def join(session_id: str, tip: Oid) -> str:
        before, stone = working.store.tip(session_id), working.store.branch.blob(tombstone_path(session_id))
        after, conflicts = working.join_telling(session_id, working.store.head(session_id), tip)
        if after != before:
            made.append(Move(session_id, before, after, stone=None if before else stone))
            trash.drop_covered(working, session_id, after)
        return "; ".join(f"both changed {_what(one)}: kept {one.ours!r}, not {one.theirs!r}" for one in conflicts)

    def bury(session_id: str, tip: Oid, tombstone: bytes) -> None:
        buried = trash.delete(working, session_id, expected=tip, tombstone=tombstone)
        stone = working.store.branch.blob(tombstone_path(session_id))
        made.append(Move(session_id, buried, None, stone=stone))

    def adopted(tips: Mapping[str, Oid]) -> None:
        made.extend(Move(session_id, None, tip) for session_id, tip in sorted(tips.items()))
        for session_id in tips.keys() & working.store.trashed().keys():
            trash.drop_covered(working, session_id, tips[session_id])

    repo, heads, way = working.repo, working.store.heads, transport or default_transport()
    limits = Limits.of(repo.config_get)
    return Local(repo, heads, working.who, join, bury, way, limits, progress, adopted)


def pulled(
    working: Working,
    remote: str,
    ids: Sequence[str] | None = None,
    progress: Progress | None = None,
    *,
    revive: bool = True,
    named: str = "",
    verb: str = "pull",
) -> SyncReport:
    """Pull, and note all that it did as one operation, for undo to take back. As `claif_git.sync.pull` otherwise.

    `named` is what the remote is called there, if not by its name.
    """
    moves: list[Move] = []
    try:
        return pull(local_side(working, progress, moves=moves), remote, ids, revive=revive)
    finally:
        if moves:
            several = f"{len(moves)} sessions from {named or remote}"
            record_moves(working, verb, moves, several if len(moves) > 1 else moves[0].session_id)


def sync(
    working: Working,
    remote: str,
    ids: Sequence[str] | None,
    progress: Progress | None = None,
    reported: Callable[[SyncReport], None] | None = None,
) -> list[SyncReport]:
    """Pull, then push; once more while others push between the two. DivergedError, RemoteError."""
    reports: list[SyncReport] = []

    def told(report: SyncReport) -> SyncReport:
        reports.append(report)
        if reported is not None:
            reported(report)
        return report

    for left in reversed(range(_TRIES)):
        came = pulled(working, remote, ids, progress, revive=False)
        came.sessions = [one for one in came.sessions if one.outcome is not Outcome.ABSENT]  # they are sent now
        refused = {one.session_id for one in told(came).problems}
        try:
            told(push(local_side(working, progress), remote, ids))
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
    check_place(path)
    place = Path(path).absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InvalidInputError(f"{place} exists and is not empty", hint="name another path")
    with _made_aside(place) as made:
        store = Store.open(made)
        try:
            add_remote(store.repo, store.heads, ORIGIN, url)
            working = Working(store, Signature.parse(author or config.identity()), durable=durability == "full")
            report = pulled(working, ORIGIN, progress=progress, verb="clone")
            report.notes = [
                f"{note}; the store is made all the same, with it as its origin" if note.endswith(NONE_THERE) else note
                for note in report.notes
            ]
        finally:
            store.close()
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
