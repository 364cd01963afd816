r"""The one place where text meets a terminal.

Whatever a message, a title or a remote says, none of it may move the cursor, change a colour, hide itself or reverse
its neighbours: `escape` shows such characters as `\x1b` or `\u202e`. Everything that the commands print goes through
`Output`, which escapes; only `data` (exports, `--raw`, JSON) passes as it is, and only where no terminal reads it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import islice
from typing import TextIO

import typer

HANG_UP = 141
"""What a shell reports of a program whose reader went away: 128 and SIGPIPE. Nothing is said about it."""

_READABLE = 0.1
"""Seconds for which a line of progress stands at least."""

_ROWS = 256
"""Lines that are written at once."""

# Control characters but tab and newline, line and paragraph separators, lone surrogates, and what Unicode lists as
# ignorable (soft hyphens, bidi marks, zero-width and tag characters). Joiners and variation selectors are judged below.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f"
# A joiner belongs between letters or pictures beyond Latin (Persian, Hindi, a family of emoji); elsewhere it hides.
_JOINED = f"[^\x00-\u02ff{_HIDDEN}{_JOINERS}]"
_UNSAFE = re.compile(
    f"[{_HIDDEN}]|(?<!{_JOINED})[{_JOINERS}]|[{_JOINERS}](?!{_JOINED})|(?<=[{_SELECTORS}])[{_SELECTORS}]"
)
_UNFINISHED = re.compile(f"[\r{_JOINERS}{_SELECTORS}]+\\Z")


def escape(text: str) -> str:
    r"""Show what a terminal would obey or hide: `\x1b`, `\u202e`, `\U000e0041`. CRLF becomes a plain newline."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_shown, text.replace("\r\n", "\n"))


def one_line(text: object) -> str:
    """Give `text` escaped and on one line: runs of blanks, tabs and newlines become one space."""
    return escape(" ".join(str(text).split()))


def tabbed(cells: Iterable[object]) -> str:
    """Give cells as `one_line` gives each, parted by tabs."""
    text = "\t".join([" ".join(str(cell).split()) for cell in cells])
    return text if text.isascii() and text.replace("\t", "").isprintable() else escape(text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


class Escaper:
    """Escapes a text that comes in pieces as `escape` does the whole: a joiner waits for its right neighbour."""

    def __init__(self) -> None:
        self._before = self._held = ""

    def feed(self, piece: str) -> str:
        """Give what can be shown by now."""
        text = self._held + piece
        unfinished = _UNFINISHED.search(text)
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return self._escaped(text[:cut])

    def close(self) -> str:
        """Give the rest."""
        text, self._held = self._held, ""
        return self._escaped(text)

    def _escaped(self, text: str) -> str:
        shown = escape(self._before + text)[len(escape(self._before)) :]
        self._before = text[-1:] or self._before
        return shown


def json_text(value: object) -> str:
    r"""Write JSON that a terminal may see: hidden and control characters as `\uXXXX`, all else readable."""
    return _UNSAFE.sub(_json_escape, json.dumps(value, ensure_ascii=False, indent=2)) + "\n"


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match.group()).strip('"') if match.group() != "\x7f" else "\\u007f"


