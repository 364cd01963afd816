"""The operation log: what was done to the store that no commit of a session tells.

A turn, an edit, a branch, a merge are commits, and say for themselves what they did. What only moves or removes a ref
(a deletion, a fast-forward, an undo) is told by a commit on `refs/claif/ops`: its subject for people, a line of JSON
below it for `undo`. The log is this store's own and is never pushed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import Any

from claif_git.errors import StoreError
from claif_git.git import Commit
from claif_git.git.trees import Add
from claif_git.history.commits import commit_of
from claif_git.history.transact import transact
from claif_git.model.message import MessageRole
from claif_git.model.times import from_seconds, now
from claif_git.session.working import Working

OPS = "refs/claif/ops"


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that was done.

    verb      delete, restore, fast-forward, pull, undo, redo, purge; or a commit's own: message, session, branch, …
    old, new  where the session's ref stood before and after; None where it did not exist
    detail    for undo and redo: `pos`, the commit whose state this gave, and `redo`, the one that redo goes to
    """

    verb: str
    session_id: str
    time: datetime
    who: str
    subject: str
    old: str | None = None
    new: str | None = None
    pos: str | None = None
    redo: str | None = None
    commit: str = ""


def record(
    working: Working, verb: str, session_id: str, old: str | None, new: str | None, **detail: str | None
) -> None:
    """Note an operation. Turns never wait for this: only what moves refs without a commit of its own."""
    data = {"verb": verb, "session": session_id, "old": old, "new": new, **detail}

    def act(tip: str | None, add: Add) -> str | None:
        moment = now()
        message = f"{verb}: {session_id}\n\n{json.dumps(data)}"
        parents = (tip,) if tip else ()
        commit = commit_of(
            add("tree", b""), parents, message, author=working.who, committer=working.who, said=moment, now=moment
        )
        return add("commit", commit.encode())

    transact(working.repo, OPS, act, durable=working.durable)


def operations(working: Working) -> Iterator[Operation]:
    """Give what the log holds, newest first."""
    oid = working.repo.ref(OPS)
    while oid is not None:
        commit = working.repo.read_commit(oid)
        operation = _parsed(oid, commit)
        if operation is not None:
            yield operation
        oid = commit.parents[0] if commit.parents else None


def everything(working: Working, limit: int | None) -> list[Operation]:
    """Give what was done to the store, by the log and by the commits of all sessions, newest first.

    The store's own commits and those of deleted sessions are not among them.
    """
    heads = working.store.ids()
    found = islice(_commits(working, heads), limit)
    return sorted([*islice(operations(working), limit), *found], key=lambda one: one.time, reverse=True)[:limit]


def _commits(working: Working, heads: dict[str, str]) -> Iterator[Operation]:
    """Give each commit once, newest first, under the first session in whose history it stands."""
    queue = [(-working.repo.read_commit(tip).commit_time, session_id, tip) for session_id, tip in heads.items()]
    heapify(queue)
    seen = set(heads.values())
    while queue:
        _, session_id, oid = heappop(queue)
        commit = working.repo.read_commit(oid)
        yield _of_commit(session_id, oid, commit)
        for parent in commit.parents:
            if parent not in seen:
                seen.add(parent)
                heappush(queue, (-working.repo.read_commit(parent).commit_time, session_id, parent))


def _of_commit(session_id: str, oid: str, commit: Commit) -> Operation:
    subject = commit.message.partition("\n")[0]
    time = from_seconds(commit.commit_time)
    verb = subject.partition(":")[0]
    verb = "message" if verb in {role.value for role in MessageRole} else verb
    return Operation(verb, session_id, time, commit.author, subject, new=oid, commit=oid)


def _parsed(oid: str, commit: Commit) -> Operation | None:
    subject, _, body = commit.message.partition("\n")
    try:
        data: dict[str, Any] = json.loads(body)
        return Operation(
            verb=str(data["verb"]),
            session_id=str(data["session"]),
            time=from_seconds(commit.commit_time),
            who=commit.committer,
            subject=subject,
            old=data.get("old"),
            new=data.get("new"),
            pos=data.get("pos"),
            redo=data.get("redo"),
            commit=oid,
        )
    except (ValueError, KeyError, TypeError):
        return None  # somebody's own commit: not an operation, and no reason to stop


def forget(working: Working, session_id: str) -> None:
    """Write the log anew without a session that is purged."""
    kept = [operation for operation in operations(working) if operation.session_id != session_id]

    def act(tip: str | None, add: Add) -> str | None:
        oid: str | None = None
        for operation in reversed(kept):
            old = working.repo.read_commit(operation.commit)
            parents = (oid,) if oid else ()
            oid = add(
                "commit",
                Commit(
                    old.tree, parents, old.author, old.author_time, old.committer, old.commit_time, old.message
                ).encode(),
            )
        return oid if oid is not None else tip

    if not kept:
        tip = working.repo.ref(OPS)
        if tip is not None and not working.repo.move_ref(OPS, tip, None):
            raise StoreError("the operation log is being written by another process; try again")
        return
    transact(working.repo, OPS, act, durable=working.durable)
