"""What `status` says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from claif_git.cli.terminal import Output
from claif_git.cli.text import ago, plural
from claif_git.cli.views import plain_data, table

if TYPE_CHECKING:
    from claif_git.session.standing import SessionStatus, StoreStatus

_QUIET = ("up-to-date", "local")


def data(found: StoreStatus) -> Any:
    """Give it as JSON data."""
    return plain_data(found)


def show(out: Output, found: StoreStatus, *, everything: bool) -> None:
    """List the sessions of which there is something to say, or `everything`; on stderr, what it all means."""
    told = [one for one in found.sessions if everything or one.unsaved or one.state not in _QUIET]
    rows = [(one.session_id, one.state, _counts(one), _unsaved(one), "leaves" * one.leaves, one.title) for one in told]
    table(out, ("id", "state", "commits", "unsaved", "next push", "title"), rows)
    if not found.remote:
        out.note("no remote; to name one: claif-git remote add origin ADDRESS")
    elif found.seen is None:
        out.note(f"{found.remote} was never looked at; to look: claif-git status --fetch")
    else:
        out.note(f"beside {found.remote} as it was {ago(found.seen)}")
    _summary(out, found)


def _counts(one: SessionStatus) -> str:
    return " ".join([f"+{one.ahead}"] * bool(one.ahead) + [f"-{one.behind}"] * bool(one.behind))


def _unsaved(one: SessionStatus) -> str:
    return f"{one.unsaved}{' (crashed)' * one.crashed}" if one.unsaved else ""


def _summary(out: Output, found: StoreStatus) -> None:
    states = [one.state for one in found.sessions]
    if same := states.count("up-to-date"):  # type: ignore[arg-type]  # a str's own kind
        out.note(f"{plural(same, 'session')} up to date")
    if alone := states.count("local"):  # type: ignore[arg-type]
        out.note(f"{plural(alone, 'session')} only here; to send: claif-git push ID")
    for one in found.sessions:
        if one.crashed:
            out.note(f"unsaved turns: {one.session_id}; to save them: claif-git session recover {one.session_id}")
