"""How the sessions of a store stand: index, drafts, trash, marks, and every file of every session."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from claif_git.errors import ClaifGitError, IndexUnavailableError, MalformedError, StoreError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.snapshot import Snapshot
from claif_git.model.spending import spent_by
from claif_git.session import saving, trash
from claif_git.session.finding import Finder
from claif_git.session.findings import MARKS, NOTE, OK, PROBLEM, REINDEX, Finding, many
from claif_git.session.store import DRAFTS
from claif_git.session.upkeep_checks import bringing_back
from claif_git.session.working import Progress, Working

if TYPE_CHECKING:
    from claif_git.index.health import Row

_OID = re.compile(rb"[0-9a-f]{40}\s*")


class Looked(NamedTuple):
    """What a session shows at its tip: how many messages, and the sum of their tokens; None if not all can be read."""

    tip: str
    messages: int
    tokens: int | None


def index(working: Working, finder: Finder, shown: dict[str, Looked]) -> Iterator[Finding]:
    """Look at the index, without building or catching up anything; `shown` is what `sessions` found."""
    tips = working.store.ids()
    try:
        found = finder.index.health(tips)
    except IndexUnavailableError as error:
        yield Finding("index", NOTE, f"{error}; lists are read from git, and slower")
        return
    match found.state:
        case "absent":
            yield Finding("index", OK, "there is none; the next list or search builds it")
        case "sound":
            yield from _rows(found.rows, shown)
            held = f"{many(len(found.rows), 'session')}, {many(found.messages, 'message')}, {found.bytes:,} bytes"
            yield Finding("index", OK, f"{_freshness(found.behind, found.unplaced)}: {held}")
        case "folder":
            told = f"{found.path} is a folder: there can be no index"
            yield Finding("index", PROBLEM, told, f"move it away: mv {found.path} {found.path}.old")
        case "earlier" | "later":
            yield Finding("index", NOTE, f"{found.path} was made by a version of claif-git that is {found.state}")
        case "busy":
            yield Finding("index", NOTE, f"{found.path} cannot be looked at: {found.reason}")
        case _:
            told = f"{found.path} is damaged: {found.reason}"
            yield Finding("index", PROBLEM, told, "claif-git reindex", repair=REINDEX)


def _freshness(behind: int, unplaced: int) -> str:
    if behind:
        return f"behind by {many(behind, 'session')}, which the next list or search adds"
    return (
        f"fresh, but for the messages of {many(unplaced, 'session')}, which the next search adds"
        if unplaced
        else "fresh"
    )


def _rows(rows: Mapping[str, Row], shown: Mapping[str, Looked]) -> Iterator[Finding]:
    """Hold the index to what sessions show: a row of the right tip is right, or the index is damaged."""
    for session_id, row in rows.items():
        seen = shown.get(session_id)
        told = _difference(session_id, row, seen) if seen is not None and seen.tip == row.tip else ""
        if told:
            yield Finding("index", PROBLEM, told, "claif-git reindex", session_id, REINDEX)


def _difference(session_id: str, row: Row, seen: Looked) -> str:
    if row.messages != seen.messages:
        return f"it says that {session_id} shows {many(row.messages, 'message')}, not {seen.messages:,}"
    if row.held is not None and row.held != seen.messages:
        return f"it holds {many(row.held, 'message')} of {session_id}, not {seen.messages:,}"
    if row.tokens is not None and seen.tokens is not None and row.tokens != seen.tokens:
        return f"it says that {session_id} took {many(row.tokens, 'token')}, not {seen.tokens:,}"
    return ""


def drafts(working: Working) -> Iterator[Finding]:
    """Look at what is not saved: whose it is, and whether those still run."""
    names = [name for name, _, _ in working.store.commits(DRAFTS)]
    if not names:
        yield Finding("drafts", OK, "none")
    for name in names:
        session_id, _, manager = name.rpartition("/")
        if working.store.tip(session_id) is None:
            yield Finding("drafts", OK, f"unsaved turns of {session_id} wait for it to be restored", "", session_id)
        elif saving.is_alive(working, manager):
            yield Finding("drafts", OK, f"a running program has unsaved turns of {session_id}", "", session_id)
        else:
            told = f"a program that crashed left unsaved turns of {session_id}"
            yield Finding("drafts", PROBLEM, told, f"claif-git session recover {session_id}", session_id)


def trashed(working: Working) -> Iterator[Finding]:
    """Look at the trash."""
    buried = working.store.trashed()
    expired = trash.expire(working, dry_run=True)
    if expired:
        told = f"{many(len(buried), 'deleted session')}, {len(expired):,} of them older than {trash.KEPT.days} days"
        yield Finding("trash", NOTE, told, "claif-git gc forgets those")
    else:
        yield Finding("trash", OK, f"{many(len(buried), 'deleted session')} to be restored, if need be")


def marks(working: Working) -> Iterator[Finding]:
    """Look at the marks that say up to where histories have been looked through."""
    wrong = _wrong_marks(working)
    if wrong:
        told = f"of no use: {many(len(wrong), 'mark')} of what was looked through, as that of {wrong[0].name}"
        yield Finding("marks", NOTE, told, "claif-git doctor --fix", repair=MARKS)
    else:
        yield Finding("marks", OK, f"{many(len(_marks(working)), 'mark')} of what was looked through")


def _marks(working: Working) -> list[Path]:
    folder = working.repo.path / "claif" / "checked"
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _wrong_marks(working: Working) -> list[Path]:
    known = working.store.ids().keys() | working.store.trashed().keys()
    return [path for path in _marks(working) if path.name not in known or not _is_mark(working, path)]


def _is_mark(working: Working, path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return bool(_OID.fullmatch(data)) and working.repo.has(data.decode().strip())


def remove_marks(working: Working) -> None:
    """Remove the marks that are of no use: what they spared is looked through once more."""
    for path in _wrong_marks(working):
        path.unlink(missing_ok=True)


def sessions(working: Working, shown: dict[str, Looked], progress: Progress | None) -> Iterator[Finding]:
    """Read every session; name each file that breaks the format, and each that is not there.

    `shown` is filled with what each session shows.
    """
    shown.clear()
    reader = _Reader(working, shown)
    tips = working.store.ids()
    wrong = 0
    for done, (session_id, tip) in enumerate(tips.items(), start=1):
        for problem in reader.problems(session_id, tip):
            wrong += 1
            yield problem
        if progress is not None:
            progress(done, len(tips))
    if not wrong:
        yield Finding("sessions", OK, f"{many(len(shown), 'session')}, every file of which can be read")


class _Reader:
    """Reads sessions; what several show, once."""

    def __init__(self, working: Working, shown: dict[str, Looked]) -> None:
        self._working, self._shown = working, shown
        self._tokens: dict[tuple[str, str | None], int] = {}
        """Of each message that is sound, by its blob and the folder of the attachments that it may name."""

    def problems(self, session_id: str, tip: str) -> Iterator[Finding]:
        """Say what is wrong with a session."""
        try:
            snapshot = self._working.peek(session_id, tip)
            if not snapshot.is_session:
                return
            if snapshot.settings.later_format:
                told = f"{session_id}: {snapshot.settings.later_format}"
                yield Finding("sessions", NOTE, told, "upgrade claif-git", session_id)
            self._shown[session_id] = Looked(tip, len(snapshot.shown), None)
            problems = [*snapshot.problems, *self._messages(snapshot)]
            self._shown[session_id] = Looked(tip, len(snapshot.shown), self._taken(snapshot))
            for error in problems:
                yield Finding("sessions", PROBLEM, str(error), _advice(error, session_id), session_id)
        except ClaifGitError as error:
            yield Finding("sessions", PROBLEM, f"{session_id}: {error}", self._bringing_back, session_id)

    @cached_property
    def _bringing_back(self) -> str:
        return bringing_back(self._working.repo)

    def _taken(self, snapshot: Snapshot) -> int | None:
        """Add up the tokens of the messages that a session shows, once they are read."""
        attachments = _attachments(snapshot)
        every = [self._tokens.get((entry.blob, attachments)) for entry in snapshot.shown]
        known = [tokens for tokens in every if tokens is not None]
        return sum(known) if len(known) == len(every) else None

    def _messages(self, snapshot: Snapshot) -> Iterator[MalformedError]:
        attachments = _attachments(snapshot)
        for entry in snapshot.files:
            if (entry.blob, attachments) in self._tokens:
                continue
            try:
                spent = spent_by(snapshot.message(entry))
                self._tokens[entry.blob, attachments] = spent.total if spent else 0
            except MalformedError as error:
                yield error
            except StoreError as error:
                path = f"{layout.MESSAGES}/{entry.path}"
                yield MalformedError(str(error), session_id=snapshot.session_id, path=path)


def _attachments(snapshot: Snapshot) -> str | None:
    held = snapshot.root.get(layout.ATTACHMENTS)
    return held.oid if isinstance(held, Folder) else None


def _advice(error: MalformedError, session_id: str) -> str:
    return f"git show {session_id}:{error.path}" if error.path else ""
