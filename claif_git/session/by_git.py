"""Lists, searches and counts from the sessions themselves: for unsaved turns, and where there can be no index."""

from __future__ import annotations

import bisect
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from claif_git.errors import ClaifGitError, MalformedError, StoreError
from claif_git.format.messages import decode_kept
from claif_git.history.description import created_at, title_of
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.blocks import searchable
from claif_git.model.conditions import Selection, is_named
from claif_git.model.message import Message
from claif_git.model.pattern import Pattern
from claif_git.model.search import SearchHit
from claif_git.model.session import Session
from claif_git.model.spending import Counted, Spent, Tally, model_of, project_of, spent_by
from claif_git.session.reading import newest_first, session_of
from claif_git.session.working import Progress, Working

Fits = Callable[[Message], bool]
_COPY = 0.5  # as in the index
_log = logging.getLogger(__name__)


def snapshots(working: Working, progress: Progress | None = None) -> Iterator[Snapshot]:
    """Give every session that can be read, as its branch stands. It takes seconds where there are thousands."""
    return readable(working, working.store.ids(), progress)


def readable(working: Working, tips: Mapping[str, str], progress: Progress | None = None) -> Iterator[Snapshot]:
    """Give the sessions that can be read, of those that stand at `tips`; the others are named in the log."""
    for done, (session_id, tip) in enumerate(tips.items(), start=1):
        try:
            snapshot = working.peek(session_id, tip)
            if snapshot.is_session:
                _ = snapshot.shown, session_of(snapshot)
                yield snapshot
        except ClaifGitError as error:
            _log.warning("session %s is left out: %s", session_id, error)
        if progress is not None:
            progress(done, len(tips))


def selected(found: Iterable[Snapshot], wanted: Selection) -> list[Session]:
    """Give the sessions that are selected, newest change first."""
    by_id = {snapshot.session_id: snapshot for snapshot in found}

    def spoke(session: Session, name: str) -> bool:
        return any(is_named(name, model_of(message)) for _, _, message in _messages(by_id[session.id]) if message)

    return newest_first(session for session in map(session_of, by_id.values()) if wanted.holds(session, spoke))


def _messages(snapshot: Snapshot) -> Iterator[tuple[int, Entry, Message | None]]:
    """Give what a session shows, attachments left where they are; None for what breaks the format."""
    for index, entry in enumerate(snapshot.shown):
        try:
            yield index, entry, decode_kept(snapshot.blob(entry.blob))
        except MalformedError:
            yield index, entry, None
        except StoreError as error:
            _log.warning("%s: %s", snapshot.session_id, error)


def matching(found: Iterable[Snapshot], pattern: Pattern, fits: Fits) -> list[SearchHit]:
    """Give the messages that match, in each session that shows them, in no order."""
    hits: list[SearchHit] = []
    seen: set[str] = set()
    for snapshot in sorted(found, key=lambda one: (created_at(one), one.session_id)):
        title = title_of(snapshot)
        for index, entry, message in _messages(snapshot):
            if message is None or not fits(message):
                continue
            snippet = pattern.find(searchable(message.content))
            if snippet is not None:
                weight = _COPY if entry.blob in seen else 1.0
                told = (index, message.role, message.timestamp, snippet, weight)
                hits.append(SearchHit(snapshot.session_id, title, *told))
            seen.add(entry.blob)
    return hits


class _Facts(NamedTuple):
    """What counts of one version of a message."""

    blob: str
    model: str | None
    day: str
    spent: Spent | None


def totals(found: Iterable[Snapshot], fits: Fits | None, by: str | None, steps: Sequence[int]) -> Counted:
    """Count the messages that fit (None: all), by model, day, project, session or not at all, as the index does."""
    parts: defaultdict[str | None, dict[str, _Facts]] = defaultdict(dict)
    sessions: defaultdict[str | None, set[str]] = defaultdict(set)
    unreadable: set[str] = set()
    for snapshot in found:
        part = {"session": snapshot.session_id, "project": project_of(snapshot.settings.metadata)}.get(by or "")
        if fits is None and by not in {"model", "day"}:
            sessions[part].add(snapshot.session_id)
        for _, entry, message in _messages(snapshot):
            if message is None:
                unreadable.add(entry.path)
            elif fits is None or fits(message):
                facts = _facts(entry, message)
                sessions[_group(by, part, facts)].add(snapshot.session_id)
                held = parts[part].setdefault(entry.path, facts)
                parts[part][entry.path] = min(held, facts, key=lambda one: one.blob)
    every = (Tally(_group(by, part, one), *_told(one, steps)) for part, rows in parts.items() for one in rows.values())
    return Counted(list(_summed(every)), {part: len(ids) for part, ids in sessions.items()}, len(unreadable))


def _facts(entry: Entry, message: Message) -> _Facts:
    return _Facts(entry.blob, model_of(message), _day(message.timestamp), spent_by(message))


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


def _group(by: str | None, part: str | None, facts: _Facts) -> str | None:
    return {"model": facts.model, "day": facts.day}.get(by or "", part)


def _told(facts: _Facts, steps: Sequence[int]) -> tuple[str | None, bool, int, int, int, Spent]:
    spent = facts.spent or Spent(0, None, None, None, None, None)
    level = bisect.bisect_left(steps, spent.input or 0)
    return facts.model, spent.input is not None, level, 1, int(spent.total > 0), spent


def _summed(tallies: Iterable[Tally]) -> Iterator[Tally]:
    """Add up what can be priced as one."""
    held: dict[tuple[str | None, str | None, bool, int], Tally] = {}
    for one in tallies:
        before = held.get(one[:4])
        held[one[:4]] = one if before is None else _sum(before, one)
    return iter(held.values())


def _sum(a: Tally, b: Tally) -> Tally:
    spent = (None if x is None or y is None else x + y for x, y in zip(a.spent[1:], b.spent[1:], strict=True))
    return Tally(*a[:4], a.messages + b.messages, a.counted + b.counted, Spent(a.spent.total + b.spent.total, *spent))
