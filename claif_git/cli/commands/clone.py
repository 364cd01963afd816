"""`claif-git clone`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli.context import run_of, store_path
from claif_git.errors import InvalidInputError

EXAMPLES = (
    "claif-git clone ssh://git@example.org/conversations.git",
    "claif-git clone /mnt/backup/conversations.git ~/conversations",
)


def command(
    ctx: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Any that git takes.")],
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="Where the store goes.")] = None,
) -> None:
    """Copy a store from a remote, and print where it is.

    Without PATH it goes to --store or the default place, where there must be none yet.
    """
    from claif_git import clone, config

    run = run_of(ctx)
    place = path or store_path(ctx) or config.default_store()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise InvalidInputError(f"{place} exists and is not empty", hint="name another PATH")
    run.out.progress(f"cloning {address}")
    with clone(address, place) as opened:
        run.out.progress("")
        run.out.line(str(opened.path))
