"""`claif-git bundle create`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of
from claif_git.cli.text import plural

EXAMPLES = (
    "claif-git bundle create for-bob.bundle SESSION_ID",
    "claif-git pull for-bob.bundle",
    "claif-git bundle create backup.bundle --all",
)


def command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes; a bundle there is replaced.")],
    session_ids: params.MaybeSessionIds = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
) -> None:
    """Write sessions into one file, and print their ids.

    Only those that are named are in it, each with its whole history. Whoever gets it reads it with `claif-git pull
    FILE` or `claif-git clone FILE`, or with plain git.
    """
    out = run_of(ctx).out
    if bool(session_ids) == everything:
        raise typer.BadParameter("name sessions, or say --all.", param_hint="ID")
    with manager(ctx) as opened:
        written = opened.write_bundle(file, session_ids, all=everything, progress=out.counted("bundling sessions"))
        out.progress("")
    for name in written:
        out.line(name)
    out.note(f"{plural(len(written), 'session')} in {file}")
