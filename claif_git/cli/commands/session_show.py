"""`claif-git session show`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import as_json, complete, errors, params, parse, views
from claif_git.cli.context import manager, run_of
from claif_git.errors import MessageIndexError
from claif_git.model import Message, Session

EXAMPLES = (
    "claif-git session show SESSION_ID",
    "claif-git session show SESSION_ID --role assistant --limit 3",
    "claif-git session show SESSION_ID --message -1 --raw > answer.md",
    "claif-git session show SESSION_ID --json | jq '.messages[].content'",
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    *,
    message: Annotated[
        int | None, typer.Option("--message", metavar="N", help="Only message N; -1 is the last.")
    ] = None,
    role: params.Role = None,
    since: params.Since = None,
    until: params.Until = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="The last N of them.")] = None,
    raw: params.Raw = False,
    json: params.AsJson = False,
) -> None:
    """Show a session's messages, numbered #0, #1, … as branch and merge take them.

    --raw with --message prints that message's text and nothing else.
    """
    out = run_of(ctx).out
    parse.one_of(role, complete.ROLES, "--role")
    earliest, latest = parse.span(since, until)
    with manager(ctx) as opened:
        session = opened.get_session(session_id)
        numbered = _one(session, message) if message is not None else session.readable
        broken = session.problems if message is None else []
    chosen = [
        (index, one)
        for index, one in numbered
        if (role is None or str(one.role) == role) and parse.between(one.timestamp, earliest, latest)
    ][-(limit or len(numbered)) :]
    if json:
        out.json(
            as_json.session(session)
            | {"parameters": session.parameters, "messages": [as_json.message(index, one) for index, one in chosen]}
        )
    elif raw and message is not None:
        views.raw_texts(out, chosen)
    else:
        views.conversation(out, session, chosen, raw=raw, whole=message is None)
    errors.unread(out, broken)


def _one(session: Session, number: int) -> list[tuple[int, Message]]:
    """Give one message, whatever the others are. MalformedError if it is this one that cannot be read."""
    count = session.message_count
    if not -count <= number < count:
        raise MessageIndexError(number, count)
    readable = dict(session.readable)
    index = number % count
    return [(index, readable[index] if index in readable else session.messages[index])]
