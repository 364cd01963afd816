"""`claif-git undo`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git undo", "claif-git undo SESSION_ID", "claif-git redo")


def command(
    ctx: typer.Context,
    session_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[ID]",
            help="A session; without one, the last change of the store.",
            autocompletion=complete.sessions,
        ),
    ] = None,
) -> None:
    """Take the last change back: a turn, an edit, a trim, a branch, a merge, a pull, an import, a deletion.

    What it was stays in history; a new commit undoes it, so that other stores follow. A pull is taken back here alone,
    and what others said stays theirs. A session whose making is undone goes to the trash. Say it again to go further
    back, in whatever session that was, and redo to come forward.
    """
    with manager(ctx) as opened:
        reports.undone(run_of(ctx).out, "undid", opened.undo(session_id))
