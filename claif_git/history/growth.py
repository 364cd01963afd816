"""What a session's tree has beyond an earlier one, where that is nothing but messages. Only what differs is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from claif_git.format import layout
from claif_git.git.trees import FILE_MODE, Folder, Room
from claif_git.history.placing import Entry

_MOST = 100_000
"""Entries of folders that differ: who finds more reads all anew."""


def grown(before: Folder, after: Folder) -> list[Entry] | None:
    """Give the messages that a root tree has beyond another, in path order; None if anything else differs, or much.

    Attachments do not count: whoever reads a message looks for those.
    """
    if any(before.get(name) != after.get(name) for name in (layout.SESSIONS, layout.DROPS)):
        return None
    found: list[Entry] = []
    same = _collect(before.folder(layout.MESSAGES), after.folder(layout.MESSAGES), "", found, [_MOST])
    return found if same else None


def _collect(before: Folder, after: Folder, prefix: str, found: list[Entry], room: list[int]) -> bool:
    """Add what is new to `found`; False if anything is gone, changed, or not named as a message is.

    `room` holds how many entries may still be looked at.
    """
    room[0] -= len(after)
    if room[0] < 0 or before.items.keys() - after.items.keys() or prefix.count("/") > 32:
        return False
    for name, item in after.ordered():
        other = before.items.get(name)
        if item == other:
            continue
        if isinstance(item, Folder):
            known = layout.parse_run_name(name) is not None and (other is None or isinstance(other, Folder))
            inner = other if isinstance(other, Folder) else Folder(_nothing)
            if not known or not _collect(inner, item, f"{prefix}{name}/", found, room):
                return False
        elif other is None and prefix and item.mode == FILE_MODE and layout.parse_message_name(name):
            found.append(Entry(prefix + name, item.oid))
        else:
            return False
    return True


def only_in(here: Folder, others: Sequence[Folder]) -> Iterator[Entry]:
    """Give the messages of a `messages/` folder where none of the others has anything, in no order.

    StoreError if that are too many.
    """
    return _only_in(here, others, "", Room())


def _only_in(here: Folder, others: Sequence[Folder], prefix: str, room: Room) -> Iterator[Entry]:
    room.take(len(here), prefix.count("/"))
    for name, item in here.items.items():
        held = [other.items.get(name) for other in others]
        if item in held or prefix.count("/") > 32:
            continue
        if isinstance(item, Folder):
            if layout.parse_run_name(name):
                below = [other for other in held if isinstance(other, Folder)]
                yield from _only_in(item, below, f"{prefix}{name}/", room)
        elif prefix and item.mode == FILE_MODE and layout.parse_message_name(name) and not any(held):
            yield Entry(prefix + name, item.oid)


def _nothing(oid: str) -> bytes:
    raise AssertionError(f"an empty folder reads nothing, but was asked for {oid}")
