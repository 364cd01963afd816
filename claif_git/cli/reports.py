"""What searches, histories, merges, imports and exchanges with remotes report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from claif_git.cli.terminal import Output
from claif_git.cli.text import ago, plural, stamp
from claif_git.cli.views import plain_data, table

if TYPE_CHECKING:
    from claif_git.merge.result import MergeResult
    from claif_git.session.importing import ImportReport

_SHORT = 10


def hits(out: Output, found: Sequence[Any]) -> None:
    """List what a search found."""
    when = ago if out.pretty else stamp
    rows = [
        (hit.session_id, f"#{hit.message_index}", hit.role, when(hit.timestamp), hit.title or "", hit.snippet)
        for hit in found
    ]
    table(out, ("id", "#", "role", "said", "title", "snippet"), rows)


def turns(out: Output, found: Sequence[Any]) -> None:
    """List turns."""
    when = ago if out.pretty else stamp
    rows = [
        (
            turn.commit[:_SHORT],
            when(turn.time),
            "" if turn.message_index is None else f"#{turn.message_index}",
            turn.author.partition(" <")[0] if out.pretty else turn.author,
            turn.subject,
        )
        for turn in found
    ]
    table(out, ("commit", "when", "#", "author", "subject"), rows)


def merge_notes(out: Output, result: MergeResult) -> None:
    """Say on stderr what a merge did, and what both sides had changed."""
    if result.outcome == "up-to-date":
        out.note("nothing to merge: it is all there")
        return
    dropped = f", {len(result.dropped)} left out" if result.dropped else ""
    out.note(f"{result.outcome}: {plural(len(result.added), 'message')} added{dropped}")
    for conflict in result.conflicts:
        out.note(f"both changed {conflict.key} of {conflict.path}: kept {conflict.ours!r}, not {conflict.theirs!r}")


def imports(out: Output, reports: Sequence[tuple[str, ImportReport]], *, json: bool) -> None:
    """List the sessions that files were imported into; on stderr, the lines that could not be read."""
    for name, report in reports:
        for problem in report.problems:
            where = name if problem.line is None else f"{name}:{problem.line}"
            out.note(f"warning: {where}: {problem.reason}")
    found = [(name, one) for name, report in reports for one in report.sessions]
    if json:
        out.json([{"file": name, **plain_data(one)} for name, one in found])
    else:
        rows = [(one.id, one.title or "", one.added, one.outcome) for _, one in found]
        table(out, ("id", "title", "added", "outcome"), rows)


def nothing_read(reports: Sequence[tuple[str, ImportReport]]) -> bool:
    """Whether files held nothing but lines that could not be read."""
    return not any(report.sessions for _, report in reports) and any(report.problems for _, report in reports)


def sync(out: Output, report: Any, *, json: bool) -> None:
    """List what was exchanged with a remote."""
    if json:
        out.json(plain_data(report))
