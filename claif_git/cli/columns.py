"""Two texts beside each other, each wrapped to half of the width. Loads rich."""

from __future__ import annotations

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from claif_git.cli.pretty import render
from claif_git.cli.terminal import Output, escape, one_line

_STYLES = ("red", "green")


def columns(out: Output, headings: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    """Lay pairs of texts out in two columns under their headings, a line between rows; for `Output.rendered`."""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _ in headings:
        grid.add_column(ratio=1, overflow="fold")
    grid.add_row(*(Text(one_line(heading), "bold") for heading in headings))
    for pair in rows:
        grid.add_row("", "")
        grid.add_row(*(Text(escape(text), style) for text, style in zip(pair, _STYLES, strict=True)))
    return render(out, grid)
