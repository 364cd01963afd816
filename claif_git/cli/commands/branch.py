"""`claif-git branch`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git branch SESSION_ID",
    'claif-git branch SESSION_ID --at 3 --title "Another way"',
    "claif-git branch SESSION_ID --before 4",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    at: Annotated[
        int | None, typer.Option("--at", metavar="N", help="Up to message N; -1, the last, if unsaid.")
    ] = None,
    before: Annotated[int | None, typer.Option("--before", metavar="N", help="Up to the one before message N.")] = None,
    title: params.Title = None,
) -> None:
    """Start a new session from a message of another, and print its id and nothing else.

    The branch holds the messages up to the one named, inclusive; numbers are those of session show, negative ones
    count from the end. Nothing is copied.
    """
    if at is not None and before is not None:
        raise typer.BadParameter("--at and --before exclude each other.", param_hint="--before")
    if before == 0:
        raise typer.BadParameter("a branch holds at least one message.", param_hint="--before")
    last = before - 1 if before is not None else -1 if at is None else at
    with manager(ctx) as opened:
        branch_id = opened.branch_session(session_id, from_message_index=last, title=title)
    run_of(ctx).out.line(branch_id)
