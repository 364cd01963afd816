"""`claif-git clone`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claif_git.cli import reports
from claif_git.cli.context import run_of, store_path

if TYPE_CHECKING:
    from claif_git.sync.report import SyncReport

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
    from claif_git.git.transport import parse_address

    out = run_of(ctx).out
    came: list[SyncReport] = []
    with reports.exchange(out, json=False) as progress:
        parsed = parse_address(address)
        progress(f"cloning {parsed}")
        place = path or store_path(ctx) or config.default_store()
        with clone(address, place, progress=progress, reported=came.append) as opened:
            progress("")
            out.line(str(opened.path))
    reports.secrets(out, parsed)
    for report in came:
        reports.cloned(out, report)
