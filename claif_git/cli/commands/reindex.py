"""`claif-git reindex`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git reindex", "claif-git reindex --json | jq .messages")


def command(ctx: typer.Context, json: params.AsJson = False) -> None:
    """Build the index of lists and searches anew.

    Nothing else depends on it, and it catches up by itself: this is for one that doctor finds wrong, or that is in
    the way.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        report = views.plain_data(opened.reindex(progress=out.counted("indexing")))
        out.progress("")
    report["path"] = None if report["path"] is None else str(report["path"])
    if json:
        out.json(report)
    else:
        views.figures(out, report)
