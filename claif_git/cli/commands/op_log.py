"""`claif-git op log`."""

from __future__ import annotations

import typer

from claif_git.cli import params, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git op log", "claif-git op log --limit 10", "claif-git op log --json")


def command(ctx: typer.Context, limit: params.Limit = 50, as_json: params.AsJson = False) -> None:
    """List what was done to the store, the latest first: turns and edits of all sessions, and what no commit tells.

    Each line names the commit, when it was, the kind of change, the session and what it was about.
    """
    with manager(ctx) as opened:
        reports.operations(run_of(ctx).out, opened.history(limit=limit), json=as_json)
