"""The operation log: what was done to the store that no commit of a session tells.

A turn, an edit, a branch, a merge are commits, and say for themselves what they did. What only moves or removes refs
(a deletion, a fast-forward, a pull, an undo) is told by a commit on `refs/claif/ops`: its subject for people, a line of
JSON below it for `undo`. The log is this store's own and is never pushed.
"""

from __future__ import annotations

import json
import secrets
import time as clock
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from claif_git.git import Commit
from claif_git.git.trees import Add
from claif_git.history.commits import commit_of
from claif_git.history.transact import transact
from claif_git.model.times import from_seconds, now
from claif_git.session.working import Working

OPS = "refs/claif/ops"
STEPS = frozenset({"undo", "redo"})
_BEGINNING = "operation log\n"


@dataclass(frozen=True, slots=True)
class Move:
    """What an operation did with one session.

    old, new  where the session's ref stood before and after; None where it did not exist
    pos       for undo and redo: the id of the change on which the session stands now; None: of none
    stone     the blob of another store's tombstone that stands where the session does not; None: of none, or our own
    """

    session_id: str
    old: str | None
    new: str | None
    pos: str | None = None
    stone: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was done.

    verb        delete, restore, fast-forward, pull, import, clone, undo, redo, purge; or a commit's own: message,
                session, branch, …
    session_id  "" where it was done to several
    moves       what it did with each session
    commit      the commit that tells of it
    id          what undo and redo know it by
    undid       for undo and redo: the id of the change that was taken back or done again
    again       for redo: the id of the undo
    at          when, in nanoseconds
    """

    verb: str
    session_id: str
    time: datetime
    who: str
    subject: str
    moves: tuple[Move, ...] = ()
    commit: str = ""
    id: str = ""
    undid: str | None = None
    again: str | None = None
    at: int = 0

    @property
    def about(self) -> str:
        """What it was, in words: «pull of alpha»."""
        return self.subject.replace(": ", " of ", 1)


def record(working: Working, verb: str, session_id: str, old: str | None, new: str | None) -> None:
    """Note what was done with one session. Turns never wait for this: only what moves refs without a commit."""
    record_moves(working, verb, [Move(session_id, old, new)], session_id)


def record_moves(
    working: Working,
    verb: str,
    moves: Sequence[Move],
    about: str,
    *,
    undid: str | None = None,
    again: str | None = None,
    kept: Iterable[str] = (),
) -> None:
    """Note what was done with sessions, as one operation. `kept` are commits that only this log refers to from now."""
    name = secrets.token_hex(8)
    data = {"verb": verb, "id": name, "at": clock.time_ns(), "moves": [_written(move) for move in moves]}
    data |= {key: value for key, value in (("undid", undid), ("again", again)) if value}
    held = tuple(dict.fromkeys(kept))

    def act(tip: str | None, add: Add) -> str | None:
        moment = now()
        message = f"{verb}: {about}\n\n{json.dumps(data)}"
        commit = commit_of(
            add("tree", b""), (), message, author=working.who, committer=working.who, said=moment, now=moment
        )
        return _add_on(add, tip, commit, held)

    transact(working.repo, OPS, act, durable=working.durable)
    with working.lock:
        working.order.note_operation(name)


def _add_on(add: Add, before: str | None, commit: Commit, held: tuple[str, ...]) -> str:
    """Write an operation's commit on top of another, with what only it keeps as further parents; give its id.

    The first parent is always the log's own: one that keeps something does not begin the log, but follows a commit
    that tells nothing.
    """
    if before is None and held:
        before = add("commit", replace(commit, parents=(), message=_BEGINNING).encode())
    parents = (before, *held) if before is not None else ()
    return add("commit", replace(commit, parents=parents).encode())


def _written(move: Move) -> dict[str, str | None]:
    data = {"session": move.session_id, "old": move.old, "new": move.new, "pos": move.pos, "stone": move.stone}
    return {key: value for key, value in data.items() if value is not None or key in {"old", "new"}}


def operations(working: Working) -> Iterator[Operation]:
    """Give what the log holds, newest first."""
    return (operation for _, operation in _entries(working, working.repo.ref(OPS)) if operation is not None)


def all_operations(working: Working) -> list[Operation]:
    """Give all that the log holds, newest first. What this manager has read before is not read again."""
    known_tip, known = working.operations_read
    tip = working.repo.ref(OPS)
    found: list[Operation] = []
    for oid, operation in _entries(working, tip):
        if oid == known_tip:
            found += known
            break
        found += [operation] if operation is not None else []
    working.operations_read = tip, found
    return found


def _entries(working: Working, oid: str | None) -> Iterator[tuple[str, Operation | None]]:
    """Give the log's commits from this one back, each with the operation that it tells, if it tells one."""
    while oid is not None:
        commit = working.repo.read_commit(oid)
        yield oid, _parsed(oid, commit)
        oid = commit.parents[0] if commit.parents else None


def _parsed(oid: str, commit: Commit) -> Operation | None:
    subject, _, body = commit.message.partition("\n")
    try:
        data: dict[str, Any] = json.loads(body)
        moves = tuple(_move(one) for one in data.get("moves", [data]))
        return Operation(
            verb=str(data["verb"]),
            session_id=moves[0].session_id if len(moves) == 1 else "",
            time=from_seconds(commit.commit_time),
            who=commit.committer,
            subject=subject,
            moves=moves,
            commit=oid,
            id=str(data.get("id") or oid),
            undid=data.get("undid"),
            again=data.get("again"),
            at=int(data.get("at", commit.commit_time * 10**9)),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # somebody's own commit: not an operation, and no reason to stop


def _move(data: dict[str, Any]) -> Move:
    return Move(str(data["session"]), data.get("old"), data.get("new"), data.get("pos"), data.get("stone"))


def forget(working: Working, session_id: str) -> None:
    """Write the log anew without a session that is purged. One that tells nothing then is left as an empty one."""
    working.operations_read = None, []

    def act(tip: str | None, add: Add) -> str | None:
        entries = list(_entries(working, tip))  # of this tip: others may have written since the purge began
        oid: str | None = None
        for operation in reversed([one for _, told in entries if told and (one := _without(told, session_id))]):
            oid = _add_anew(add, oid, working.repo.read_commit(operation.commit), operation)
        if oid is None and entries:
            last = working.repo.read_commit(entries[-1][0])
            oid = add("commit", replace(last, tree=add("tree", b""), parents=(), message=_BEGINNING).encode())
        return oid

    transact(working.repo, OPS, act, durable=working.durable)


def _without(operation: Operation, session_id: str) -> Operation | None:
    """Give what an operation did with other sessions than this one; None if that is nothing."""
    if not operation.moves:
        return operation
    moves = tuple(move for move in operation.moves if move.session_id != session_id)
    return replace(operation, moves=moves) if moves else None


def _add_anew(add: Add, before: str | None, old: Commit, operation: Operation) -> str:
    """Write an operation's commit, with what it still tells and keeps, on top of another; give its id."""
    ours = {move.old for move in operation.moves}
    subject, _, body = old.message.partition("\n")
    data = json.loads(body)
    if "moves" in data:
        data["moves"] = [_written(move) for move in operation.moves]
    held = tuple(parent for parent in old.parents[1:] if parent in ours)
    return _add_on(add, before, replace(old, message=f"{subject}\n\n{json.dumps(data)}"), held)
