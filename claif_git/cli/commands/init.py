"""`claif-git init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from claif_git.cli.context import run_of, store_path

EXAMPLES = ("claif-git init", "claif-git init ~/conversations", "claif-git init --namespace")
_WARNING = (
    "note: whoever can read this repository can read the conversations in it. They leave with claif-git push (and with",
    "note: git push --mirror, deleted ones too); then everyone who can read the code there can read them",
)


def command(
    ctx: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="PATH", help="Where; without it, .claif in this folder.")
    ] = None,
    *,
    namespace: Annotated[
        bool, typer.Option("--namespace", help="In the git repository that PATH, or this folder, is in.")
    ] = False,
) -> None:
    """Make a store, and print where it is. One that is there is left as it is.

    A store of its own is a folder .claif, which is used by all commands in and below the folder that it is in. With
    --namespace the store is the code repository itself: sessions stand below refs/claif/, no list of branches shows
    them, no branch or file of the code is touched, and the code's remotes can hold them. Read docs/sharing.md before.
    """
    from claif_git import config
    from claif_git.session.making import init

    out = run_of(ctx).out
    place = path or store_path(ctx) or Path() / ("" if namespace else config.STORE_NAME)
    made = init(place, namespace=namespace)
    out.line(str(made.path))
    if not made.is_new:
        out.note("it is a store already")
    if made.namespace:
        for line in _WARNING:
            out.note(line)
    elif made.path.name == config.STORE_NAME and config.in_working_tree(made.path):
        out.note("note: it is inside a git repository; to keep it out of commits: echo .claif >> .git/info/exclude")
