"""`claif-git log`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from claif_git.cli import histories, params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git log SESSION_ID",
    "claif-git log SESSION_ID --graph",
    "claif-git log SESSION_ID --oneline --limit 10",
    "claif-git log SESSION_ID --json | jq '.[].tokens'",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    *,
    graph: Annotated[
        bool, typer.Option("--graph", help="Draw how turns follow each other, in its branches as well.")
    ] = False,
    oneline: Annotated[bool, typer.Option("--oneline", help="Only commit, number and subject; the fastest.")] = False,
    limit: params.Limit = None,
    json: params.AsJson = False,
) -> None:
    """List a session's turns, the latest first.

    A turn is a commit. In a pipe a line a turn, parted by tabs: commit, time, #number, author, tokens, subject. With
    --graph forks and merges are drawn, and where a session ends stands its id.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = islice(opened.turns(session_id, brief=oneline and not json, branches=graph), limit)
        if json:
            out.json([views.plain_data(turn) for turn in found])
        elif graph or oneline:
            histories.one_lines(out, found, graph=graph, brief=oneline)
        else:
            histories.turns(out, found)
