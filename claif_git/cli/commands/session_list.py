"""`claif-git session list`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from claif_git.cli import as_json, params, parse, views
from claif_git.cli.conditions import asked_of_metadata
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git session list",
    "claif-git session list --template coding --metadata project=webapp",
    "claif-git session list --where 'rating!=null' --where title~review --model 'claude-opus-*'",
    "claif-git session list --since 7d --json",
    "claif-git session list --trash",
)


def command(
    ctx: typer.Context,
    *,
    template: params.TemplateFilter = None,
    metadata: params.MetadataFilter = None,
    where: params.Where = None,
    model: params.ModelFilter = None,
    since: params.Since = None,
    until: params.Until = None,
    limit: params.Limit = None,
    trash: Annotated[bool, typer.Option("--trash", help="The deleted ones that can be restored.")] = False,
    json: params.AsJson = False,
) -> None:
    """List the sessions, the latest change first.

    On a terminal a table; in a pipe a line a session, parted by tabs: id, title, messages, updated, template.
    --since and --until speak of the latest change. --where asks for metadata, title, template or id: KEY=VALUE,
    KEY!=VALUE (JSON, or else text; quotes make anything text: KEY='"5"'), KEY~TEXT (text in it, whatever its case);
    null is what is not set.
    """
    out = run_of(ctx).out
    wanted = parse.metadata(metadata) | ({"template": template} if template is not None else {})
    earliest, latest = parse.span(since, until)
    narrowed: dict[str, Any] = {"where": where or [], "model": model, "since": earliest, "until": latest}
    with manager(ctx) as opened:
        if trash:
            found = opened.trashed_sessions(wanted, **narrowed)[:limit]
        else:
            found = opened.list_sessions(wanted, **narrowed, limit=limit, progress=out.counted("indexing"))
        out.progress("")
        if json:
            out.json([as_json.session(session) for session in found])
        else:
            views.sessions(out, found)
        asked_of_metadata(out, where or [], found)
        views.crashed_drafts(out, opened)
