"""`claif-git import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from claif_git.cli import complete, errors, params, parse, reports
from claif_git.cli.context import manager, run_of
from claif_git.errors import ClaifGitError

if TYPE_CHECKING:
    from claif_git.session.importing import ImportReport

EXAMPLES = (
    "claif-git import ~/.claude/projects/*/*.jsonl",
    "claif-git import conversation.json --dry-run",
    "claif-git session export SESSION_ID -f json | claif-git --store elsewhere import -",
)


def command(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files to read; - is stdin.")],
    *,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="What wrote them; told by itself, if unsaid.",
            autocompletion=complete.sources,
        ),
    ] = None,
    keep_raw: Annotated[
        bool, typer.Option("--keep-raw", help="Keep each turn's source record in its metadata.")
    ] = False,
    dry_run: params.DryRun = False,
    json: params.AsJson = False,
) -> None:
    """Import conversations from other programs' files.

    Our JSON, Anthropic messages, OpenAI messages, and Claude Code's JSONL with its branches and tool calls. Importing
    again adds nothing; a file that has grown adds the rest. A damaged line is named and skipped. In a pipe a
    line a session, parted by tabs: id, title, messages added, what happened.
    """
    out = run_of(ctx).out
    done: list[tuple[str, ImportReport]] = []
    code = 0
    with manager(ctx, make=True) as opened:
        for file in files:
            name = str(file)
            try:
                data = parse.raw_bytes(file)
                read_as = "" if name == "-" else file.name
                report = opened.import_data(
                    data, read_as, source, keep_raw=keep_raw, dry_run=dry_run, progress=out.counted(name)
                )
                done.append((name, report))
            except (ClaifGitError, OSError) as error:
                code = errors.report(error, out, about=name if len(files) > 1 else "")
            out.progress("")
    reports.imports(out, done, json=json)
    if code or reports.nothing_read(done):
        raise typer.Exit(code or errors.FAILURE)
