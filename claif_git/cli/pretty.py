"""What a person sees on a terminal: tables fitted to its width, messages as rendered markdown. Loads rich.

rich turns markdown's entities into characters and links into control sequences, so escaping what goes in is not
enough: what comes out is escaped segment by segment, and links are shown as text.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text

from claif_git.cli.terminal import Output, escape, one_line
from claif_git.cli.text import ago, block_text, plural
from claif_git.model import Message, count

_ROLES = {"user": "bold cyan", "assistant": "bold green", "system": "bold magenta"}
_DIM = Style(dim=True)


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
    """Lay rows out under headings, the first column whole, the others shortened to the terminal's width."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold" if out.coloured else "")
    cells = [[one_line(cell) for cell in row] for row in rows]
    for position, name in enumerate(headings):
        numbers = bool(cells) and all(row[position].lstrip("-").isdigit() for row in cells)
        grid.add_column(
            name,
            justify="right" if numbers else "left",
            no_wrap=True,
            overflow="fold" if position == 0 else "ellipsis",
            min_width=max((len(row[0]) for row in cells), default=0) if position == 0 else None,
        )
    for row in cells:
        grid.add_row(*(Text(cell) for cell in row))
    return render(out, grid) if cells else ""


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
