"""`claif-git drop`."""

from __future__ import annotations

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of
from claif_git.cli.text import plural

EXAMPLES = ("claif-git drop SESSION_ID#5", "claif-git drop SESSION_ID#5 SESSION_ID#6 --dry-run")


def command(ctx: typer.Context, messages: params.MessageRevs, dry_run: params.DryRun = False) -> None:
    """Leave messages out of a session. They stay in history; undo takes them in again."""
    out = run_of(ctx).out
    with manager(ctx) as opened:
        session_id, indexes = params.messages_of(opened, messages)
        if not dry_run:
            opened.drop_messages(session_id, indexes)
        said = plural(len(set(indexes)), "message")
        out.note(f"{'would drop' if dry_run else 'dropped'} {said} of {session_id}")
