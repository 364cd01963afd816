"""What commands show: plain lines in a pipe, and what `claif_git.cli.pretty` makes of the same on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import ago, body, compact, heading, plural, stamp
from claif_git.model import Message, Session, iso

if TYPE_CHECKING:
    from claif_git.session import SessionManager

Numbered = Sequence[tuple[int, Message]]


def named(session: Session) -> str:
    """Name a session in a sentence: its id, title and size."""
    title = f" “{one_line(session.title)}”" if session.title else ""
    return f"{session.id}{title} ({plural(session.message_count, 'message')})"


def table(out: Output, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Show rows under headings on a terminal; in a pipe, rows parted by tabs and no headings."""
    if out.pretty:
        from claif_git.cli import pretty

        out.rendered(pretty.table(out, headings, rows))
    else:
        out.rows(rows)


def sessions(out: Output, found: Sequence[Session]) -> None:
    """List sessions."""
    when = ago if out.pretty else stamp
    rows = [(s.id, s.title or "", s.message_count, when(s.updated_at), s.template or "") for s in found]
    table(out, ("id", "title", "messages", "updated", "template"), rows)


def crashed_drafts(out: Output, manager: SessionManager) -> None:
    """Say on stderr which sessions hold turns that a crashed program had not saved."""
    for session_id in crashed_ids(manager):
        out.note(f"unsaved turns: {session_id}; to save them: claif-git session recover {session_id}")


def crashed_ids(manager: SessionManager) -> list[str]:
    """Give the ids of sessions with turns that a crashed program had not saved."""
    return sorted({draft.session_id for draft in manager.drafts() if not draft.alive})


def conversation(out: Output, session: Session, messages: Numbered, *, raw: bool, whole: bool) -> None:
    """Show messages with their numbers, below what the session says of itself (if `whole`)."""
    if out.pretty and not raw:
        from claif_git.cli import pretty

        out.rendered(pretty.conversation(out, facts(session) if whole else [], messages))
        return
    if whole:
        for name, value in facts(session):
            out.line(f"{name:<12}{one_line(value)}")
    for position, (index, message) in enumerate(messages):
        if whole or position:
            out.line()
        out.line(one_line(heading(index, message)))
        out.data(f"{body(message)}\n") if raw else out.line(body(message))


def raw_texts(out: Output, messages: Numbered) -> None:
    """Print messages' texts and nothing else."""
    for _, message in messages:
        out.data(f"{body(message)}\n")


def facts(session: Session) -> list[tuple[str, str]]:
    """Give what a session says of itself, empty things left out."""
    told = [
        ("id", session.id),
        ("title", session.title or ""),
        ("template", session.template or ""),
        ("created", stamp(session.created_at)),
        ("updated", stamp(session.updated_at)),
        ("messages", str(session.message_count)),
        ("metadata", compact(session.metadata) if session.metadata else ""),
        ("parameters", compact(session.parameters) if session.parameters else ""),
    ]
    return [(name, value) for name, value in told if value]


def figures(out: Output, values: Mapping[str, Any]) -> None:
    """Show names and values: two columns on a terminal, parted by a tab in a pipe; nested names are joined by dots."""
    table(out, ("figure", "value"), [(name, value) for name, value in _flat(values, "")])


def _flat(values: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, float):
            yield f"{prefix}{name}", decimal(value)
        else:
            yield f"{prefix}{name}", "" if value is None else value if isinstance(value, str) else compact(value)


def decimal(value: float) -> str:
    """Write a number as data: six digits of it, wherever they stand."""
    return f"{value:.6g}"


def plain_data(value: Any) -> Any:
    """Give JSON data for whatever a report is made of: dataclasses, moments, tuples."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain_data(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain_data(item) for item in value]
    return iso(value) if isinstance(value, datetime) else value
