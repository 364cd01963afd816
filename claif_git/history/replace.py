"""Replacing the list of a session's messages: what was read and is not in it is dropped, what is new is put in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from claif_git.errors import MalformedError
from claif_git.format.messages import identity
from claif_git.history.change import Change
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message


def replace_messages(change: Change, messages: Sequence[Message], read_at: Snapshot) -> int:
    """Make the session show `messages`, in their order, and whatever somebody added since they were read at `read_at`.

    Give how many are left out by this.

    A message is known again by its origin, else by its identity (its own id, or role, timestamp and content). A known
    one keeps its file, edited in place where it was changed; where the order changed, the fewest are dropped and put in
    again as copies (`copied_from` says of what).
    """
    now = {entry.path: entry for entry in change.before.shown}
    was = [entry for entry in read_at.shown if entry.path in now]
    known = _recognise(messages, was)
    staying = _longest_rising(
        [known.get(index) for index in range(len(messages))], {entry.path: at for at, entry in enumerate(was)}
    )
    kept = {path for index, path in known.items() if index in staying}
    dropped = [entry.path for entry in was if entry.path not in kept]
    change.drop(dropped)
    _put_in(change, messages, known, staying)
    for index in sorted(staying):
        _edit(change, now[known[index]], messages[index])
    return len(dropped)


def _recognise(messages: Sequence[Message], was: Sequence[Entry]) -> dict[int, str]:
    """Pair messages with files, by origin first, then by identity: position in `messages` to path."""
    free = {entry.path for entry in was}
    known: dict[int, str] = {}
    for index, message in enumerate(messages):
        if message.origin and message.origin.path in free:
            known[index] = message.origin.path
            free.discard(message.origin.path)
    by_hash: dict[str, list[str]] = {}
    for entry in was:
        if entry.path in free:
            by_hash.setdefault(entry.path[-11:-3], []).append(entry.path)
    for index, message in enumerate(messages):
        if index not in known and message.origin is None and by_hash:
            paths = by_hash.get(identity(message))
            if paths:
                known[index] = paths.pop(0)
    return known


def _longest_rising(paths: list[str | None], rank: dict[str, int]) -> set[int]:
    """Give the positions of a longest choice of known messages whose old order is their new one (patience sorting)."""
    tails: list[int] = []
    tail_at: list[int] = []
    before: dict[int, int | None] = {}
    for index, path in enumerate(paths):
        if path is None:
            continue
        at = bisect_left(tails, rank[path])
        before[index] = tail_at[at - 1] if at else None
        tails[at : at + 1] = [rank[path]]
        tail_at[at : at + 1] = [index]
    chosen: set[int] = set()
    index_or_none = tail_at[-1] if tail_at else None
    while index_or_none is not None:
        chosen.add(index_or_none)
        index_or_none = before[index_or_none]
    return chosen


def _put_in(change: Change, messages: Sequence[Message], known: dict[int, str], staying: set[int]) -> None:
    """Put in what is new or moved: before the next message that stays, or at the end where none follows."""
    following: str | None = None
    at_end: list[Message] = []
    for index in range(len(messages) - 1, -1, -1):
        if index in staying:
            following = known[index]
            continue
        message = messages[index]
        if index in known:
            message = replace(message, copied_from=known[index], id=None, origin=None)
        elif _taken_in_again(change, message):
            continue
        if following is None:
            at_end.append(message)
        else:
            following = change.insert_before(following, message).path
    for message in reversed(at_end):
        change.append(message)


def _taken_in_again(change: Change, message: Message) -> bool:
    """Take a message in again that the session holds but leaves out: an id stands once in a tree."""
    held = change.before.find_id(message.id, identity(message)) if message.id else None
    if held is not None:
        change.drop((), [held.path])
    return held is not None


def _edit(change: Change, entry: Entry, message: Message) -> None:
    """Rewrite a kept message where the caller changed it."""
    try:
        stored = change.before.message(entry)
    except MalformedError:
        return
    if message.origin is not None and message != stored and message.origin.blob == entry.blob:
        change.rewrite(entry.path, message)
