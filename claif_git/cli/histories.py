"""Shows histories: turns in a list or beside a graph, one turn by itself, and the forest of sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from claif_git.cli import differences
from claif_git.cli.graph import Graph
from claif_git.cli.paint import DIM, HASH, HEAD, NEW, PLACE, line, paint
from claif_git.cli.terminal import Output, one_line
from claif_git.cli.text import ago, body, plural, stamp
from claif_git.cli.views import table
from claif_git.errors import MalformedError
from claif_git.model import Message, count

if TYPE_CHECKING:
    from claif_git.session.forest import ForestNode
    from claif_git.session.log import Turn
    from claif_git.session.showing import Shown

_SHORT = 10


def turns(out: Output, found: Iterable[Turn]) -> None:
    """List turns: in a pipe as they come."""
    when = ago if out.pretty else stamp
    rows = (
        (turn.commit[:_SHORT], when(turn.time), _number(turn), _author(out, turn), _tokens(turn), turn.subject)
        for turn in found
    )
    table(out, ("commit", "when", "#", "author", "tokens", "subject"), rows)


def _number(turn: Turn) -> str:
    return "" if turn.message_index is None else f"#{turn.message_index}"


def _author(out: Output, turn: Turn) -> str:
    name = turn.author.partition(" <")[0] if out.pretty else turn.author
    return f"{name} ({turn.model})" if turn.model and turn.model not in turn.author else name


def _tokens(turn: Turn) -> str:
    total = count(turn.tokens).total
    return str(total) if total else ""


def one_lines(out: Output, found: Iterable[Turn], *, graph: bool, brief: bool) -> None:
    """List turns in a line each, as they come; `graph` draws beside them how they follow each other."""
    drawing = Graph()
    for turn in found:
        before, own, after = drawing.rows(turn.commit, turn.parents) if graph else ([], "", [])
        for row in before:
            line(out, row, DIM)
        out.rendered(f"{paint(out, own, DIM)}{' ' if own else ''}{_one_line(out, turn, brief=brief)}\n")
        for row in after:
            line(out, row, DIM)


def _one_line(out: Output, turn: Turn, *, brief: bool) -> str:
    parts = [paint(out, turn.commit[:_SHORT], HASH)]
    if turn.sessions:
        parts.append(paint(out, f"({', '.join(map(one_line, turn.sessions))})", NEW))
    if turn.message_index is not None:
        parts.append(paint(out, _number(turn), PLACE))
    parts.append(paint(out, one_line(turn.subject)))
    if not brief:
        when = ago(turn.time) if out.pretty else stamp(turn.time)
        name = one_line(turn.author.partition(" <")[0])
        tokens = _tokens(turn)
        told = [name, when, *([f"{tokens} tokens"] if tokens else [])]
        parts.append(paint(out, f"({', '.join(told)})", DIM))
    return " ".join(parts)


def one_turn(out: Output, shown: Shown) -> None:
    """Show a commit, and what was said by it or what it changed."""
    for name, value in _facts(shown):
        out.rendered(f"{paint(out, f'{name:<12}', DIM)}{paint(out, one_line(value))}\n")
    line(out)
    if shown.changes is not None:
        line(out, one_line(shown.turn.subject), HEAD)
        differences.changes(out, shown.changes)
    elif isinstance(shown.message, MalformedError):
        line(out, f"cannot be read: {one_line(shown.message)}")
    elif shown.message is not None:
        _message(out, shown.message)


def _message(out: Output, message: Message) -> None:
    if out.pretty:
        from claif_git.cli import pretty

        out.rendered(pretty.message(out, message))
    else:
        line(out, body(message))


def _facts(shown: Shown) -> Iterator[tuple[str, str]]:
    turn, message = shown.turn, shown.message
    yield "commit", turn.commit
    left_out = " (left out by now)" if message is not None and turn.message_index is None else ""
    yield "session", f"{shown.revision.session_id} {_number(turn)}".rstrip() + left_out
    if turn.role:
        yield "role", turn.role
    yield "author", turn.author
    yield "time", stamp(turn.time)
    if turn.model:
        yield "model", turn.model
    if turn.tokens is not None:
        yield "tokens", f"{count(turn.tokens).total:,}"
    if len(turn.parents) > 1:
        yield "parents", " ".join(parent[:_SHORT] for parent in turn.parents)
    if shown.edited:
        yield "edited", "since; the commit has it in other words"


def forest(out: Output, found: Sequence[ForestNode]) -> None:
    """Show sessions as a forest of forks."""
    when = ago if out.pretty else stamp
    for node, branch in zip(found, _branches(found), strict=True):
        title = f" “{one_line(node.title)}”" if node.title else ""
        counts = plural(node.message_count, "message")
        own = f" ({node.own_count:,} of its own)" if node.depth else ""
        left = paint(out, branch, DIM) + paint(out, _forked(node), PLACE) + paint(out, one_line(node.session_id), HEAD)
        aside = f"  {counts}{own}, {when(node.updated_at)}{_origin(node)}{_merged(node)}"
        out.rendered(f"{left}{paint(out, title)}{paint(out, aside, DIM)}\n")


def _forked(node: ForestNode) -> str:
    known = node.depth and node.fork is not None and node.fork.message_index is not None
    return f"#{node.fork.message_index} " if known and node.fork else ""


def _origin(node: ForestNode) -> str:
    return f"; branched from {one_line(node.fork.parent)}, which is gone" if node.fork and not node.depth else ""


def _merged(node: ForestNode) -> str:
    names = dict.fromkeys(one_line(one.session_id) for one in node.merged)
    return f"; merged {', '.join(names)}" if names else ""


def _branches(found: Sequence[ForestNode]) -> list[str]:
    """Draw what stands before each node: read from below, a depth is open while more of it is to come."""
    drawn: list[str] = []
    is_open: set[int] = set()
    for node in reversed(found):
        above = "".join("│  " if depth in is_open else "   " for depth in range(1, node.depth))
        own = ("├─ " if node.depth in is_open else "└─ ") if node.depth else ""
        drawn.append(above + own)
        is_open = {depth for depth in is_open if depth < node.depth} | {node.depth}
    return drawn[::-1]