class Output:
    """Data to stdout, everything else to stderr.

    colour   "auto" (on a terminal, unless NO_COLOR is set), "always" or "never"
    pretty   whether stdout is for a person's eyes: tables, rendered markdown
    """

    def __init__(self, stdout: TextIO | None = None, stderr: TextIO | None = None, *, no_colour: bool = False) -> None:
        self._out, self._err = stdout or sys.stdout, stderr or sys.stderr
        self._no_colour = no_colour
        self._shown_at: float | None = None
        self.colour = "auto"

    @property
    def to_terminal(self) -> bool:
        """Whether a terminal reads stdout."""
        return _is_terminal(self._out)

    @property
    def notes_to_terminal(self) -> bool:
        """Whether a terminal reads stderr: only then is progress shown."""
        return _is_terminal(self._err)

    @property
    def pretty(self) -> bool:
        """Whether to render for eyes rather than for a program."""
        return self.to_terminal or self.colour == "always"

    @property
    def coloured(self) -> bool:
        """Whether to use colours."""
        return self.colour == "always" or (self.colour == "auto" and self.to_terminal and not self._no_colour)

    @property
    def width(self) -> int:
        """How many columns there are to fill."""
        return max(20, shutil.get_terminal_size((100, 24)).columns)

    def line(self, text: str = "") -> None:
        """Print a line, or several, escaped."""
        self._put(self._out, escape(text) + "\n")

    def row(self, cells: Iterable[object]) -> None:
        """Print one line of cells parted by tabs; a cell's own tabs and newlines become spaces."""
        self.rows([cells])

    def rows(self, rows: Iterable[Iterable[object]]) -> None:
        """Print such lines, many at a time."""
        waiting = iter(rows)
        while lines := [tabbed(cells) for cells in islice(waiting, _ROWS)]:
            self._put(self._out, "\n".join(lines) + "\n")

    def data(self, text: str) -> None:
        """Print data as it is; on a terminal, escaped."""
        self._put(self._out, escape(text) if self.to_terminal else text)

    def json(self, value: object) -> None:
        """Print a value as JSON."""
        self._put(self._out, json_text(value))

    def rendered(self, text: str) -> None:
        """Print what `claif_git.cli.pretty` made, which has escaped it already."""
        self._put(self._out, text)

    def live(self, text: str) -> None:
        """Print a piece of a stream, which an `Escaper` has escaped already, and let it be seen at once."""
        self._put(self._out, text)
        self.flush()

    def note(self, text: str) -> None:
        """Print a line on stderr, escaped, and without the passwords of addresses."""
        self.progress("")
        with suppress(OSError):  # for the order of the two alone; what is wrong with stdout is said where it is written
            self._out.flush()
        self._put(self._err, escape(_redacted(text)) + "\n")

    def prompt(self, text: str) -> None:
        """Print a question on stderr, escaped; the answer is typed after it."""
        self._put(self._err, escape(_redacted(text)))
        self._err.flush()

    def progress(self, text: str) -> None:
        """Show what is going on in one line on stderr that the next replaces; only on a terminal. Empty: wipe it."""
        if self.notes_to_terminal and self._is_time(text):
            self._put(self._err, f"\r\x1b[K{one_line(_redacted(text))}")
            self._err.flush()

    def counted(self, what: str) -> Callable[[int, int], None]:
        """Give what shows how much of something is done."""
        return lambda done, total: self.progress(f"{what}: {done:,} of {total:,}")

    def _is_time(self, text: str) -> bool:
        """Whether the last line of progress could be read; wiping it is always in order, if there is one."""
        if not text:
            wiped, self._shown_at = self._shown_at is not None, None
            return wiped
        at = time.monotonic()
        if self._shown_at is not None and at - self._shown_at < _READABLE:
            return False
        self._shown_at = at
        return True

    def flush(self) -> None:
        """Let everything reach its reader. OSError."""
        _guarded(self._out, self._out.flush)

    def abandon(self) -> None:
        """Give up what stdout could not take, so that Python does not try again, and complain, when it closes."""
        try:
            self._out.flush()
        except OSError:
            _silence(self._out)

    def _put(self, stream: TextIO, text: str) -> None:
        if stream is self._out and self._shown_at is not None and self.to_terminal:
            self.progress("")  # which stands in the line that this would go on with
        _guarded(stream, lambda: _write(stream, text))


def _guarded(stream: TextIO, act: Callable[[], object]) -> None:
    try:
        act()
    except BrokenPipeError:  # the reader went away (`| head`)
        _silence(stream)
        raise typer.Exit(HANG_UP) from None
    except OSError as error:  # a full disk, or nothing that could be written to (`>&-`)
        raise OSError(error.errno, error.strerror, "the output") from error


def _silence(stream: TextIO) -> None:
    """Let what is still buffered, and all that follows, go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _redacted(text: str) -> str:
    """Take out what may be a password: what is said repeats what was typed, as a name, an id or a path."""
    if "@" not in text and "?" not in text:
        return text
    from claif_git.git.transport.address import redact_typed

    return redact_typed(text)


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _write(stream: TextIO, text: str) -> None:
    encoding = stream.encoding or "utf-8"
    stream.write(text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding))
