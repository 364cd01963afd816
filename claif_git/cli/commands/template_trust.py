"""`claif-git template trust`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git template show custom", "claif-git template trust custom")


def command(
    ctx: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The template.", autocompletion=complete.export_templates)
    ],
) -> None:
    """Allow an export template that came from elsewhere to run here.

    A template is a program: read it first. One that changes has to be allowed again.
    """
    with manager(ctx) as opened:
        opened.trust_export_template(name)
    run_of(ctx).out.note(f"export template {name} may run here")
