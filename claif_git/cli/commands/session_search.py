"""`claif-git session search`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, params, parse, reports, views
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    'claif-git session search "code review" --limit 10',
    """claif-git session search '"exact phrase" prefix*'""",
    "claif-git session search timeout --role assistant --since 30d --json",
    r"claif-git session search --regex '(?i)error \d{3}$' --model 'claude-*'",
)


def command(
    ctx: typer.Context,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help='Words, "a phrase", prefix*.')],
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many.")] = 20,
    role: params.Role = None,
    since: params.Since = None,
    until: params.Until = None,
    model: params.ModelFilter = None,
    regex: Annotated[
        bool, typer.Option("--regex", "-E", help="QUERY is a regular expression; the latest come first.")
    ] = False,
    json: params.AsJson = False,
) -> None:
    """Find messages that hold all the words, and sessions whose title does, the best match first.

    Of such a session its first message is given, with the title's words. In a pipe a line a message, parted by tabs:
    id, #number, role, time, title, snippet.

    With --regex, messages that match one regular expression of Python's, and no titles; one that takes for ever is
    stopped by Ctrl-C. Lone surrogates, and control characters in content that is very long or has attachments, count as
    spaces: grep finds them as they are.
    """
    out = run_of(ctx).out
    parse.one_of(role, complete.ROLES, "--role")
    earliest, latest = parse.span(since, until)
    with manager(ctx) as opened:
        hits = opened.search_sessions(
            " ".join(query),
            limit,
            role=role,
            since=earliest,
            until=latest,
            model=model,
            regex=regex,
            progress=out.counted("indexing"),
        )
        out.progress("")
    if json:
        out.json(views.plain_data(hits))
    else:
        reports.hits(out, hits)
