"""`claif-git status`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params, reports, standings
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git status", "claif-git status SESSION_ID --fetch", "claif-git status --json")


def command(
    ctx: typer.Context,
    session_ids: params.MaybeSessionIds = None,
    remote: params.RemoteName = "origin",
    *,
    fetch: Annotated[bool, typer.Option("--fetch", help="Look at the remote first.")] = False,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also those with nothing to say.")] = False,
    json: params.AsJson = False,
) -> None:
    """Show how sessions stand beside a remote, what is not saved, and what the next push would send.

    Without --fetch by what was last seen of the remote; nothing is asked of it. Sessions that are up to date, or that
    the remote has never had, are counted and not listed, unless they are named or --all is given.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        if fetch:
            with reports.exchange(out, json=json) as progress:
                progress(f"fetching from {remote}")
                opened.fetch(remote, progress=progress)
        found = opened.status(session_ids or None, remote)
    if json:
        out.json(standings.data(found))
    else:
        standings.show(out, found, everything=everything or bool(session_ids))
