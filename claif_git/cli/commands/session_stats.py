"""`claif-git session stats`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import errors, params, views
from claif_git.cli.context import manager, run_of
from claif_git.errors import MalformedError

EXAMPLES = (
    "claif-git session stats SESSION_ID",
    "claif-git session stats SESSION_ID --json | jq .total_tokens",
    "claif-git session stats SESSION_ID --flow",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    flow: Annotated[bool, typer.Option("--flow", help="Topics, sentiment and lengths of turns as well.")] = False,
    json: params.AsJson = False,
) -> None:
    """Count a session's messages, tokens and times.

    Times are in seconds. --flow is worked out on this machine from word lists: take it as a hint. A message that cannot
    be read is not counted but named; the exit code is 1 then.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        broken: list[MalformedError] = []
        stats = dict(opened.get_session_stats(session_id, on_malformed=broken.append))
        if flow:
            stats["flow"] = opened.analyze_conversation_flow(session_id, on_malformed=lambda _: None)
    if json:
        out.json(views.plain_data(stats))
    else:
        views.figures(out, views.plain_data(stats))
    errors.unread(out, broken)
