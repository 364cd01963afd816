"""`claif-git say`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli import params, parse
from claif_git.cli.context import manager, run_of
from claif_git.model import Message, MessageRole

EXAMPLES = (
    'claif-git say SESSION_ID "We went with the second plan."',
    "git diff | claif-git say SESSION_ID -",
    'claif-git say SESSION_ID --role assistant --model claude-sonnet-5-5 "Pasted from elsewhere."',
)


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; - reads stdin.")],
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="user, assistant or system.")
    ] = MessageRole.USER.value,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="The model that said it.")] = None,
    metadata: params.Metadata = None,
) -> None:
    """Add a message to a session without asking a model, and print its number."""
    parse.one_of(role, [known.value for known in MessageRole], "--role")
    content = parse.text_file(Path("-"), "TEXT").removesuffix("\n") if text == "-" else text
    with manager(ctx) as opened:
        full = opened.resolve(session_id)
        opened.add_message(full, Message(MessageRole(role), content, metadata=parse.metadata(metadata), model=model))
        run_of(ctx).out.line(f"#{opened.get_session(full).message_count - 1}")
