"""`claif-git cherry-pick`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, params
from claif_git.cli.context import manager, run_of
from claif_git.cli.text import plural

EXAMPLES = (
    "claif-git cherry-pick SESSION_ID#5 --into OTHER_ID",
    "claif-git cherry-pick SESSION_ID#4 SESSION_ID#5 --into OTHER_ID",
)


def command(
    ctx: typer.Context,
    messages: params.MessageRevs,
    into: Annotated[
        str,
        typer.Option("--into", metavar="ID", help="The session that takes them.", autocompletion=complete.sessions),
    ],
) -> None:
    """Say messages of one session again in another.

    They go to its end in the order given, as one commit. Each copy says of which message it is one.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        session_id, indexes = params.messages_of(opened, messages)
        picked = opened.cherry_pick(session_id, indexes, into)
        out.note(f"picked {plural(len(picked), 'message')} into {opened.resolve(into)}")
