"""Shows a model's answer, as it comes or when it is whole."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

import typer

from claif_git.cli import as_json
from claif_git.cli.terminal import Escaper, Output
from claif_git.cli.views import plain_data

if TYPE_CHECKING:
    from claif_git.chat import Turn


class Listener:
    """Prints the pieces of an answer as they come, and at the end of a `with` what there is to say of it."""

    def __init__(self, out: Output, *, live: bool) -> None:
        self.is_live = live
        self._out, self._escaper = out, Escaper()
        self._session_id = self._last = ""

    def to(self, session_id: str) -> Self:
        """Listen to an answer in a session."""
        self._session_id = session_id
        return self

    def hear(self, piece: str) -> None:
        """Print one piece."""
        self._print(self._escaper.feed(piece))

    def _print(self, shown: str) -> None:
        if shown:
            self._last = shown[-1]
            self._out.live(shown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the line, whatever happened, and say how to go on after Ctrl-C."""
        if isinstance(error, typer.Exit):  # the reader went away: there is nobody to finish a line for
            return
        self._print(self._escaper.close())
        heard = bool(self._last)
        if self._last not in ("", "\n"):
            self._print("\n")
        if isinstance(error, KeyboardInterrupt):
            kept = "what came of the answer" if heard else "the prompt"
            again = f"claif-git ask --retry --session {self._session_id}"
            ways = f"to go on: claif-git ask --session {self._session_id}; to ask again: {again}" if heard else ""
            self._out.note(f"interrupted; {kept} is kept; {ways or f'to go on: {again}'}")

    def show(self, turn: Turn, *, json: bool) -> None:
        """Print what has not been printed yet: the whole answer if it was not live, and the notes."""
        if json:
            self._out.json(_json(self._session_id, turn))
        elif not self.is_live:
            self._out.line(turn.text.removesuffix("\n"))
        for note in turn.notes:
            self._out.note(f"note: {note}")


def _json(session_id: str, turn: Turn) -> dict[str, object]:
    return {
        "session_id": session_id,
        "text": turn.text,
        "message": as_json.message(None, turn.message),
        "usage": plain_data(turn.usage),
        "notes": list(turn.notes),
    }
