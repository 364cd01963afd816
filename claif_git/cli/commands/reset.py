"""`claif-git reset`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git reset SESSION_ID --to SESSION_ID~3",
    "claif-git reset SESSION_ID --to 'SESSION_ID@{yesterday}'",
    "claif-git reset SESSION_ID --to 1a2b3c4",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    to: Annotated[str, typer.Option("--to", metavar="REV", help="ID~3, ID#5, ID@{yesterday} or a commit.")],
) -> None:
    """Make a session show what it showed at a point of its history, by a new commit, and print that commit.

    Nothing is rewritten: what came between stays in history, and undo takes the reset back.
    """
    with manager(ctx) as opened:
        run_of(ctx).out.line(opened.reset_session(session_id, opened.revision(to).commit))
