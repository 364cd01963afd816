"""`claif-git diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, differences, params
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git diff SESSION_ID BRANCH_ID",
    "claif-git diff SESSION_ID BRANCH_ID --stat",
    "claif-git diff SESSION_ID BRANCH_ID --json | jq '.only_b[].content'",
)


def command(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="A session.", autocompletion=complete.sessions)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=complete.sessions)],
    *,
    stat: Annotated[bool, typer.Option("--stat", help="Only how much.")] = False,
    json: params.AsJson = False,
) -> None:
    """Show what each of two sessions has past their fork.

    Lines that begin with - are only in A, those with + only in B. Where both have a message in other words, they stand
    as [-A's-]{+B's+}.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        difference = opened.diff_sessions(a, b)
    if json:
        out.json(difference.to_data())
    else:
        differences.show(out, difference, stat=stat)
