"""`claif-git session recover`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git session recover", "claif-git session recover SESSION_ID", "claif-git session recover --dry-run")


def command(ctx: typer.Context, session_ids: params.MaybeSessionIds = None, dry_run: params.DryRun = False) -> None:
    """Save turns that a crashed program had not saved, and print the sessions' ids.

    With none named, all that were left behind. What a running program has not saved yet is left to it.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        chosen = list(map(opened.resolve, session_ids)) if session_ids else views.crashed_ids(opened)
        show = out.counted("recovering sessions")
        for done, session_id in enumerate(chosen):
            if not dry_run:
                show(done, len(chosen))
                opened.recover_session(session_id)
            out.line(session_id)
        out.progress("")
        if not chosen:
            out.note("nothing to recover")
