"""`claif-git stats`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from claif_git.cli import complete, params, parse, reports, views
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git stats",
    "claif-git stats --by model --since 30d",
    "claif-git stats --by project --json | jq .groups",
)


def command(
    ctx: typer.Context,
    *,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="GROUP", help="model, day, project or session.", autocompletion=complete.groups),
    ] = None,
    since: params.Since = None,
    until: params.Until = None,
    json: params.AsJson = False,
) -> None:
    """Count the sessions, messages, tokens and costs of the whole store.

    --since and --until speak of when something was said. A message that several sessions show counts once in the total
    and once in each group. Days are UTC's; a session's project is its metadata's "project", else the last folder
    of its "cwd". Costs are US dollars by list price, of the models whose prices are known. In a pipe a line a group,
    parted by tabs: name, sessions, messages, tokens, input, output, cache read, cache write, cost.
    """
    out = run_of(ctx).out
    parse.one_of(by, complete.GROUPS, "--by")
    group: Any = by
    earliest, latest = parse.span(since, until)
    with manager(ctx) as opened:
        stats = opened.store_stats(by=group, since=earliest, until=latest, progress=out.counted("indexing"))
        out.progress("")
    if json:
        out.json(reports.stats_data(stats))
    elif by is None:
        views.figures(out, views.plain_data(stats.total) | {"unreadable": stats.unreadable})
    else:
        reports.groups(out, stats)
