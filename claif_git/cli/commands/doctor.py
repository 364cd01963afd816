"""`claif-git doctor`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import errors, params, reports, views
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git doctor",
    "claif-git doctor --fix",
    "claif-git doctor --json | jq '.[].message'",
)


def command(
    ctx: typer.Context,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what needs no decision of yours.")] = False,
    json: params.AsJson = False,
) -> None:
    """Say how the store stands, and what is wrong with it.

    Index, objects, refs, locks, unsaved turns, trash, every file of every session, configuration and disk. In a pipe a
    line a finding, parted by tabs: ok, note, problem or fixed; area; what it is; what to do. --fix builds the index
    anew, removes what dead programs left and packs, where that is of use, and brings back what is whole on the disk: a
    pack that lost its index, a ref whose file is empty and that packed-refs has, HEAD. It saves, restores and deletes
    nothing that was said. The exit code is 1 if something is wrong, and stays so.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        found = opened.doctor(fix, progress=out.counted("reading sessions"))
        out.progress("")
    if json:
        out.json([views.plain_data(one) for one in found])
    else:
        reports.findings(out, found)
    if any(one.is_wrong for one in found):
        raise typer.Exit(errors.FAILURE)
