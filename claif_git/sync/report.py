"""What an exchange with a remote did, session by session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one session."""

    NEW = "new"
    UPDATED = "updated"
    FAST_FORWARD = "fast-forward"
    MERGED = "merged"
    UP_TO_DATE = "up-to-date"
    SENT = "sent"
    DELETED = "deleted"
    SURVIVED = "survived"
    BEHIND = "behind"
    ABSENT = "absent"
    SET_ASIDE = "set-aside"
    DIVERGED = "diverged"
    REFUSED = "refused"


_PROBLEMS = (Outcome.SET_ASIDE, Outcome.DIVERGED, Outcome.REFUSED)
_CHANGES = (
    Outcome.NEW,
    Outcome.UPDATED,
    Outcome.FAST_FORWARD,
    Outcome.MERGED,
    Outcome.SENT,
    Outcome.DELETED,
)


@dataclass(frozen=True, slots=True)
class SessionReport:
    """One session: `outcome`, a line of `detail` where there is something to say, and how many `commits` moved."""

    session_id: str
    outcome: Outcome
    detail: str = ""
    commits: int = 0


@dataclass(slots=True)
class SyncReport:
    """What a fetch, pull or push did with a remote. With `dry_run`, what it would have done.

    `templates` are the names of templates that came or went along; `notes` what concerns no single session.
    """

    remote: str
    verb: str
    dry_run: bool = False
    sessions: list[SessionReport] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, session_id: str, outcome: Outcome, detail: str = "", commits: int = 0) -> None:
        """Note what became of a session."""
        self.sessions.append(SessionReport(session_id, outcome, detail, commits))

    def of(self, session_id: str) -> SessionReport | None:
        """Give what became of a session; None if it was not concerned."""
        return next((one for one in self.sessions if one.session_id == session_id), None)

    @property
    def problems(self) -> list[SessionReport]:
        """The sessions that did not go through."""
        return [one for one in self.sessions if one.outcome in _PROBLEMS]

    @property
    def changed(self) -> list[SessionReport]:
        """The sessions that were moved, here or there."""
        return [one for one in self.sessions if one.outcome in _CHANGES]

    @property
    def ok(self) -> bool:
        """Whether every session went through."""
        return not self.problems
