"""Arguments and options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli import complete

SessionId = Annotated[
    str, typer.Argument(metavar="ID", help="A session's id, or its beginning.", autocompletion=complete.sessions)
]
SessionIds = Annotated[
    list[str],
    typer.Argument(metavar="ID", help="Session ids, or their beginnings.", autocompletion=complete.sessions),
]
MaybeSessionIds = Annotated[
    list[str] | None,
    typer.Argument(metavar="ID", help="Session ids, or their beginnings.", autocompletion=complete.sessions),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most so many.")]
Role = Annotated[
    str | None,
    typer.Option("--role", metavar="ROLE", help="Only system, user or assistant.", autocompletion=complete.roles),
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="Not before: a date and time, or an age (90m, 12h, 7d).")
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Not after.")]
Title = Annotated[str | None, typer.Option("--title", "-t", metavar="TEXT", help="The new session's title.")]
Template = Annotated[
    str | None,
    typer.Option(
        "--template", metavar="NAME", help="A session template; see template list.", autocompletion=complete.templates
    ),
]
TemplateFilter = Annotated[
    str | None,
    typer.Option("--template", metavar="NAME", help="Only made from this.", autocompletion=complete.templates),
]
MetadataFilter = Annotated[
    list[str] | None, typer.Option("--metadata", "-m", metavar="KEY=VALUE", help="Only with this metadata; repeatable.")
]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--metadata", "-m", metavar="KEY=VALUE", help="Metadata, or a JSON object of them; repeatable."),
]
RemoteName = Annotated[
    str, typer.Option("--remote", "-r", metavar="NAME", help="The remote.", autocompletion=complete.remotes)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]
Raw = Annotated[bool, typer.Option("--raw", help="Plain text as it is stored; a terminal still gets it escaped.")]
OutputFile = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file instead of stdout.")
]
