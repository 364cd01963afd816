"""Arguments and options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claif_git.cli import complete
from claif_git.errors import quoted

if TYPE_CHECKING:
    from claif_git.session import SessionManager

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
MessageRev = Annotated[
    str,
    typer.Argument(metavar="ID#N", help="A message: a session's id and a number.", autocompletion=complete.sessions),
]
MessageRevs = Annotated[
    list[str],
    typer.Argument(metavar="ID#N", help="Messages: a session's id and a number.", autocompletion=complete.sessions),
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
Until = Annotated[
    str | None,
    typer.Option(
        "--until", metavar="WHEN", help="Not after: a day to its end, a time to the end of its minute or second."
    ),
]
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
Where = Annotated[
    list[str] | None,
    typer.Option("--where", "-w", metavar="COND", help="Only where KEY=VALUE, KEY!=VALUE or KEY~TEXT; repeatable."),
]
ModelFilter = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Only where this model spoke; * is any characters.")
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


def message_of(opened: SessionManager, rev: str) -> tuple[str, int]:
    """Give the session and the index that `ID#5` names. typer.BadParameter if it names no message.

    `ID~1` and its like name points in history: what they last added is not taken for what was meant.
    """
    found = opened.revision(rev)
    if found.message_index is None or "#" not in rev:
        raise typer.BadParameter(f"{quoted(rev)} names no message; write ID#N.", param_hint="ID#N")
    return found.session_id, found.message_index


def messages_of(opened: SessionManager, revs: list[str]) -> tuple[str, list[int]]:
    """Give the one session and the indexes that several `ID#5` name."""
    found = [message_of(opened, rev) for rev in revs]
    if len({session_id for session_id, _ in found}) > 1:
        raise typer.BadParameter("name messages of one session at a time.", param_hint="ID#N")
    return found[0][0], [index for _, index in found]
