"""`claif-git fetch`."""

from __future__ import annotations

import typer

from claif_git.cli import params, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git fetch", "claif-git fetch --remote backup")


def command(
    ctx: typer.Context,
    session_ids: params.MaybeSessionIds = None,
    remote: params.RemoteName = "origin",
    json: params.AsJson = False,
) -> None:
    """Fetch a remote's sessions without changing ours."""
    out = run_of(ctx).out
    with manager(ctx, make=True) as opened, reports.exchange(out, json=json) as progress:
        progress(f"fetching from {remote}")
        report = opened.fetch(remote, session_ids or None, progress=progress)
    reports.sync(out, report, json=json, named=bool(session_ids))
