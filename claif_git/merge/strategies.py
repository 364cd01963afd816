"""The three ways to merge: smart, chronological and manual. Each decides what of the union is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeAlias

from claif_git.errors import InvalidInputError, UnknownNameError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.change import Change
from claif_git.history.growth import only_in
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.exchanges import starts_exchange
from claif_git.model.message import Message

Resolver: TypeAlias = Callable[[list[Message]], Sequence[Message]]
"""Called with the secondary's messages past the fork, if any; gives those to keep, in the order they should have."""


class Strategy(StrEnum):
    """How sessions are merged."""

    SMART = "smart"
    CHRONOLOGICAL = "chronological"
    MANUAL = "manual"

    @classmethod
    def of(cls, name: str) -> Strategy:
        """Give a strategy by its name; UnknownNameError lists the known ones."""
        try:
            return cls(name)
        except ValueError:
            raise UnknownNameError("merge strategy", str(name), [item.value for item in cls]) from None


def past_fork(side: Snapshot, base: Folder | None, other: Snapshot) -> list[Entry]:
    """Give the messages that `side` shows and neither the fork point nor the other side holds.

    Only what differs is read, unless a message has an id of its own: then all are looked through for its twin.
    """
    others = [root.folder(layout.MESSAGES) for root in (base, other.root) if root is not None]
    new = list(only_in(side.root.folder(layout.MESSAGES), others))
    if any(side.id_of(entry) is not None for entry in new):
        paths = {entry.path for entry in new}
        return [entry for entry in side.shown if entry.path in paths]
    return side.in_order(entry for entry in new if entry.path not in side.dropped)


def said_twice(ours: Snapshot, mine: Sequence[Entry], theirs: Snapshot, yours: Sequence[Entry]) -> list[str]:
    """Give the paths to drop so that whole exchanges that both sides said stand once: the later ones in path order."""
    waiting: dict[Any, list[list[str]]] = defaultdict(list)
    for said, paths in _exchanges(ours, mine):
        waiting[said].append(paths)
    drop: list[str] = []
    for said, paths in _exchanges(theirs, yours):
        if waiting[said]:
            drop += max(waiting[said].pop(0), paths)
    return drop


def _exchanges(snapshot: Snapshot, entries: Sequence[Entry]) -> list[tuple[Any, list[str]]]:
    """Give the whole exchanges among `entries`: what was said, as something to compare, and the paths."""
    found: list[tuple[list[str], list[str]]] = []
    for entry in entries:
        message = snapshot.messages([entry])[0]
        if isinstance(message, Message) and starts_exchange(message):
            found.append(([], []))
        if found:
            said = f"{message.role}: {message.content!r}" if isinstance(message, Message) else entry.blob
            found[-1][0].append(said)
            found[-1][1].append(entry.path)
    return [(tuple(said), paths) for said, paths in found]


def picked(
    secondary: Snapshot, candidates: Sequence[Entry], resolver: Resolver | None, picks: Sequence[int] | None
) -> list[str]:
    """Give what the caller chooses to keep of the secondary's messages past the fork, in the caller's order, as paths.

    `picks` are message indexes of the secondary. InvalidInputError without either, for a pick that is not past the
    fork, for a message twice, and for an answer that holds what was not asked about, or a message changed.
    """
    if resolver is not None:
        paths = _answered(resolver, [secondary.message(entry) for entry in candidates]) if candidates else []
    elif picks is not None:
        paths = _indexed(secondary, {entry.path for entry in candidates}, picks)
    else:
        raise InvalidInputError(
            "a manual merge needs resolver= or picks=", hint="picks are message indexes of the secondary"
        )
    if len(set(paths)) != len(paths):
        raise InvalidInputError("a manual merge keeps each message at most once")
    return paths


def _answered(resolver: Resolver, messages: Sequence[Message]) -> list[str]:
    told = {_path(message): repr(message) for message in messages}
    paths: list[str] = []
    for message in resolver([replace(message) for message in messages]):
        path = _path(message) if isinstance(message, Message) else ""
        if path not in told:
            raise InvalidInputError("a resolver gives back messages that it was given")
        if repr(message) != told[path]:
            raise InvalidInputError("a resolver gives back messages as it was given them: edit them after the merge")
        paths.append(path)
    return paths


def _path(message: Message) -> str:
    return message.origin.path if message.origin else ""


def _indexed(secondary: Snapshot, candidates: set[str], picks: Sequence[int]) -> list[str]:
    paths: list[str] = []
    for pick in picks:
        is_index = isinstance(pick, int) and not isinstance(pick, bool) and 0 <= pick < len(secondary.shown)
        path = secondary.shown[pick].path if is_index else ""
        if path not in candidates:
            raise InvalidInputError(f"message {pick} of {secondary.session_id} is not past the fork")
        paths.append(path)
    return paths


def keep_picked(change: Change, secondary: Snapshot, candidates: Sequence[Entry], paths: Sequence[str]) -> list[str]:
    """Leave out what of the secondary was not picked; give the paths left out.

    What was picked in another order is dropped and added again at the end, with `copied_from`.
    """
    by_path = {entry.path: entry for entry in candidates}
    chosen = [path for path in paths if path in by_path]
    in_order = chosen == [entry.path for entry in candidates if entry.path in set(chosen)]
    staying = set(chosen) if in_order else set()
    change.drop(path for path in by_path if path not in staying)
    if not in_order:
        for path in chosen:
            message = secondary.message(by_path[path])
            change.append(replace(message, id=None, copied_from=path, origin=None))
    return [path for path in by_path if path not in chosen]
