"""`claif-git gc`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git gc",)


def command(ctx: typer.Context, json: params.AsJson = False) -> None:
    """Pack the store: smaller and faster, nothing lost.

    It happens by itself now and then; this does it now.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        out.progress("packing")
        report = views.plain_data(opened.gc())
        out.progress("")
    if json:
        out.json(report)
    elif report:
        views.figures(out, report)
