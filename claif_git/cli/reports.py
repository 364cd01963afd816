"""What searches, histories, merges, imports and exchanges with remotes report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from claif_git.cli.errors import FAILURE
from claif_git.cli.paint import DIM, HASH, NEW, OLD, line, paint
from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import ago, plural, stamp
from claif_git.cli.views import decimal, plain_data, table
from claif_git.errors import RemoteError

if TYPE_CHECKING:
    from claif_git.analytics.totals import Figures, StoreStats
    from claif_git.git.transport import Address
    from claif_git.merge.result import MergeResult
    from claif_git.model.search import SearchHit
    from claif_git.session.findings import Finding
    from claif_git.session.importing import ImportReport
    from claif_git.session.operations import Operation
    from claif_git.session.undoing import Undone
    from claif_git.sync.report import SessionReport, SyncReport

_SHORT = 10
_TOLD = (
    *("sessions", "messages", "total_tokens", "input_tokens", "output_tokens", "cache_read_tokens"),
    "cache_write_tokens",
)


def hits(out: Output, found: Sequence[SearchHit]) -> None:
    """List what a search found: on a terminal with its words marked."""
    if out.pretty:
        from claif_git.cli import pretty

        out.rendered(pretty.hits(out, found))
        return
    for hit in found:
        said = stamp(hit.timestamp)
        out.row((hit.session_id, f"#{hit.message_index}", hit.role, said, hit.title or "", hit.snippet))


def merge_notes(out: Output, result: MergeResult) -> None:
    """Say on stderr what a merge did, and what both sides had changed."""
    if result.outcome == "up-to-date":
        out.note("nothing to merge: it is all there")
        return
    if result.outcome == "undone":
        out.note(f"nothing to merge: it was merged, and undone since; {_brought_back(str(result))}")
        return
    dropped = f", {len(result.dropped)} left out" if result.dropped else ""
    out.note(f"{result.outcome}: {plural(len(result.added), 'message')} added{dropped}")
    for conflict in result.conflicts:
        out.note(f"both changed {conflict.key} of {conflict.path}: kept {conflict.ours!r}, not {conflict.theirs!r}")


def _brought_back(session_id: str, by: str = "") -> str:
    return f"to bring it back: claif-git redo {session_id}, or {by or f'claif-git reset {session_id} --to REV'}"


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
    for _, one in found:
        if one.undone:
            back = f"claif-git session restore {one.id}" if one.outcome == "deleted" else ""
            out.note(f"{one.id}: an undo took {plural(one.undone, 'message')} back; {_brought_back(one.id, back)}")


def nothing_read(reports: Sequence[tuple[str, ImportReport]]) -> bool:
    """Whether files held nothing but lines that could not be read."""
    return not any(report.sessions for _, report in reports) and any(report.problems for _, report in reports)


@contextmanager
def exchange(out: Output, *, json: bool) -> Iterator[Callable[[str], None]]:
    """Give what shows how far an exchange with a remote is, and show what went through if it then fails."""
    try:
        yield out.progress
    except RemoteError as error:
        out.progress("")
        if error.report is not None:
            _list(out, error.report, json=json)
        raise
    finally:
        out.progress("")


@contextmanager
def exchanges(
    out: Output, done: list[SyncReport], *, json: bool, named: bool = False
) -> Iterator[Callable[[str], None]]:
    """Do as `exchange` does for several reports, which come to be in `done`. typer.Exit if something did not go."""
    try:
        yield out.progress
    except RemoteError as error:
        out.progress("")
        if error.report is not None:
            done.append(error.report)  # type: ignore[arg-type]  # one of them is what it holds
        if done:
            exchanged(out, done, json=json)
        raise
    finally:
        out.progress("")
    exchanged(out, done, json=json, named=named)
    if not all(report.ok for report in done):
        raise typer.Exit(FAILURE)


def exchanged(out: Output, done: Sequence[SyncReport], *, json: bool, named: bool = False) -> None:
    """List several exchanges with one remote, one after the other; as `sync` does."""
    for report in done:
        _asides(out, report, named=named)
    if json:
        out.json([plain_data(report) for report in done])
        return
    rows = [row for report in done for row in _rows(report, named=named)]
    table(out, ("id", "outcome", "commits", "detail"), rows)
    if done and not rows and all(report.ok and not report.notes for report in done):
        out.note(f"{done[0].remote}: everything is up to date")


def sync(out: Output, report: SyncReport, *, json: bool, named: bool = False) -> None:
    """List what was exchanged with a remote. typer.Exit if something did not go through.

    Where the sessions were `named`, it is also said why one of them needed nothing, if there is a reason.
    """
    _list(out, report, json=json, named=named)
    _end(report)


def cloned(out: Output, report: SyncReport) -> None:
    """Say what of a remote did not come along. typer.Exit if something did not."""
    _asides(out, report)
    _end(report)


def secrets(out: Output, address: Address) -> None:
    """Say where an address's password now stands, and where it would stand better."""
    if address.has_secret:
        out.note(
            "note: the password stands in the store's config, in plain text; git's credential helpers keep it better"
        )


