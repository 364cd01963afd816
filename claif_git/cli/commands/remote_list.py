"""`claif-git remote list`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git remote list",)


def command(ctx: typer.Context, json: params.AsJson = False) -> None:
    """List the remotes: name and address."""
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = opened.remotes()
    if json:
        out.json(found)
    else:
        views.table(out, ("name", "address"), sorted(found.items()))
