"""`claif-git diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, params, reports, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git diff SESSION_ID BRANCH_ID", "claif-git diff SESSION_ID BRANCH_ID --json")


def command(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="A session.", autocompletion=complete.sessions)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=complete.sessions)],
    json: params.AsJson = False,
) -> None:
    """Show what each of two sessions has past their fork.

    Lines that begin with `-` are only in A, those with `+` only in B.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        difference = opened.diff_sessions(a, b)
    if json:
        out.json(views.plain_data(difference))
    else:
        reports.difference(out, difference)
