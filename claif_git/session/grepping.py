"""Looking for a pattern, line by line: in what the sessions show now, or in everything that was ever said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claif_git.errors import InvalidInputError, MalformedError, SessionNotFoundError, StoreError
from claif_git.format import layout
from claif_git.history.additions import Additions
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.model.blocks import searchable
from claif_git.model.times import iso
from claif_git.session.reading import session_of
from claif_git.session.revisions import introduced
from claif_git.session.store import DRAFTS, TRASH, unique
from claif_git.session.working import Progress, Working, counting

SHOWN, DROPPED, EDITED, UNSAVED, DELETED = "shown", "dropped", "edited", "unsaved", "deleted"


@dataclass(frozen=True, slots=True)
class Found:
    """A line that matches.

    state          "shown"; "dropped" from the session; an "edited" message's earlier words; "unsaved" in a draft;
                   or in a "deleted" session
    message_index  where the message stands in its session; None unless it is shown
    commit         one that has it: the tip for what is shown, else the one that said it or a later one
    line, number   the line, and its number in the message, from 1
    spans          where in the line it matches: start and end, in characters
    """

    session_id: str
    message_index: int | None
    state: str
    role: str
    timestamp: datetime
    commit: str
    path: str
    number: int
    line: str
    spans: tuple[tuple[int, int], ...]

    def to_data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        data = {name: getattr(self, name) for name in self.__slots__}
        return data | {"timestamp": iso(self.timestamp), "spans": [list(span) for span in self.spans]}


Matcher = Callable[[str], Iterable[re.Match[str]]]


def matcher(pattern: str, *, fixed: bool = False, ignore_case: bool = False) -> Matcher:
    """Give what finds a pattern in a line. InvalidInputError if it is no regular expression.

    Regular expressions are Python's. One can be written that takes for ever on some line, here as anywhere: take
    what comes from others as `fixed`, which never does.
    """
    try:
        compiled = re.compile(re.escape(pattern) if fixed else pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidInputError(
            f"not a regular expression: {error}", hint="as plain text: --fixed-strings, or fixed=True"
        ) from None
    return compiled.finditer


def grep(
    working: Working,
    find: Matcher,
    prefixes: Sequence[str] | None = None,
    *,
    all_history: bool = False,
    progress: Progress | None = None,
) -> Iterator[Found]:
    """Give the lines that match, session by session in the order in which they were made (or named), each message once.

    A message that several sessions share is told where it is met first. `all_history` also looks through what was
    dropped, earlier words of edited messages, drafts, and deleted sessions. `progress` hears of sessions; where none is
    named they are gone through twice, first for when they were made.
    """
    search = _Search(working, find)
    for session_id in counting(_chosen(working, prefixes, progress, all_history=all_history), progress):
        for place in _places(working, session_id, all_history=all_history):
            yield from search.lines(place)


def _chosen(
    working: Working, prefixes: Sequence[str] | None, progress: Progress | None, *, all_history: bool
) -> list[str]:
    if prefixes:
        return [_resolved(working, prefix, all_history=all_history) for prefix in prefixes]
    found = (working.peek(name, tip) for name, tip in counting(working.store.ids().items(), progress))
    sessions = sorted((session_of(one) for one in found if one.is_session), key=lambda one: (one.created_at, one.id))
    ids = [session.id for session in sessions]
    buried = sorted(name for name, _, _ in working.store.commits(TRASH)) if all_history else []
    return ids + [name for name in buried if name not in ids]


def _resolved(working: Working, prefix: str, *, all_history: bool) -> str:
    try:
        return working.resolve(prefix)
    except SessionNotFoundError:
        if not all_history:
            raise
        return unique(prefix, working.store.trashed())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a version of a message stands. `dug` says that nobody looked yet which commit said it."""

    snapshot: Snapshot
    entry: Entry
    state: str
    index: int | None = None
    dug: bool = False


def _places(working: Working, session_id: str, *, all_history: bool) -> Iterator[_Place]:
    tip = working.store.tip(session_id)
    if tip is None:
        buried = working.repo.read_commit(working.store.trashed()[session_id])
        yield from _everything(working, working.peek(session_id, buried.parents[0]), DELETED)
        return
    now = working.read(session_id)
    for index, entry in enumerate(now.shown):
        yield _Place(now, entry, SHOWN, index)
    if all_history:
        yield from _everything(working, now, "")
        for _, draft, _ in working.store.commits(f"{DRAFTS}{session_id}/"):
            yield from _everything(working, working.peek(session_id, draft), UNSAVED)


def _everything(working: Working, snapshot: Snapshot, state: str) -> Iterator[_Place]:
    """Give what a tree holds, shown or left out, then what its history holds beside."""
    for entry in snapshot.files:
        yield _Place(snapshot, entry, state or DROPPED, dug=True)
    additions = Additions(working.repo)
    for oid, commit in additions.walk([snapshot.commit]):
        then = working.peek(snapshot.session_id, oid)
        for entry in additions.versions(commit):
            held = snapshot.root.get(f"{layout.MESSAGES}/{entry.path}") is not None
            yield _Place(then, entry, state or (EDITED if held else DROPPED))


class _Search:
    """Looks through messages, each version of each only once."""

    def __init__(self, working: Working, find: Matcher) -> None:
        self._repo, self._find = working.repo, find
        self._seen: set[Entry] = set()

    def lines(self, place: _Place) -> Iterator[Found]:
        """Give the lines that match in one version of a message."""
        if place.entry in self._seen:
            return
        self._seen.add(place.entry)
        try:
            message = place.snapshot.message(place.entry)
        except (MalformedError, StoreError):
            return  # reading the session tells of it; here it is no line that could match
        commit = ""
        for number, line in enumerate(searchable(message.content).split("\n"), start=1):
            spans = tuple(match.span() for match in self._find(line))
            if spans:
                commit = commit or self._commit(place)
                yield Found(
                    session_id=place.snapshot.session_id,
                    message_index=place.index,
                    state=place.state,
                    role=message.role.value,
                    timestamp=message.timestamp,
                    commit=commit,
                    path=place.entry.path,
                    number=number,
                    line=line,
                    spans=spans,
                )

    def _commit(self, place: _Place) -> str:
        return introduced(self._repo, place.snapshot.commit, place.entry.path) if place.dug else place.snapshot.commit
