"""`claif-git pull`."""

from __future__ import annotations

import typer

from claif_git.cli import params, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git pull", "claif-git pull SESSION_ID --remote backup")


def command(
    ctx: typer.Context,
    session_ids: params.MaybeSessionIds = None,
    remote: params.RemoteName = "origin",
    json: params.AsJson = False,
) -> None:
    """Fetch a remote's sessions and bring ours up to date.

    Where both sides went on, they are merged and nothing is dropped. What does not validate is set aside.
    """
    out = run_of(ctx).out
    with manager(ctx, make=True) as opened, reports.exchange(out, json=json) as progress:
        progress(f"pulling from {remote}")
        report = opened.pull(session_ids or None, remote, progress=progress)
    reports.sync(out, report, json=json)
