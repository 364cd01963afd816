"""`claif-git tree`."""

from __future__ import annotations

import typer

from claif_git.cli import histories, params
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git tree", "claif-git tree --json | jq '.[].fork.parent'")


def command(ctx: typer.Context, json: params.AsJson = False) -> None:
    """Show all sessions as a forest: who was branched from whom.

    A branch stands below its parent, with the number of the last message that it took along; the tree with the latest
    change comes first.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = opened.forest(progress=out.counted("reading sessions"))
        out.progress("")
    if json:
        out.json([node.to_data() for node in found])
    else:
        histories.forest(out, found)
