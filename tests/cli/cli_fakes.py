"""A manager made of dicts, and one run of the command line with its output caught."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from claif_git.cli.app import run
from claif_git.cli.context import Run
from claif_git.cli.terminal import Output
from claif_git.errors import AmbiguousIdError, SessionNotFoundError
from claif_git.merge.result import MergeResult
from claif_git.model import Message, Session
from claif_git.model.conditions import Selection

START = datetime(2026, 11, 24, 21, 32, tzinfo=UTC)


class Screen(io.StringIO):
    """Text that is caught; a terminal, if told so."""

    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def session_of(session_id: str, *said: tuple[str, Any] | Message, **fields: Any) -> Session:
    messages = [
        one if isinstance(one, Message) else Message(one[0], one[1], START + timedelta(seconds=index))  # type: ignore[arg-type]
        for index, one in enumerate(said)
    ]
    session = Session(session_id, START, START + timedelta(minutes=len(said)), **fields)
    session.messages = messages
    return session


@dataclass
class Draft:
    session_id: str
    alive: bool = False


@dataclass
class Fake(AbstractContextManager["Fake"]):
    """What the commands call, on sessions in memory. `calls` is what was asked of it."""

    path: Path = Path("/nowhere")
    held: dict[str, Session] = field(default_factory=dict)
    trash: dict[str, Session] = field(default_factory=dict)
    calls: list[tuple[Any, ...]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    left: list[Draft] = field(default_factory=list)

    def __exit__(self, *_: object) -> None:
        self.calls.append(("close",))

    def __getattr__(self, name: str) -> Any:
        def record(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, args, kwargs))
            answer = self.answers.get(name)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        return record

    def resolve(self, prefix: str) -> str:
        found = [one for one in self.held if one.startswith(prefix)]
        if not found:
            raise SessionNotFoundError(prefix)
        if len(found) > 1:
            raise AmbiguousIdError(prefix, found)
        return found[0]

    def get_session(self, session_id: str) -> Session:
        return self.held[self.resolve(session_id)]

    def list_sessions(
        self, filter_metadata: dict[str, Any] | None = None, *, limit: int | None = None, **narrowed: Any
    ) -> list[Session]:
        narrowed.pop("progress", None)
        return self._selected(self.held, filter_metadata, narrowed)[:limit]

    def trashed_sessions(self, filter_metadata: dict[str, Any] | None = None, **narrowed: Any) -> list[Session]:
        return self._selected(self.trash, filter_metadata, narrowed)

    @staticmethod
    def _selected(held: dict[str, Session], equal: dict[str, Any] | None, narrowed: dict[str, Any]) -> list[Session]:
        asked = {"where": (), "since": None, "until": None, "model": None} | narrowed
        wanted = Selection.of(equal, asked["where"], asked["since"], asked["until"], asked["model"])
        return [
            session
            for session in held.values()
            if wanted.holds(session, lambda one, name: name in {said.model for said in one.messages})
        ]

    def drafts(self) -> list[Draft]:
        return self.left

    def merge_sessions(self, primary: str, secondary: str, strategy: str, **kwargs: Any) -> MergeResult:
        resolver = kwargs.get("resolver")
        picked = resolver(self.held[secondary].messages) if resolver else None
        self.calls.append(("merge_sessions", (primary, secondary, strategy), {**kwargs, "picked": picked}))
        return self.answers.get("merge_sessions") or MergeResult(primary)


@dataclass
class Ran:
    code: int
    out: str
    err: str


def claif(
    *args: str, manager: Any = None, terminal: bool = False, terminal_err: bool = False, no_colour: bool = True
) -> Ran:
    """Run one command line in this process, with a manager of one's own or the real one."""
    stdout, stderr = Screen(terminal=terminal), Screen(terminal=terminal_err)
    output = Output(stdout, stderr, no_colour=no_colour)
    code = run(args, Run(output, lambda _: manager, lambda _: True) if manager is not None else Run(output))
    return Ran(code, stdout.getvalue(), stderr.getvalue())
