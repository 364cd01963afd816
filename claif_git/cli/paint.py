"""Colours for plain text, where the output takes any. The text is escaped here, and the result is for `rendered`."""

from __future__ import annotations

from claif_git.cli.terminal import Output, escape

OLD, NEW, HEAD, DIM, HASH, PLACE, FOUND = "31", "32", "1", "2", "33", "36", "1;31"
"""What was, what is, headings, asides, commits, places in a file, and what was sought: as git colours them."""


def paint(out: Output, text: str, style: str = "") -> str:
    """Give text escaped, each of its lines in a colour if there are colours."""
    shown = escape(text)
    if not out.coloured or not style:
        return shown
    return "\n".join(f"\x1b[{style}m{line}\x1b[0m" if line else "" for line in shown.split("\n"))


def line(out: Output, text: str = "", style: str = "") -> None:
    """Print a line, or several, in a colour."""
    out.rendered(f"{paint(out, text, style)}\n")
