"""`claif-git session list`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import as_json, params, parse, views
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git session list",
    "claif-git session list --template coding --metadata project=webapp",
    "claif-git session list --since 7d --json",
    "claif-git session list --trash",
)


def command(
    ctx: typer.Context,
    *,
    template: params.TemplateFilter = None,
    metadata: params.MetadataFilter = None,
    since: params.Since = None,
    until: params.Until = None,
    limit: params.Limit = None,
    trash: Annotated[bool, typer.Option("--trash", help="The deleted ones that can be restored.")] = False,
    json: params.AsJson = False,
) -> None:
    """List the sessions, the latest change first.

    On a terminal a table; in a pipe a line a session, parted by tabs: id, title, messages, updated, template.
    --since and --until speak of the latest change.
    """
    out = run_of(ctx).out
    wanted = parse.metadata(metadata) | ({"template": template} if template is not None else {})
    earliest, latest = parse.moment(since, "--since"), parse.moment(until, "--until")
    with manager(ctx) as opened:
        if trash:
            every = opened.trashed_sessions()
        else:
            every = opened.list_sessions(wanted or None, progress=out.counted("indexing"))
        out.progress("")
        found = [one for one in every if parse.between(one.updated_at, earliest, latest)][:limit]
        if json:
            out.json([as_json.session(session) for session in found])
        else:
            views.sessions(out, found)
        views.crashed_drafts(out, opened)
