"""Compares two snapshots. Only names are compared first: a message that both have in the same words is never read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from claif_git.diff.readable import readable
from claif_git.diff.result import Changed, Field, Only, SessionDiff, SettingChange
from claif_git.diff.words import word_diff
from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model import Json, Message, iso

_FIELDS = ("role", "model", "tokens", "id", "copied_from")


def compare(a: Snapshot, b: Snapshot, fork: str | None = None, base: Folder | None = None) -> SessionDiff:
    """Give what each of two snapshots has that the other has not.

    `fork` is the commit where they parted and `base` the tree there, which tells who changed what; None if they have
    no past in common.
    """
    in_a = {entry.path: (index, entry) for index, entry in enumerate(a.shown)}
    in_b = {entry.path: (index, entry) for index, entry in enumerate(b.shown)}
    return SessionDiff(
        a=a.session_id,
        b=b.session_id,
        commit_a=a.commit,
        commit_b=b.commit,
        fork=fork,
        shared=_shared(a.shown, b.shown),
        common=len(in_a.keys() & in_b.keys()),
        only_a=tuple(_only(a, in_b, b)),
        only_b=tuple(_only(b, in_a, a)),
        changed=tuple(_changed(a, b, in_b, base)),
        settings=tuple(_settings(a, b)),
    )


def _shared(a: Sequence[Entry], b: Sequence[Entry]) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((at for at, (one, other) in pairs if one.path != other.path), min(len(a), len(b)))


def _only(side: Snapshot, others: Mapping[str, object], other: Snapshot) -> Iterator[Only]:
    for index, entry in enumerate(side.shown):
        if entry.path not in others:
            held = other.root.get(f"{layout.MESSAGES}/{entry.path}") is not None
            yield Only(index, side.messages([entry])[0], held)


def _changed(a: Snapshot, b: Snapshot, in_b: Mapping[str, tuple[int, Entry]], base: Folder | None) -> Iterator[Changed]:
    for index, entry in enumerate(a.shown):
        found = in_b.get(entry.path)
        if found is None or found[1].blob == entry.blob:
            continue
        other_index, other = found
        by = _changed_by(entry, other, base)
        before, after = a.messages([entry])[0], b.messages([other])[0]
        if isinstance(before, MalformedError) or isinstance(after, MalformedError):
            yield Changed(index, other_index, by, before, after)
            continue
        said_alike = repr(before.content) == repr(after.content)
        content = [] if said_alike else word_diff(readable(before.content), readable(after.content))
        yield Changed(index, other_index, by, before, after, tuple(content), tuple(_fields(before, after)))


def _changed_by(a: Entry, b: Entry, base: Folder | None) -> str:
    was = base.file(f"{layout.MESSAGES}/{a.path}") if base is not None else None
    if was is None:
        return ""
    return "b" if was == a.blob else "a" if was == b.blob else "both"


def _fields(before: Message, after: Message) -> Iterator[Field]:
    for key in _FIELDS:
        yield from _differing(key, getattr(before, key), getattr(after, key))
    yield from _differing("timestamp", iso(before.timestamp), iso(after.timestamp))
    yield from (Field(*change) for change in _by_key("metadata.", before.metadata, after.metadata))
    yield from (Field(*change) for change in _by_key("", before.extra, after.extra))


def _differing(key: str, before: Json, after: Json) -> Iterator[Field]:
    if repr(before) != repr(after):
        yield Field(key, before, after)


def _by_key(prefix: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[tuple[str, Json, Json]]:
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if repr(one) != repr(other):
            yield f"{prefix}{key}", one, other


def _settings(a: Snapshot, b: Snapshot) -> Iterator[SettingChange]:
    one, other = a.settings, b.settings
    for key in ("title", "order", "template"):
        before, after = getattr(one, key), getattr(other, key)
        if before != after:
            yield SettingChange(key, before, after)
    if repr(one.parameters) != repr(other.parameters):
        yield SettingChange("parameters", one.parameters, other.parameters)
    yield from (SettingChange(*change) for change in _by_key("metadata.", one.metadata, other.metadata))
