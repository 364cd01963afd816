"""`claif-git session create`."""

from __future__ import annotations

import typer

from claif_git.cli import params, parse
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    'claif-git session create --title "My Session" --template coding',
    """claif-git session create --title "Bug Investigation" --metadata '{"project": "webapp"}'""",
    "ID=$(claif-git session create --metadata project=webapp --metadata priority=high)",
)


def command(
    ctx: typer.Context,
    title: params.Title = None,
    template: params.Template = None,
    metadata: params.Metadata = None,
    json: params.AsJson = False,
) -> None:
    """Make a session and print its id, and nothing else.

    A template gives the session its system message, metadata that lie under --metadata, and parameters for ask.
    """
    out = run_of(ctx).out
    wanted = parse.metadata(metadata)
    with manager(ctx, make=True) as opened:
        session_id = opened.create_session(title=title, template=template, metadata=wanted or None)
    if json:
        out.json({"id": session_id})
    else:
        out.line(session_id)
