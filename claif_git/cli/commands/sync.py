"""`claif-git sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from claif_git.cli import params, reports
from claif_git.cli.context import manager, run_of

if TYPE_CHECKING:
    from claif_git.sync.report import SyncReport

EXAMPLES = ("claif-git sync", "claif-git sync SESSION_ID --remote backup")


def command(
    ctx: typer.Context,
    session_ids: params.MaybeSessionIds = None,
    remote: params.RemoteName = "origin",
    json: params.AsJson = False,
) -> None:
    """Pull from a remote, then push to it: the sessions named, or all that it has.

    Where somebody else pushes between the two, both are done once more. What is not there yet is only sent if named.
    """
    out = run_of(ctx).out
    done: list[SyncReport] = []
    named = bool(session_ids)
    with (
        manager(ctx, make=True) as opened,
        reports.exchanges(out, done, json=json, named=named) as progress,
    ):
        progress(f"syncing with {remote}")
        opened.sync(session_ids or None, remote, progress=progress, reported=done.append)
