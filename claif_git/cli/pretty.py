"""What a person sees on a terminal: tables fitted to its width, messages as rendered markdown. Loads rich.

rich turns markdown's entities into characters and links into control sequences, so escaping what goes in is not
enough: what comes out is escaped segment by segment, and links are shown as text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from claif_git.cli.paint import HEAD, paint
from claif_git.cli.terminal import Output, escape, one_line
from claif_git.cli.text import ago, block_text, plural
from claif_git.model import Message, count
from claif_git.model.search import SearchHit, Snippet

_ROLES = {"user": "bold cyan", "assistant": "bold green", "system": "bold magenta"}
_DIM = Style(dim=True)
_GAP = "  "
_NARROWEST = 8


class Safe:
    """Renders something else, with every segment of it escaped and free of links and control codes."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Give the inner one's segments, made harmless."""
        for segment in console.render(self._inner, options):
            if not segment.control:
                style = segment.style.update_link(None) if segment.style else None
                yield Segment(escape(segment.text), style)


def render(out: Output, *things: RenderableType) -> str:
    """Give the text, with the colours that the output takes, for `Output.rendered`."""
    console = Console(
        file=io.StringIO(),
        force_terminal=out.coloured,
        no_color=not out.coloured,
        color_system="standard" if out.coloured else None,
        width=out.width,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for thing in things:
            console.print(Safe(thing))
    return "".join(f"{line.rstrip(' ')}\n" for line in captured.get().splitlines())


def table(out: Output, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay rows out under headings; the first column stays whole, the widest others give way to the terminal's width.

    Where even that does not fit, the terminal wraps headings and rows alike.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    if not cells:
        return ""
    lines = [list(headings), *cells]
    widths = _fitted([max(map(cell_len, column)) for column in zip(*lines, strict=True)], out.width)
    numeric = [all(cell.lstrip("-#").isdigit() for cell in column) for column in zip(*cells, strict=True)]
    shown = [_line(line, widths, numeric) for line in lines]
    return "".join(f"{line}\n" for line in (paint(out, shown[0], HEAD), *shown[1:]))


def _fitted(widths: Sequence[int], width: int) -> list[int]:
    first, others = widths[0], list(widths[1:])
    room = width - first - len(_GAP) * len(others)
    while others and sum(others) > room and max(others) > _NARROWEST:
        widest = max(others)
        # All of the widest shrink together, down to the next or as far as is needed.
        below = max([_NARROWEST, *(one for one in others if one < widest)])
        count = others.count(widest)
        target = max(below, widest - -(-(sum(others) - room) // count))
        others = [target if one == widest else one for one in others]
    return [first, *others]


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    return _GAP.join(map(_cell, cells, widths, numeric)).rstrip()


def _cell(text: str, width: int, numeric: bool) -> str:
    if cell_len(text) > width:
        return set_cell_size(f"{set_cell_size(text, width - 1).rstrip()}…", width)
    padding = " " * (width - cell_len(text))
    return padding + text if numeric else text + padding


def message(out: Output, shown: Message) -> str:
    """Show what one message says, as rendered markdown."""
    return render(out, *_blocks(shown))


def hits(out: Output, found: Sequence[SearchHit]) -> str:
    """Show each hit in two lines: where it is, and its snippet with what matched marked."""
    shown: list[RenderableType] = []
    for hit in found:
        place = Text(one_line(hit.session_id))
        place.append(f" #{hit.message_index} ", "bold")
        place.append(str(hit.role), _ROLES[str(hit.role)])
        place.append(f"  {one_line(f'{ago(hit.timestamp)}  {hit.title or str()}')}", _DIM)
        shown += [place, Padding(_marked(hit.snippet), (0, 0, 0, 4))]
    return render(out, *shown)


def _marked(snippet: Snippet) -> Text:
    text, at = Text(), 0
    for start, end in snippet.spans:
        text.append(escape(snippet[at:start]))
        text.append(escape(snippet[start:end]), "bold yellow")
        at = end
    return text.append(escape(snippet[at:]))


def conversation(out: Output, facts: Sequence[tuple[str, str]], messages: Iterable[tuple[int, Message]]) -> str:
    """Show messages with their numbers, as rendered markdown, below the facts."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for name, value in facts:
        grid.add_row(Text(name, _DIM), Text(one_line(value)))
    shown = [Group(Text(), _heading(index, message), *_blocks(message)) for index, message in messages]
    return render(out, *([grid] if facts else []), *shown)


def _heading(index: int, message: Message) -> Text:
    tokens = count(message.tokens).total
    asides = [ago(message.timestamp), message.model or "", plural(tokens, "token") if tokens else ""]
    asides.append("interrupted" if message.metadata.get("interrupted") is True else "")
    user = message.metadata.get("user")
    line = Text(f"#{index} ", "bold")
    line.append(str(message.role), _ROLES[str(message.role)])
    line.append(f" {one_line(user)}" if user else "")
    line.append(f"  {one_line(' · '.join(aside for aside in asides if aside))}", _DIM)
    return line


def _blocks(message: Message) -> Iterator[RenderableType]:
    if isinstance(message.content, str):
        yield _markdown(message.content)
        return
    for block in message.content:
        if block.get("type") == "text":
            yield _markdown(block_text(block))
        else:
            yield Padding(Text(escape(block_text(block)), _DIM), (0, 0, 0, 2))


def _markdown(text: str) -> RenderableType:
    return Markdown(escape(text), hyperlinks=False, code_theme="ansi_dark")
