"""Shows how two sessions differ, in the signs that a reader of `git diff` knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import body, compact, heading, plural
from claif_git.errors import MalformedError

if TYPE_CHECKING:
    from claif_git.diff import Changed, Only, Run, SessionDiff

_SHORT = 10
_MARKS = {"-": ("[-", "-]"), "+": ("{+", "+}")}


class Line(NamedTuple):
    """A line to show; `sign` is "-" for A's, "+" for B's, "=" for a heading, or empty."""

    sign: str
    text: str


def show(out: Output, difference: SessionDiff, *, stat: bool) -> None:
    """Print a difference: only the counts, with `stat`."""
    lines = list(_head(difference)) if stat else [*_head(difference), *_messages(difference), *_settings(difference)]
    if out.coloured:
        from claif_git.cli import pretty

        out.rendered(pretty.signed(out, lines))
    else:
        for line in lines:
            out.line(line.text)


def _head(difference: SessionDiff) -> Iterator[Line]:
    fork = f", fork {difference.fork[:_SHORT]}" if difference.fork else ", no common commit"
    yield Line("=", f"shared: {plural(difference.shared, 'message')} at the beginning{fork}")
    yield Line("-", f"--- {difference.a}: {plural(len(difference.only_a), 'message')} of its own")
    yield Line("+", f"+++ {difference.b}: {plural(len(difference.only_b), 'message')} of its own")
    if difference.changed or difference.settings:
        counts = plural(len(difference.changed), "message"), plural(len(difference.settings), "setting")
        yield Line("=", f"changed: {', '.join(counts)}")


def _messages(difference: SessionDiff) -> Iterator[Line]:
    for changed in difference.changed:
        yield from _changed(changed)
    for sign, side in (("-", difference.only_a), ("+", difference.only_b)):
        for only in side:
            yield from _only(sign, only)


def _only(sign: str, only: Only) -> Iterator[Line]:
    if isinstance(only.message, MalformedError):
        yield Line(sign, f"{sign} #{only.index} cannot be read: {one_line(only.message)}")
        return
    aside = " (left out by the other)" if only.dropped else ""
    yield Line("", "")
    yield Line(sign, f"{sign} {one_line(heading(only.index, only.message))}{aside}")
    for line in body(only.message).splitlines():
        yield Line(sign, f"{sign} {line}".rstrip())


def _changed(changed: Changed) -> Iterator[Line]:
    number = f"#{changed.index_a}" if changed.index_a == changed.index_b else f"#{changed.index_a}, #{changed.index_b}"
    by = {"a": " by A", "b": " by B", "both": " by both"}.get(changed.by, "")
    yield Line("", "")
    yield Line("=", f"~ {number} changed{by}")
    for line in "".join(map(_marked, changed.content)).splitlines():
        yield Line("", f"  {line}".rstrip())
    for field in changed.fields:
        yield Line("", f"  {one_line(field.key)}: [-{compact(field.before)}-]{{+{compact(field.after)}+}}")


def _marked(run: Run) -> str:
    before, after = _MARKS.get(run.op, ("", ""))
    return f"{before}{run.text}{after}"


def _settings(difference: SessionDiff) -> Iterator[Line]:
    if difference.settings:
        yield Line("", "")
    for setting in difference.settings:
        yield Line("", f"{one_line(setting.key)}: [-{compact(setting.a)}-]{{+{compact(setting.b)}+}}")
