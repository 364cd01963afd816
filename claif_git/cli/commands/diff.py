"""`claif-git diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, differences, params
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git diff SESSION_ID BRANCH_ID",
    "claif-git diff SESSION_ID BRANCH_ID --side-by-side",
    "claif-git diff 'SESSION_ID@{yesterday}' SESSION_ID --stat",
    "claif-git diff SESSION_ID BRANCH_ID --git",
    "claif-git diff SESSION_ID BRANCH_ID --json | jq '.only_b[].content'",
)


def command(
    ctx: typer.Context,
    a: Annotated[str, typer.Argument(metavar="A", help="A session, or a REV.", autocompletion=complete.sessions)],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.", autocompletion=complete.sessions)],
    *,
    stat: Annotated[bool, typer.Option("--stat", help="Only how much.")] = False,
    side_by_side: Annotated[bool, typer.Option("--side-by-side", "-y", help="In two columns.")] = False,
    git: Annotated[bool, typer.Option("--git", help="What git diff says of the files.")] = False,
    json: params.AsJson = False,
) -> None:
    """Show what each of two sessions has past their fork.

    Lines that begin with - are only in A, those with + only in B. Where both have a message in other words, they stand
    as [-A's-]{+B's+}, or on a terminal in two colours. Instead of a session, any REV can be named, for the session as
    it stood there: ID#5, ID~3, ID@{yesterday}, or a commit.
    """
    if side_by_side + git + json > 1:
        raise typer.BadParameter("--side-by-side, --git and --json exclude each other.")
    out = run_of(ctx).out
    with manager(ctx) as opened:
        if git:
            differences.raw(out, opened.raw_diff(a, b, stat=stat))
            return
        difference = opened.diff_sessions(a, b)
    if json:
        out.json(difference.to_data())
    elif side_by_side:
        differences.side_by_side(out, difference)
    else:
        differences.show(out, difference, stat=stat)
