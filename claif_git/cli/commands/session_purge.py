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

_TRASH = "refs/claif/trash/"
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
    the turns that they share, and those into which turns were picked keep these, as do the trash, tags and other refs:
    all are named. A pull does not bring it back. Its id, which has words of the title, stays in a tombstone that
    travels.
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
        if not (purged.objects or purged.in_code) and (purged.held_by or not purged.shared_by):
            out.note("note: some of what it held can still be read in this store")


def _tell(out: Output, purged: Purged) -> None:
    out.note(f"to be removed: {', '.join(purged.refs) or 'what is left of it'}")
    for remote in purged.remotes:
        out.note(
            f"note: {remote} had a copy when we last looked; the next push deletes it, if it stands where this does"
        )
    for other in purged.shared_by:
        out.note(f"note: {other} shares turns with it, and keeps them")
    for holder in purged.held_by:
        out.note(f"note: {holder} holds turns of it, and keeps them{_way_out(holder)}")
    for copier in purged.copied_by:
        out.note(f"note: {copier} holds turns copied from it, and keeps them{_way_out(copier)}")
    if purged.in_code:
        out.note(
            "note: this is a code repository: its objects stay until git's own gc, which keeps them for two weeks, and "
            "whoever finds their ids can read what was said; at once, with all else that is loose: git gc --prune=now"
        )


def _way_out(holder: str) -> str:
    """Say what takes a holder away."""
    if holder.startswith(_TRASH):
        return f"; to remove those too: claif-git session purge {holder.removeprefix(_TRASH)}"
    if holder.startswith("logs/"):
        return "; to empty it: git reflog expire --expire=all " + holder.removeprefix("logs/")
    if holder.startswith("worktrees/"):
        return "; to remove it: git worktree remove " + holder.split("/")[1]
    if holder.startswith("refs/tags/"):
        return "; to remove it: git tag -d " + holder.removeprefix("refs/tags/")
    return ""
