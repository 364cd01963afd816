"""`claif-git edit`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of
from claif_git.cli.editor import edited
from claif_git.errors import ClaifGitError, InvalidInputError

EXAMPLES = ("claif-git edit SESSION_ID#5", 'claif-git edit SESSION_ID#5 --content "What I meant to say"')


def command(
    ctx: typer.Context,
    message: params.MessageRev,
    content: Annotated[
        str | None, typer.Option("--content", "-c", metavar="TEXT", help="The new text, instead of the editor's.")
    ] = None,
) -> None:
    """Change what a message says, in $EDITOR, by a new commit. The old wording stays in history.

    A file that is left empty changes nothing; to leave a message out, drop it. One that is more than text (tool calls,
    images) cannot be edited as text.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        session_id, index = params.message_of(opened, message)
        held = opened.get_session(session_id).messages[index]
        if not isinstance(held.content, str):
            raise InvalidInputError(f"message {index} holds content blocks, which cannot be edited as text")
        text = edited(held.content + "\n", "message.md").removesuffix("\n") if content is None else content
        if text == held.content:
            out.note("nothing changed")
            return
        if content is None and not text.strip():
            raise ClaifGitError(
                "the text was left empty: nothing was changed",
                hint=f"to leave the message out: claif-git drop {session_id}#{index}",
            )
        opened.edit_message(session_id, index, text)
        out.note(f"edited message {index}; to take it back: claif-git undo {session_id}")
