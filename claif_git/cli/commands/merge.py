"""`claif-git merge`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from claif_git.cli import complete, editor, params, parse, picklist, reports
from claif_git.cli.context import manager, run_of
from claif_git.model import Message

EXAMPLES = (
    "claif-git merge OTHER_ID --into SESSION_ID",
    "claif-git merge OTHER_ID --into SESSION_ID --strategy chronological",
    'claif-git merge OTHER_ID --into SESSION_ID --new --title "Both"',
    "claif-git merge OTHER_ID --into SESSION_ID --strategy manual",
)


def command(
    ctx: typer.Context,
    other: Annotated[
        str, typer.Argument(metavar="OTHER", help="The session to merge.", autocompletion=complete.sessions)
    ],
    *,
    into: Annotated[
        str, typer.Option("--into", metavar="ID", help="The session that takes it.", autocompletion=complete.sessions)
    ],
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            "-s",
            metavar="NAME",
            help="smart, chronological or manual.",
            autocompletion=complete.strategies,
        ),
    ] = "smart",
    new: Annotated[bool, typer.Option("--new", help="Leave both as they are and make a third.")] = False,
    title: params.Title = None,
) -> None:
    """Merge a session into another, and print the id of the one that holds both.

    smart keeps each run of turns together, in the order in which the runs began. chronological orders all messages by
    their time. manual opens your editor with a list of OTHER's messages past the fork, to pick from and to reorder.
    """
    parse.one_of(strategy, complete.STRATEGIES, "--strategy")
    if title is not None and not new:
        raise typer.BadParameter("only a new session takes a title: add --new.", param_hint="--title")
    out = run_of(ctx).out
    with manager(ctx) as opened:
        result = opened.merge_sessions(
            into,
            other,
            strategy,
            resolver=partial(_picked, other, into) if strategy == "manual" else None,
            into_primary=not new,
            title=title,
        )
    out.line(str(result))
    reports.merge_notes(out, result)


def _picked(other: str, into: str, messages: list[Message]) -> list[Message]:
    """Have a person pick from a session's messages, in an editor. typer.Abort if nothing is left."""
    kept = picklist.chosen(editor.edited(picklist.written(messages, other, into), "claif-git-picks"), messages)
    if not kept:
        raise typer.Abort
    return kept
