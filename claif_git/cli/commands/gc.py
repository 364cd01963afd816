"""`claif-git gc`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git gc", "claif-git gc --dry-run")


def command(ctx: typer.Context, dry_run: params.DryRun = False, json: params.AsJson = False) -> None:
    """Pack the store, and empty the trash of what was deleted more than 30 days ago.

    Packing happens by itself now and then; this does it now. --dry-run names what would leave the trash.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        report = views.plain_data(opened.gc(dry_run=dry_run, progress=out.counted("packing")))
        out.progress("")
    if json:
        out.json(report)
    else:
        views.figures(out, {name: value for name, value in report.items() if value is not None})
