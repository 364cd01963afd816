"""`claif-git pull`."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli import complete, params, reports
from claif_git.cli.context import manager, run_of
from claif_git.errors import RemoteNotFoundError, is_like_address

EXAMPLES = ("claif-git pull", "claif-git pull SESSION_ID --remote backup", "claif-git pull from-bob.bundle")


def command(
    ctx: typer.Context,
    session_ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID",
            help="Session ids, or their beginnings; and a bundle file, to pull from that.",
            autocompletion=complete.sessions,
        ),
    ] = None,
    remote: params.RemoteName = "origin",
    json: params.AsJson = False,
) -> None:
    """Fetch a remote's sessions and bring ours up to date.

    Where both sides went on, they are merged and nothing is dropped. What does not validate is set aside. What was
    purged here comes back only if it is named.
    """
    out = run_of(ctx).out
    files = [one for one in session_ids or () if _is_file(one)]
    ids = [one for one in session_ids or () if one not in files] or None
    if len(files) > 1:
        raise typer.BadParameter("name one file at a time.", param_hint="ID")
    with manager(ctx, make=True) as opened, reports.exchange(out, json=json) as progress:
        progress(f"pulling from {files[0] if files else remote}")
        if files:
            report = opened.read_bundle(files[0], ids, progress=progress)
        else:
            report = opened.pull(ids, remote, progress=progress)
    reports.sync(out, report, json=json, named=bool(ids))


def _is_file(name: str) -> bool:
    """Say whether a file is meant: one that is there, or a name that no session can have.

    FileNotFoundError; RemoteNotFoundError for an address.
    """
    if set(name) & {"/", os.sep, "."} and Path(name).is_file():
        return True
    if not (is_like_address(name) or set(name) & {"/", os.sep} or name.endswith(".bundle")):
        return False
    if is_like_address(name):
        raise RemoteNotFoundError(name)
    if Path(name).is_dir():
        raise typer.BadParameter(
            f"{name} is a folder; to pull from a repository, claif-git remote add it.", param_hint="ID"
        )
    raise FileNotFoundError(errno.ENOENT, "no such file", name)
