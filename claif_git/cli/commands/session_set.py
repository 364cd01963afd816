"""`claif-git session set`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params, parse
from claif_git.cli.context import manager

EXAMPLES = (
    'claif-git session set SESSION_ID --title "A better name"',
    "claif-git session set SESSION_ID --metadata status=done --metadata rating=5",
    "claif-git session set SESSION_ID --metadata rating=null",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    title: Annotated[
        str | None, typer.Option("--title", "-t", metavar="TEXT", help="The title; empty for none.")
    ] = None,
    metadata: params.Metadata = None,
) -> None:
    """Set a session's title or metadata. A key set to null goes."""
    if title is None and not metadata:
        raise typer.BadParameter("say --title or --metadata.", param_hint="--title")
    values = parse.metadata(metadata)
    with manager(ctx) as opened:
        full = opened.resolve(session_id)
        if title is not None:
            opened.update_title(full, title or None)
        if values:
            opened.update_metadata(full, values)
