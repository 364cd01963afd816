"""How the sessions of a store stand: index, drafts, trash, marks, and every file of every session."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from claif_git.errors import ClaifGitError, IndexUnavailableError, MalformedError, StoreError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.snapshot import Snapshot
from claif_git.session import saving, trash
from claif_git.session.finding import Finder
from claif_git.session.findings import MARKS, NOTE, OK, PROBLEM, REINDEX, Finding, many
from claif_git.session.store import DRAFTS
from claif_git.session.upkeep_checks import bringing_back
from claif_git.session.working import Progress, Working

_OID = re.compile(rb"[0-9a-f]{40}\s*")


def index(working: Working, finder: Finder, shown: dict[str, tuple[str, int]]) -> Iterator[Finding]:
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


def _rows(rows: dict[str, tuple[str, int]], shown: dict[str, tuple[str, int]]) -> Iterator[Finding]:
    """Hold the index to what sessions show: a row of the right tip is right, or the index is damaged."""
    for session_id, (tip, count) in rows.items():
        seen = shown.get(session_id)
        if seen is not None and seen[0] == tip and seen[1] != count:
            told = f"it says that {session_id} shows {many(count, 'message')}, not {seen[1]:,}"
            yield Finding("index", PROBLEM, told, "claif-git reindex", session_id, REINDEX)


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


def sessions(working: Working, shown: dict[str, tuple[str, int]], progress: Progress | None) -> Iterator[Finding]:
    """Read every session; name each file that breaks the format, and each that is not there.

    `shown` is filled with each session's tip, and how many messages it shows.
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

    def __init__(self, working: Working, shown: dict[str, tuple[str, int]]) -> None:
        self._working, self._shown = working, shown
        self._sound: set[tuple[str, str | None]] = set()

    def problems(self, session_id: str, tip: str) -> Iterator[Finding]:
        """Say what is wrong with a session."""
        try:
            snapshot = self._working.peek(session_id, tip)
            if not snapshot.is_session:
                return
            if snapshot.settings.later_format:
                told = f"{session_id}: {snapshot.settings.later_format}"
                yield Finding("sessions", NOTE, told, "upgrade claif-git", session_id)
            self._shown[session_id] = (tip, len(snapshot.shown))
            for error in [*snapshot.problems, *self._messages(snapshot)]:
                yield Finding("sessions", PROBLEM, str(error), _advice(error, session_id), session_id)
        except ClaifGitError as error:
            yield Finding("sessions", PROBLEM, f"{session_id}: {error}", self._bringing_back, session_id)

    @cached_property
    def _bringing_back(self) -> str:
        return bringing_back(self._working.repo)

    def _messages(self, snapshot: Snapshot) -> Iterator[MalformedError]:
        held = snapshot.root.get(layout.ATTACHMENTS)
        attachments = held.oid if isinstance(held, Folder) else None
        for entry in snapshot.files:
            if (entry.blob, attachments) in self._sound:
                continue
            try:
                snapshot.message(entry)
                self._sound.add((entry.blob, attachments))
            except MalformedError as error:
                yield error
            except StoreError as error:
                path = f"{layout.MESSAGES}/{entry.path}"
                yield MalformedError(str(error), session_id=snapshot.session_id, path=path)


def _advice(error: MalformedError, session_id: str) -> str:
    return f"git show {session_id}:{error.path}" if error.path else ""
