"""`claif-git push`."""

from __future__ import annotations

from typing import Annotated

import typer

from claif_git.cli import complete, params, reports
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    "claif-git push SESSION_ID",
    "claif-git push",
    "claif-git push --all --remote backup --dry-run",
)


def command(
    ctx: typer.Context,
    session_ids: params.MaybeSessionIds = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every session, also those it does not have.")] = False,
    templates: Annotated[
        list[str] | None,
        typer.Option(
            "--template",
            metavar="NAME",
            help="Send this template along; repeatable.",
            autocompletion=complete.any_templates,
        ),
    ] = None,
    remote: params.RemoteName = "origin",
    dry_run: params.DryRun = False,
    json: params.AsJson = False,
) -> None:
    """Send sessions to a remote.

    Nothing leaves by accident: with none named, only what this remote already has is brought up to date. It
    takes no template either that is not named.
    """
    out = run_of(ctx).out
    if session_ids and everything:
        raise typer.BadParameter("--all and session ids exclude each other.", param_hint="--all")
    with manager(ctx) as opened, reports.exchange(out, json=json) as progress:
        progress(f"pushing to {remote}")
        report = opened.push(
            session_ids or None,
            remote,
            all=everything,
            dry_run=dry_run,
            templates=templates or (),
            progress=progress,
        )
    reports.sync(out, report, json=json, named=bool(session_ids))
