"""`claif-git session purge`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from claif_git.cli import complete, params
from claif_git.cli.ask_person import confirmed
from claif_git.cli.context import manager, run_of

if TYPE_CHECKING:
    from claif_git.cli.terminal import Output
    from claif_git.session.purging import Purged

EXAMPLES = (
    "claif-git session purge SESSION_ID --dry-run",
    "claif-git session purge SESSION_ID",
)


def command(
    ctx: typer.Context,
    session_id: Annotated[
        str,
        typer.Argument(metavar="ID", help="A session, deleted or not.", autocompletion=complete.all_sessions),
    ],
    force: Annotated[bool, typer.Option("--force", "-f", help="Do not ask.")] = False,
    dry_run: params.DryRun = False,
) -> None:
    """Remove a session for good: its refs, trash, drafts, index, operation log, and its objects.

    This cannot be undone. Remotes keep their copies, and sessions that were forked from it, or merged with it, keep
    the turns that they share: both are named. A pull does not bring it back.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        _tell(out, opened.purge_session(session_id, dry_run=True))
        if dry_run:
            return
        if not force and not confirmed(out, [f"{session_id}, for good"]):
            raise typer.Abort
        purged = opened.purge_session(session_id)
        out.note(f"purged {purged.session_id}")


def _tell(out: Output, purged: Purged) -> None:
    out.note(f"to be removed: {', '.join(purged.refs)}")
    if not purged.objects:
        out.note("note: this is a code repository: its objects stay until git's own gc, which keeps them for two weeks")
    for remote in purged.remotes:
        out.note(
            f"note: {remote} had a copy when we last looked; the next push deletes it, if it stands where this does"
        )
    for other in purged.shared_by:
        out.note(f"note: {other} shares turns with it, and keeps them")
