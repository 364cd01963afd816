"""What people call a point in history.

ID             a session as it stands
ID#5, ID#-1    its message 5, or its last: the commit that added it
ID~3           three turns back along its own line; commits that are not turns do not count
ID@{yesterday} as it stood then, by the dates of the commits
1a2b3c4        a commit, by 7 to 40 hex digits, that is part of a session
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from claif_git.errors import InvalidInputError, NotFoundError, SessionNotFoundError, quoted
from claif_git.format import layout
from claif_git.git import Repository
from claif_git.git.abbreviations import SHORTEST, starting_with
from claif_git.git.trees import Leaf
from claif_git.history.additions import Additions
from claif_git.history.lineage import Lineage
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.model.times import now
from claif_git.session.datewords import read_moment
from claif_git.session.reading import entry_at
from claif_git.session.store import TRASH
from claif_git.session.working import Working

_HEX = re.compile(rf"[0-9a-f]{{{SHORTEST},40}}")
_REV = re.compile(r"([^#~@]+)(?:#(-?\d{1,9})|~(\d{0,9})|@\{(.*)\})?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Revision:
    """A point in a session's history.

    commit         where it is; for a message, the commit that added it
    message_index  for a message, where it stands in the session now; None if it is left out, or no message was named
    path           the message's file below `messages/`; None if no message was named
    """

    session_id: str
    commit: str
    message_index: int | None = None
    path: str | None = None


def revision(working: Working, rev: str) -> Revision:
    """Give what a REV names. InvalidInputError, NotFoundError, AmbiguousIdError, MessageIndexError."""
    parted = _REV.fullmatch(rev) if isinstance(rev, str) else None
    if parted is None:
        raise InvalidInputError(
            f"not a revision: {quoted(str(rev))}", hint="ID, ID#5, ID~3, ID@{yesterday} or a commit"
        )
    name, message, back, when = parted.groups()
    try:
        session_id = working.resolve(name)
    except SessionNotFoundError:
        if name == rev and _HEX.fullmatch(name.lower()):
            return _of_commit(working, name.lower())
        raise
    snapshot = working.read(session_id)
    if message is not None:
        return _of_message(working, snapshot, int(message))
    if back is not None:
        return _back(working, snapshot, int(back or 1))
    return Revision(session_id, snapshot.commit if when is None else _as_of(working, snapshot, when))


def _of_message(working: Working, snapshot: Snapshot, number: int) -> Revision:
    index, entry = entry_at(snapshot, number)
    return Revision(snapshot.session_id, introduced(working.repo, snapshot.commit, entry.path), index, entry.path)


def introduced(repo: Repository, tip: str, path: str) -> str:
    """Give the commit that added a message (by its path below `messages/`), which `tip` holds.

    Files are never deleted, so along a line of first parents all commits from one on hold it, and that one is found by
    halving. Where it is a merge, the message came along another line.
    """
    lineage = Lineage(repo)
    while True:
        line = lineage.first_parents(tip)
        low, high = 0, len(line)  # line[low] holds it, line[high] does not, nor does what is past the end
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _holds(repo, line[middle], path) else (low, middle)
        others = [parent for parent in lineage.commit(line[low]).parents[1:] if _holds(repo, parent, path)]
        if not others:
            return line[low]
        tip = others[0]


def _holds(repo: Repository, commit: str, path: str) -> bool:
    root = folder_at(repo, repo.read_commit(commit).tree)
    return isinstance(root.get(f"{layout.MESSAGES}/{path}"), Leaf)


def _back(working: Working, snapshot: Snapshot, count: int) -> Revision:
    if count == 0:
        return Revision(snapshot.session_id, snapshot.commit)
    passed = -1
    for oid, path in own_turns(working.repo, snapshot.commit):
        passed += 1
        if passed == count:
            return Revision(snapshot.session_id, oid, _index(snapshot, path), path)
    turns = "1 turn" if passed == 0 else f"{passed + 1} turns"
    raise InvalidInputError(f"{snapshot.session_id} has {turns}: there is none {count} back")


def own_turns(repo: Repository, tip: str) -> Iterator[tuple[str, str]]:
    """Give the commits along a line of first parents that added messages, merges aside; and the last such message."""
    additions = Additions(repo)
    at: str | None = tip
    while at is not None:
        commit = repo.read_commit(at)
        added = additions.of(commit) if len(commit.parents) < 2 else []
        if added:
            yield at, added[-1].path
        at = next(iter(commit.parents), None)


def _index(snapshot: Snapshot, path: str) -> int | None:
    return next((index for index, entry in enumerate(snapshot.shown) if entry.path == path), None)


def _as_of(working: Working, snapshot: Snapshot, words: str) -> str:
    """Give the newest commit of the line that is not younger than the moment."""
    moment = read_moment(words, now())
    at: str | None = snapshot.commit
    while at is not None:
        commit = working.repo.read_commit(at)
        if commit.commit_time <= moment.timestamp():
            return at
        at = next(iter(commit.parents), None)
    raise NotFoundError(f"{snapshot.session_id} is younger than {words[:60]!r}")


def _of_commit(working: Working, prefix: str) -> Revision:
    commits = [oid for oid in starting_with(working.repo, prefix) if working.repo.read(oid)[0] == "commit"]
    if len(commits) > 1:
        raise InvalidInputError(f"{prefix!r} fits {len(commits)} commits", hint="give more of its digits")
    session_id = session_with(working, commits[0]) if commits else None
    if session_id is None:
        raise NotFoundError(f"no session, and no commit of one: {quoted(prefix)}", hint="see: claif-git session list")
    commit = commits[0]
    added = Additions(working.repo).of(working.repo.read_commit(commit))
    path = added[-1].path if added and len(working.repo.read_commit(commit).parents) < 2 else None
    tip = working.store.tip(session_id) or commit
    index = _index(working.peek(session_id, tip), path) if path else None
    return Revision(session_id, commit, index, path)


def session_with(working: Working, commit: str) -> str | None:
    """Name a session that a commit is part of: the one that it was first part of if that still has it.

    Deleted ones come last. None if it is part of no session.
    """
    lineage = Lineage(working.repo)
    owner, folders = lineage.owner(commit), lineage.folders(commit)
    if not folders:
        return None
    deleted = {name: commit.parents[0] for name, _, commit in working.store.commits(TRASH)}
    for tips in (working.store.ids(), deleted):
        for name in sorted(tips, key=lambda name: (name != owner, name)):
            if folders <= lineage.folders(tips[name]) and working.repo.is_ancestor(commit, tips[name]):
                return name
    return None
