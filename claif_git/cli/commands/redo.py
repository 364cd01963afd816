"""`claif-git redo`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git redo", "claif-git redo SESSION_ID")


def command(
    ctx: typer.Context,
    session_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]", help="A session; without one, what was undone last.", autocompletion=complete.sessions
        ),
    ] = None,
) -> None:
    """Do again what undo took back, if nothing else was done since."""
    with manager(ctx) as opened:
        reports.undone(run_of(ctx).out, "did again", opened.redo(session_id))