def _end(report: SyncReport) -> None:
    if not report.ok:
        raise typer.Exit(FAILURE)


def _asides(out: Output, report: Any, *, named: bool = False) -> None:
    for note in report.notes:
        out.note(f"note: {note}")
    for one in report.sessions if named else ():
        if _is_still(one):
            out.note(f"note: {one.session_id}: {one.detail}")
    for one in report.problems:
        out.note(f"warning: {one.session_id} {one.outcome}: {one.detail}")


def _is_still(one: SessionReport) -> bool:
    return bool(one.outcome == "up-to-date" and one.detail)


def _list(out: Output, report: Any, *, json: bool, named: bool = False) -> None:
    _asides(out, report, named=named)
    if json:
        out.json(plain_data(report))
        return
    rows = _rows(report, named=named)
    table(out, ("id", "outcome", "commits", "detail"), rows)
    if report.verb == "push" and not report.sessions:
        out.note(f"{report.remote} has no session of this store yet; name those to send, or say --all")
    elif not rows and not report.problems and not report.notes:
        out.note(f"{report.remote}: everything is up to date")
    elif report.dry_run:
        out.note("dry run: nothing was sent")


def _rows(report: SyncReport, *, named: bool) -> list[tuple[object, ...]]:
    moved = [one for one in report.sessions if one.outcome != "up-to-date" or (named and _is_still(one))]
    told = [one for one in moved if one not in report.problems]
    rows: list[tuple[object, ...]] = [(one.session_id, one.outcome, one.commits, one.detail) for one in told]
    return rows + [(name, "template", "", "") for name in report.templates]


def stats_data(stats: StoreStats) -> dict[str, Any]:
    """Give a store's figures as JSON data."""
    groups = [{"name": name, **plain_data(figures)} for name, figures in stats.groups]
    return {
        **plain_data(stats.total),
        "unreadable": stats.unreadable,
        "prices_as_of": stats.prices_as_of,
        "by": stats.by,
        "groups": groups,
    }


def groups(out: Output, stats: StoreStats) -> None:
    """List a store's figures by group; on a terminal the total stands below."""
    price = _cents if out.pretty else decimal
    rows = [_figures(name or "-", figures, price) for name, figures in stats.groups]
    if out.pretty and rows:
        rows.append(_figures("total", stats.total, price))
    headings = ("sessions", "messages", "tokens", "input", "output", "cache read", "cache write", "cost")
    table(out, (stats.by or "", *headings), rows)


def _figures(name: str, figures: Figures, price: Callable[[float], str]) -> tuple[object, ...]:
    told = [getattr(figures, field) for field in _TOLD]
    return (name, *told, "" if figures.cost is None else price(figures.cost))


def _cents(cost: float) -> str:
    return "<0.01" if 0 < cost < 0.01 else f"{cost:.2f}"


def findings(out: Output, found: Sequence[Finding]) -> None:
    """List what doctor found; on a terminal with what to do about it below."""
    for one in found:
        state = "fixed" if one.fixed else one.level
        hint = "" if one.fixed else one.hint
        if not out.pretty:
            out.row((state, one.area, one.message, hint))
            continue
        style = {"problem": OLD, "fixed": NEW, "note": HASH}.get(state, DIM)
        out.rendered(f"{paint(out, f'{state:<8}', style)} {one.area:<9} {paint(out, one_line(one.message))}\n")
        if hint:
            line(out, f"{'':<18} → {one_line(hint)}", DIM)


def undone(out: Output, did: str, what: Undone) -> None:
    """Say on stderr what undo or redo did."""
    where = f" in {what.session_id}" if not what.subject.endswith(what.session_id) else ""
    gone = "; it is in the trash" if what.session_id and what.commit is None else ""
    out.note(f"{did} “{what.subject}”{where}{gone}")


def operations(out: Output, found: Sequence[Operation], *, json: bool) -> None:
    """List what was done to the store."""
    if json:
        out.json([plain_data(one) for one in found])
        return
    when = ago if out.pretty else stamp
    rows = [(one.commit[:_SHORT], when(one.time), one.verb, _where(one), one.subject) for one in found]
    table(out, ("commit", "when", "what", "session", "subject"), rows)


def _where(one: Operation) -> str:
    return one.session_id or (plural(len(one.moves), "session") if one.moves else "")
