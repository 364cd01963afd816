"""What one run of the command line shares: the output, and the one way to a store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from claif_git.cli.terminal import Output
from claif_git.errors import StoreNotFoundError

if TYPE_CHECKING:
    from claif_git.session import SessionManager

Opener = Callable[[Path | None], "SessionManager"]


def open_store(path: Path | None) -> SessionManager:
    """Open the store at `path`, or the default one; it is made if there is none."""
    from claif_git.session import SessionManager

    return SessionManager(path)


def has_store(path: Path | None) -> bool:
    """Whether there is a store at `path`, or at the default place."""
    from claif_git.config import default_store

    return (path or default_store()).exists()


@dataclass
class Run:
    """One run. `opener` and `has_store` are the seam where tests put a manager of their own."""

    out: Output = field(default_factory=Output)
    opener: Opener = open_store
    has_store: Callable[[Path | None], bool] = has_store


def run_of(ctx: typer.Context) -> Run:
    """Give what this run shares."""
    run = ctx.obj
    if not isinstance(run, Run):
        raise TypeError("a command was started without its run")
    return run


def store_path(ctx: typer.Context) -> Path | None:
    """Give what --store said, while completing too (when no command has run yet)."""
    path = ctx.find_root().params.get("store")
    return Path(path) if path else None


def manager(ctx: typer.Context, *, make: bool = False) -> AbstractContextManager[SessionManager]:
    """Open the store, closed again at the end of a `with`.

    `make` is for commands that fill a store: without it a --store or $CLAIF_GIT_STORE that is not there is an error, so
    that a slip of the pen in a path is not answered with a new, empty store. StoreNotFoundError.
    """
    from claif_git.config import named_store

    path, run = store_path(ctx), run_of(ctx)
    named = path or named_store()
    if named is not None and not make and not run.has_store(named):
        by = "" if path else ", which CLAIF_GIT_STORE names"
        raise StoreNotFoundError(f"no store at {named}{by}", hint="session create, import, ask and clone make one")
    return run.opener(path)
