"""Shows how two sessions differ, in the signs that a reader of `git diff` knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from claif_git.cli.paint import HEAD, NEW, OLD, PLACE, line, paint
from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import body, compact, heading, plural
from claif_git.errors import MalformedError
from claif_git.model import Json, Message

if TYPE_CHECKING:
    from claif_git.diff import Changed, Only, Run, SessionDiff

_SHORT = 10
_AROUND = 3
_MARKS = {"-": (OLD, "[-", "-]"), "+": (NEW, "{+", "+}")}
_GIT_STYLES = (("@@", PLACE), ("diff ", HEAD), ("index ", HEAD), ("--- ", HEAD), ("+++ ", HEAD), ("-", OLD), ("+", NEW))


def show(out: Output, difference: SessionDiff, *, stat: bool) -> None:
    """Print a difference: only the counts, with `stat`."""
    _head(out, difference)
    if not stat:
        changes(out, difference)


def _head(out: Output, difference: SessionDiff) -> None:
    fork = f", fork {difference.fork[:_SHORT]}" if difference.fork else ", no common commit"
    further = difference.common - difference.shared
    more = f", {further:,} further on" if further else ""
    line(out, f"shared: {plural(difference.shared, 'message')} at the beginning{more}{fork}", HEAD)
    line(out, f"--- {difference.a}: {plural(len(difference.only_a), 'message')} of its own", OLD)
    line(out, f"+++ {difference.b}: {plural(len(difference.only_b), 'message')} of its own", NEW)
    if difference.changed or difference.settings:
        counts = plural(len(difference.changed), "message"), plural(len(difference.settings), "setting")
        line(out, f"changed: {', '.join(counts)}", HEAD)


def changes(out: Output, difference: SessionDiff) -> None:
    """Print what only one of two has, turn by turn, then what both have and differs: messages and settings."""
    for sign, style, side in (("-", OLD, difference.only_a), ("+", NEW, difference.only_b)):
        for only in side:
            line(out)
            for text in _said(only):
                line(out, f"{sign} {text}".rstrip(), style)
    for changed in difference.changed:
        _changed(out, changed)
    if difference.settings:
        line(out)
    for setting in difference.settings:
        out.rendered(f"{paint(out, one_line(setting.key))}: {_values(out, setting.a, setting.b)}\n")


def _said(only: Only) -> Iterator[str]:
    aside = " (left out by the other)" if only.dropped else ""
    if isinstance(only.message, MalformedError):
        yield f"#{only.index} cannot be read: {one_line(only.message)}{aside}"
        return
    yield one_line(heading(only.index, only.message)) + aside
    yield from body(only.message).splitlines()


def _changed(out: Output, changed: Changed) -> None:
    number = f"#{changed.index_a}" if changed.index_a == changed.index_b else f"#{changed.index_a}, #{changed.index_b}"
    by = {"a": " by A", "b": " by B", "both": " by both"}.get(changed.by, "")
    line(out)
    line(out, f"~ {number} changed{by}", HEAD)
    for side in (changed.before, changed.after):
        if isinstance(side, MalformedError):
            line(out, f"  cannot be read: {one_line(side)}")
    for text in words(out, changed.content).split("\n") if changed.content else ():
        out.rendered(f"  {text}".rstrip() + "\n")
    for field in changed.fields:
        out.rendered(f"  {paint(out, one_line(field.key))}: {_values(out, field.before, field.after)}\n")


def words(out: Output, runs: Iterable[Run]) -> str:
    """Give a word diff: in colours, or else between `[-` and `-]`, `{+` and `+}`. Where nothing changed it is cut."""
    parts: list[str] = []
    for run in runs:
        if run.op in _MARKS:
            style, before, after = _MARKS[run.op]
            parts.append(paint(out, run.text if out.coloured else f"{before}{run.text}{after}", style))
        else:
            parts.append(paint(out, _cut(run.text)))
    return "".join(parts)


def _cut(text: str) -> str:
    lines = text.split("\n")
    left_out = len(lines) - 2 * _AROUND - 1
    if left_out < 2:
        return text
    return "\n".join([*lines[: _AROUND + 1], f"… {left_out:,} lines …", *lines[-_AROUND:]])


def _values(out: Output, before: Json, after: Json) -> str:
    pairs = ((before, *_MARKS["-"]), (after, *_MARKS["+"]))
    if out.coloured:
        return " ".join(paint(out, compact(value), style) for value, style, _, _ in pairs if value is not None)
    return "".join(paint(out, f"{opening}{compact(value)}{closing}") for value, _, opening, closing in pairs)


def side_by_side(out: Output, difference: SessionDiff) -> None:
    """Print what only A has beside what only B has, in two columns; then what differs, A's beside B's."""
    from claif_git.cli.columns import columns

    rows = list(zip_longest(map(_whole, difference.only_a), map(_whole, difference.only_b), fillvalue=""))
    rows += [(_version(one.index_a, one.before), _version(one.index_b, one.after)) for one in difference.changed]
    rows += [(f"{one.key}: {compact(one.a)}", f"{one.key}: {compact(one.b)}") for one in difference.settings]
    _head(out, difference)
    line(out)
    out.rendered(columns(out, (difference.a, difference.b), rows))


def _whole(only: Only) -> str:
    return "\n".join(_said(only))


def _version(index: int, message: Message | MalformedError) -> str:
    from claif_git.diff import Only

    return _whole(Only(index, message))


def raw(out: Output, text: str) -> None:
    """Print what git says, in git's colours if there are any."""
    if not out.coloured:
        out.data(text)
        return
    for one in text.removesuffix("\n").split("\n"):
        line(out, one, next((style for start, style in _GIT_STYLES if one.startswith(start)), ""))
