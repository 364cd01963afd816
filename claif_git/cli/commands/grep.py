"""`claif-git grep`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from claif_git.cli import lookups, params
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git grep 'time(d )?out'",
    "claif-git grep -i -F 'TypeError: ' SESSION_ID",
    "claif-git grep --all-history password",
)


def command(
    ctx: typer.Context,
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="What to look for, in a line of a message.")],
    session_ids: params.MaybeSessionIds = None,
    *,
    extended: Annotated[
        bool, typer.Option("--extended-regexp", "-E", help="PATTERN is a regular expression, as it is if unsaid.")
    ] = False,
    fixed: Annotated[bool, typer.Option("--fixed-strings", "-F", help="PATTERN is plain text.")] = False,
    ignore_case: Annotated[bool, typer.Option("--ignore-case", "-i", help="Upper and lower case alike.")] = False,
    all_history: Annotated[
        bool, typer.Option("--all-history", help="Also what was dropped, edited, deleted, or is in a draft.")
    ] = False,
    limit: params.Limit = None,
    json: params.AsJson = False,
) -> None:
    """Find lines of messages that match a pattern, in all sessions or in those named.

    In a pipe a line a find, parted by tabs: where (a REV, as show takes it), line, role, state, text. A message that
    several sessions share is told once. Regular expressions are Python's; one that takes for ever is stopped by Ctrl-C.
    """
    if extended and fixed:
        raise typer.BadParameter("-E and -F exclude each other.", param_hint="-F")
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = opened.grep(
            pattern,
            session_ids,
            fixed=fixed,
            ignore_case=ignore_case,
            all_history=all_history,
            progress=out.counted("reading sessions"),
        )
        chosen = islice(found, limit)
        if json:
            out.json([one.to_data() for one in chosen])
        else:
            lookups.found_lines(out, chosen)
        out.progress("")
