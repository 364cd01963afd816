"""Replacing the list of a session's messages: what was read and is not in it is dropped, what is new is put in."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from claif_git.errors import MalformedError
from claif_git.format.merging import merge_message
from claif_git.format.messages import decode, encode, identity
from claif_git.history.change import Change
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message


def replace_messages(change: Change, messages: Sequence[Message], read_at: Snapshot) -> int:
    """Make the session show `messages`, in their order, and whatever somebody added since they were read at `read_at`.

    Give how many are left out by this.

    A message is known again by its origin, else by its identity (its own id, or role, timestamp and content). A known
    one keeps its file, edited in place where it was changed, and shown again where it was left out; where the order
    changed, the fewest are dropped and put in again as copies (`copied_from` says of what).
    """
    before = change.before
    ordered = before.ordered()
    shown = {entry.path for entry in before.shown}
    known = _recognise(before, messages, ordered)
    ranks = {entry.path: at for at, entry in enumerate(ordered)}
    staying = _longest_rising([known.get(index) for index in range(len(messages))], ranks)
    kept = {path for index, path in known.items() if index in staying}
    gone = ({entry.path for entry in read_at.shown} | set(known.values())) & shown - kept
    change.drop(gone, kept - shown)
    _put_in(change, messages, {index: known[index] for index in staying}, known)
    for index in sorted(staying):
        _edit(change, ordered[ranks[known[index]]], messages[index])
    return len(gone)


def _recognise(before: Snapshot, messages: Sequence[Message], entries: Sequence[Entry]) -> dict[int, str]:
    """Pair messages with files, by origin first, then by identity: position in `messages` to path."""
    free = {entry.path: entry for entry in entries}
    known: dict[int, str] = {}
    for index, message in enumerate(messages):
        if message.origin and message.origin.path in free:
            known[index] = message.origin.path
            del free[message.origin.path]
    by_hash: dict[str, list[Entry]] = {}
    for entry in sorted(free.values(), key=lambda entry: entry.path in before.dropped):
        by_hash.setdefault(entry.path[-11:-3], []).append(entry)
    for index, message in enumerate(messages):
        if index not in known and by_hash:
            held = by_hash.get(identity(message), [])
            found = next((entry for entry in held if _is_same(before, entry, message)), None)
            if found is not None:
                known[index] = found.path
                held.remove(found)
    return known


def _is_same(before: Snapshot, entry: Entry, message: Message) -> bool:
    """Tell whether a file holds a message: names hold only a part of what they stand for."""
    try:
        stored = before.message(entry)
    except MalformedError:
        return False
    if message.id is not None or stored.id is not None:
        return message.id == stored.id
    return (stored.role, stored.timestamp) == (message.role, message.timestamp) and repr(stored.content) == repr(
        message.content
    )


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


def _put_in(change: Change, messages: Sequence[Message], staying: dict[int, str], known: dict[int, str]) -> None:
    """Put in what is new or moved: before the next message that stays, or at the end where none follows.

    An id stands once in a tree: of several messages that have one, the first is put in, and none where it is held.
    """
    following: str | None = None
    at_end: list[Message] = []
    repeated = _repeated(change, messages, known)
    for index in range(len(messages) - 1, -1, -1):
        if index in staying:
            following = staying[index]
            continue
        if index in repeated:
            continue
        message = messages[index]
        if index in known:
            message = replace(message, copied_from=known[index], id=None, origin=None)
        if following is None:
            at_end.append(message)
        else:
            following = change.insert_before(following, message).path
    for message in reversed(at_end):
        change.append(message)


def _repeated(change: Change, messages: Sequence[Message], known: dict[int, str]) -> set[int]:
    ids: set[str] = set()
    repeated: set[int] = set()
    for index, message in enumerate(messages):
        if index in known or message.id is None:
            continue
        if message.id in ids or change.before.find_id(message.id, identity(message)) is not None:
            repeated.add(index)
        ids.add(message.id)
    return repeated


def _edit(change: Change, entry: Entry, message: Message) -> None:
    """Rewrite a kept message where the caller changed it; over what somebody else changed since, key by key."""
    before, origin = change.before, message.origin
    try:
        stored = before.message(entry)
        if repr(message) == repr(stored):
            return
        if origin is not None and origin.path == entry.path and origin.blob != entry.blob:
            message = _over(before, entry, message, origin.blob)
    except MalformedError:
        return
    if repr(message) != repr(stored):
        change.rewrite(entry.path, message)


def _over(before: Snapshot, entry: Entry, message: Message, base: str) -> Message:
    """Merge a caller's edit of a message with what stands now; `base` is the blob that the caller had read."""
    edited = encode(message)
    merged = merge_message(before.blob(base), edited.data, before.blob(entry.blob))

    def attachment(path: str) -> bytes:
        held = edited.attachments.get(path)
        return held if held is not None else before.attachment(path)

    return decode(merged.data, attachment, origin=message.origin)
