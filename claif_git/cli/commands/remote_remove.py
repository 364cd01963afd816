"""`claif-git remote remove`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete
from claif_git.cli.context import manager

EXAMPLES = ("claif-git remote remove backup",)


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The remote.", autocompletion=complete.remotes)],
) -> None:
    """Forget a remote; it is not touched itself."""
    with manager(ctx) as opened:
        opened.remove_remote(name)
