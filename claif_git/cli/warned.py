"""What the library warns of (a damaged ref, a lock left behind), told on stderr like all else: escaped, and once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

from claif_git.cli.terminal import Output

_LIBRARY = logging.getLogger("claif_git")


class _Told(logging.Handler):
    """Prints each warning the first time that it comes."""

    def __init__(self, out: Output) -> None:
        super().__init__(logging.WARNING)
        self._out = out
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if text in self._said:
            return
        self._said.add(text)
        with suppress(typer.Exit):  # nobody reads stderr any more: no reason to stop in the midst of something
            self._out.note(f"warning: {text}")


@contextmanager
def told(out: Output) -> Iterator[None]:
    """Print what is warned of in a block."""
    handler = _Told(out)
    _LIBRARY.addHandler(handler)
    try:
        yield
    finally:
        _LIBRARY.removeHandler(handler)
