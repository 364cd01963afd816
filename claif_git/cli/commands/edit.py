"""`claif-git edit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from claif_git.cli import params
from claif_git.cli.context import manager, run_of
from claif_git.cli.editor import edited
from claif_git.errors import ClaifGitError, InvalidInputError, MalformedError

if TYPE_CHECKING:
    from claif_git.model import Message
    from claif_git.session import SessionManager

EXAMPLES = ("claif-git edit SESSION_ID#5", 'claif-git edit SESSION_ID#5 --content "What I meant to say"')
_UNCHANGED = "nothing changed"
_FORM = (
    "nothing was changed; a file begins with ---, role: user (or assistant, or system), timestamp: 2026-01-31T09:00:00Z"
    " and ---, each on a line"
)


def command(
    ctx: typer.Context,
    message: params.MessageRev,
    content: Annotated[
        str | None, typer.Option("--content", "-c", metavar="TEXT", help="The new text, instead of the editor's.")
    ] = None,
) -> None:
    """Change what a message says, in $EDITOR, by a new commit. The old wording stays in history.

    A file that is left empty changes nothing; to leave a message out, drop it. One that is more than text (tool calls,
    images) cannot be edited as text. Of one that cannot be read, the editor gets the whole file, to be mended.
    """
    out = run_of(ctx).out
    with manager(ctx) as opened:
        session_id, index = params.message_of(opened, message)
        held = dict(opened.get_session(session_id).readable).get(index)
        if held is not None:
            changed = _edit(opened, session_id, index, held, content)
        elif content is None:
            changed = _mend(opened, session_id, index)
        else:
            raise InvalidInputError(
                f"message {index} cannot be read, so that there is more to mend than its text",
                hint=f"to have the whole file in an editor: claif-git edit {session_id}#{index}",
            )
        done = "edited" if held is not None else "mended"
        out.note(f"{done} message {index}; to take it back: claif-git undo {session_id}" if changed else _UNCHANGED)


def _edit(opened: SessionManager, session_id: str, index: int, held: Message, content: str | None) -> bool:
    """Change a message's text; tell whether it is another now."""
    if not isinstance(held.content, str):
        raise InvalidInputError(f"message {index} holds content blocks, which cannot be edited as text")
    text = _asked(held.content + "\n", session_id, index).removesuffix("\n") if content is None else content
    if text == held.content:
        return False
    opened.edit_message(session_id, index, text)
    return True


def _mend(opened: SessionManager, session_id: str, index: int) -> bool:
    """Change a whole file; tell whether it is another now. MalformedError if it still cannot be read."""
    file = opened.message_file(session_id, index)
    text = _asked(file, session_id, index)
    if text == file:
        return False
    try:
        opened.mend_message(session_id, index, text, was=file)
    except MalformedError as error:
        error.hint = _FORM
        raise
    return True


def _asked(text: str, session_id: str, index: int) -> str:
    new = edited(text, "message.md")
    if text.strip() and not new.strip():
        raise ClaifGitError(
            "the text was left empty: nothing was changed",
            hint=f"to leave the message out: claif-git drop {session_id}#{index}",
        )
    return new
