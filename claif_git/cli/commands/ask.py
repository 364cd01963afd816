"""`claif-git ask`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from claif_git.cli import complete, last, params, prompts
from claif_git.cli.answers import Listener
from claif_git.cli.context import manager, run_of
from claif_git.cli.signals import ended_as_by_ctrl_c
from claif_git.cli.terminal import Output

if TYPE_CHECKING:
    from claif_git.model import Content
    from claif_git.session import SessionManager

EXAMPLES = (
    'claif-git ask "How do I undo the last commit?"',
    'claif-git ask -c "And if it was pushed already?"',
    """claif-git ask "What's the next step?" --session SESSION_ID""",
    'git diff | claif-git ask "Review this" --template coding',
    'claif-git ask "What does it say?" --file scan.png --file notes.txt',
    "claif-git ask --retry --session SESSION_ID",
)

Which = Annotated[
    str | None,
    typer.Option("--session", "-s", metavar="ID", help="Go on with this one.", autocompletion=complete.sessions),
]
GoOn = Annotated[
    bool, typer.Option("--continue", "-c", help="Go on with $CLAIF_SESSION, or the last one used in this folder.")
]
Files = Annotated[
    list[Path] | None, typer.Option("--file", "-f", metavar="FILE", help="Send a file along; repeatable.")
]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", min=1, metavar="N", help="The longest answer to take.")]
Retry = Annotated[
    bool, typer.Option("--retry", help="Ask once more for the last answer, if it never came or broke off.")
]


def command(
    ctx: typer.Context,
    prompt: Annotated[str | None, typer.Argument(metavar="PROMPT", help="What to say; - reads stdin.")] = None,
    *,
    session: Which = None,
    go_on: GoOn = False,
    files: Files = None,
    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help="The model to ask.")] = None,
    system: Annotated[str | None, typer.Option("--system", metavar="TEXT", help="A system message.")] = None,
    max_tokens: MaxTokens = None,
    template: params.Template = None,
    retry: Retry = False,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Print the answer when it is whole.")] = False,
    json: params.AsJson = False,
) -> None:
    """Ask a model, in a new session or going on with one.

    The prompt is committed before the call and the answer after it. What is piped in goes before the prompt. The id of
    a new session is printed on stderr. Needs ANTHROPIC_API_KEY.
    """
    from claif_git.chat import ClaudeClient, take_turn

    out = run_of(ctx).out
    _check(session, template, go_on=go_on, retry=retry)
    content = prompts.said(prompt, files, retry=retry)
    client = ClaudeClient()
    client.require_key()
    listener = Listener(out, live=not (no_stream or json))
    given: dict[str, Any] = {"system": system, "max_tokens": max_tokens}
    with manager(ctx, make=not (session or go_on)) as opened:
        session_id = _named(opened, session, go_on=go_on) or _new(opened, out, content, template)
        last.remember(Path(opened.path), Path.cwd(), session_id)
        with ended_as_by_ctrl_c(), listener.to(session_id):
            turn = take_turn(
                opened,
                session_id,
                content,
                client=client,
                model=model,
                stream=listener.is_live,
                on_text=listener.hear if listener.is_live else None,
                **{name: value for name, value in given.items() if value is not None},
            )
    listener.show(turn, json=json)


def _check(session: str | None, template: str | None, *, go_on: bool, retry: bool) -> None:
    if session and go_on:
        raise typer.BadParameter("--session and --continue exclude each other.", param_hint="--continue")
    if template and (session or go_on):
        raise typer.BadParameter("only a new session takes a template.", param_hint="--template")
    if retry and not (session or go_on):
        raise typer.BadParameter("say which session: --session ID or --continue.", param_hint="--retry")


def _named(opened: SessionManager, session: str | None, *, go_on: bool) -> str | None:
    """Give the id of the session to go on with, or None for a new one."""
    from claif_git import config

    if go_on:
        session = config.session_env() or last.recall(Path(opened.path), Path.cwd())
        if session is None:
            raise typer.BadParameter("no session was used in this folder yet.", param_hint="--continue")
    return opened.resolve(session) if session else None


def _new(opened: SessionManager, out: Output, content: Content | None, template: str | None) -> str:
    """Make a session, and say its id."""
    # The title comes after: an id is made of the title it is created with, and an id travels to places (a shell's
    # history, a branch on a host) where the words of a prompt have no business.
    session_id = opened.create_session(template=template)
    title = prompts.title_of(content or "")
    if title:
        opened.update_title(session_id, title)
    out.note(f"session {session_id}")
    return session_id
