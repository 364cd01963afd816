"""`claif-git show`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from claif_git.cli import as_json, complete, histories, params, views
from claif_git.cli.context import manager, run_of
from claif_git.errors import MalformedError
from claif_git.model import Message

EXAMPLES = (
    "claif-git show SESSION_ID#5",
    "claif-git show SESSION_ID~3",
    "claif-git show 'SESSION_ID@{2 hours ago}'",
    "claif-git show 1a2b3c4 --json",
)


def command(
    ctx: typer.Context,
    rev: Annotated[
        str,
        typer.Argument(
            metavar="REV", help="A session, ID#5, ID~3, ID@{yesterday}, or a commit.", autocompletion=complete.sessions
        ),
    ],
    json: params.AsJson = False,
) -> None:
    """Show one turn, or what another commit changed.

    ID#5 is message 5 (negative: from the end), ID~3 three turns back (commits that are not turns do not count),
    ID@{yesterday} the session as it stood then by the dates of its commits (also 2 hours ago, monday, 2026-11-01,
    noon), and 7 hex digits or more a commit. A message is shown as it stands now.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        shown = opened.show(rev)
        if not json:
            histories.one_turn(out, shown)
            return
    out.json(
        {
            "session_id": shown.revision.session_id,
            "turn": views.plain_data(shown.turn),
            "message": _message(shown.turn.message_index, shown.message),
            "edited": shown.edited,
            "changes": shown.changes.to_data() if shown.changes else None,
        }
    )


def _message(index: int | None, message: Message | MalformedError | None) -> dict[str, Any] | None:
    if isinstance(message, MalformedError):
        return {"problem": str(message)}
    return as_json.message(index, message) if message is not None else None
