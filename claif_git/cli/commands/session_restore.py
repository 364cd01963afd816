"""`claif-git session restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git session restore SESSION_ID", "claif-git session list --trash")


def command(
    ctx: typer.Context,
    session_ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Ids of deleted sessions.", autocompletion=complete.trashed),
    ],
) -> None:
    """Bring deleted sessions back, and print their ids."""
    out = run_of(ctx).out
    with manager(ctx) as opened:
        for session_id in session_ids:
            restored = opened.restore_session(session_id)
            out.line(str(restored or session_id))
