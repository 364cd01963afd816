"""`claif-git template show`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete
from claif_git.cli.context import manager, run_of
from claif_git.errors import UnknownNameError

EXAMPLES = (
    "claif-git template show coding",
    "claif-git template show coding > mine.json",
    "claif-git template show my-template > my-template.j2",
)


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The template.", autocompletion=complete.templates)],
    export: Annotated[bool, typer.Option("--export", help="The export template, if both have that name.")] = False,
) -> None:
    """Show a template: JSON that template add takes, or the source of an export template."""
    out = run_of(ctx).out
    with manager(ctx) as opened:
        sessions, exports = opened.templates(), opened.export_templates()
    if name in sessions and not export:
        out.json(sessions[name])
    elif name in exports:
        out.data(exports[name])
    else:
        raise UnknownNameError(
            "export template" if export else "template", name, [*exports, *([] if export else sessions)]
        )
