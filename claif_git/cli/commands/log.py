"""`claif-git log`."""

from __future__ import annotations

import typer

from claif_git.cli import params, reports, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git log SESSION_ID", "claif-git log SESSION_ID --limit 10", "claif-git log SESSION_ID --json")


def command(
    ctx: typer.Context, session_id: params.SessionId, limit: params.Limit = None, json: params.AsJson = False
) -> None:
    """List a session's turns, the latest first.

    A turn is a commit. In a pipe a line a turn, parted by tabs: commit, time, #number, author, subject.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        turns = list(opened.log(session_id))[:limit]
    if json:
        out.json([views.plain_data(turn) for turn in turns])
    else:
        reports.turns(out, turns)
