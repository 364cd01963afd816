"""`claif-git session delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params, views
from claif_git.cli.ask_person import confirmed
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git session delete SESSION_ID",
    "claif-git session delete SESSION_ID OTHER_ID --force",
    "claif-git session delete SESSION_ID --dry-run",
)


def command(
    ctx: typer.Context,
    session_ids: params.SessionIds,
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not ask.")] = False,
    dry_run: params.DryRun = False,
) -> None:
    """Delete sessions; they can be restored for 30 days.

    On a terminal you are asked first. A deletion travels to a remote with the next push. undo brings back one session
    at a time, the last one first.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        chosen = [opened.get_session(one) for one in dict.fromkeys(map(opened.resolve, session_ids))]
        if dry_run:
            for session in chosen:
                out.note(f"would delete {views.named(session)}")
            return
        if not force and not confirmed(out, [views.named(session) for session in chosen]):
            raise typer.Abort
        for session in chosen:
            opened.delete_session(session.id)
            out.note(f"deleted {views.named(session)}; to restore it: claif-git session restore {session.id}")
