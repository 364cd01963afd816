"""`claif-git session export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli import complete, errors, params
from claif_git.cli.context import manager, run_of
from claif_git.cli.terminal import Output
from claif_git.errors import MalformedError

EXAMPLES = (
    "claif-git session export SESSION_ID --format markdown --output chat.md",
    "claif-git session export SESSION_ID --format json --include-metadata --include-tokens --output session.json",
    "claif-git session export SESSION_ID --format html --theme dark --output chat.html",
    "claif-git session export SESSION_ID --format my-template",
)

Flag = bool | None
WithMetadata = Annotated[Flag, typer.Option("--include-metadata/--no-metadata", help="With metadata, or without.")]
WithTimestamps = Annotated[Flag, typer.Option("--include-timestamps/--no-timestamps", help="With times, or without.")]
WithTokens = Annotated[Flag, typer.Option("--include-tokens/--no-tokens", help="With token counts, or without.")]
Pretty = Annotated[Flag, typer.Option("--pretty/--compact", help="json: indented, or on one line.")]
Css = Annotated[Flag, typer.Option("--css/--no-css", help="html: with a style sheet, or without.")]


def command(
    ctx: typer.Context,
    session_id: params.SessionId,
    *,
    export_format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="markdown, json, html, or an export template.",
            autocompletion=complete.formats,
        ),
    ] = "markdown",
    output: params.OutputFile = None,
    include_metadata: WithMetadata = None,
    include_timestamps: WithTimestamps = None,
    include_tokens: WithTokens = None,
    pretty: Pretty = None,
    css: Css = None,
    theme: Annotated[str | None, typer.Option("--theme", metavar="NAME", help="html: default or dark.")] = None,
) -> None:
    """Write a session as markdown, JSON, HTML or through a template.

    JSON can be read back with import and loses nothing. What is not said is left to the format's own default.
    A message that cannot be read is left out and named; the exit code is 1 then.
    """
    given = {
        "include_metadata": include_metadata,
        "include_timestamps": include_timestamps,
        "include_tokens": include_tokens,
        "pretty_print": pretty,
        "include_css": css,
        "theme": theme,
    }
    options = {name: value for name, value in given.items() if value is not None}
    out = run_of(ctx).out
    broken: list[MalformedError] = []
    with manager(ctx) as opened:
        text = opened.export_session(session_id, export_format, on_malformed=broken.append, **options)
    _write(out, output, text)
    errors.unread(out, broken)


def _write(out: Output, output: Path | None, text: str) -> None:
    if output is None or str(output) == "-":
        out.data(text if text.endswith("\n") else f"{text}\n")
    else:
        output.write_bytes(text.encode("utf-8", "backslashreplace"))
