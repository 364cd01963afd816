"""`claif-git remote add`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import reports
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git remote add origin ssh://git@example.org/conversations.git",
    "claif-git remote add backup /mnt/backup/conversations.git",
)


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Any that git takes.")],
) -> None:
    """Name a remote: any git repository, at a path, or by ssh, https or git."""
    from claif_git.git.transport import parse_address

    with manager(ctx, make=True) as opened:
        opened.add_remote(name, address)
    reports.secrets(run_of(ctx).out, parse_address(address))
