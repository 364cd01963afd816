"""`claif-git blame`."""

from __future__ import annotations

import typer

from claif_git.cli import lookups, params
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git blame SESSION_ID", "claif-git blame SESSION_ID --json | jq '.[].author'")


def command(ctx: typer.Context, session_id: params.SessionId, json: params.AsJson = False) -> None:
    """Show who or which model said each message, in which commit, and on which branch it first stood.

    In a pipe a line a message, parted by tabs: commit, #number, branch, author, role, time, first line.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = opened.blame(session_id)
    if json:
        out.json([one.to_data() for one in found])
    else:
        lookups.blame(out, found)
