"""What the shell completes: session ids, remotes, templates, formats. Fails silently, and never makes a store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from claif_git.cli.context import manager, run_of, store_path
from claif_git.cli.terminal import one_line

if TYPE_CHECKING:
    from claif_git.session import SessionManager

Candidates = list[tuple[str, str]]
ROLES = ("system", "user", "assistant")
STRATEGIES = ("smart", "chronological", "manual")


def _from_store(ctx: typer.Context, ask: Callable[[SessionManager], Candidates]) -> Candidates:
    # A shell that completes has no place for an error: whatever goes wrong, there is nothing to propose.
    with suppress(Exception):
        if run_of(ctx).has_store(store_path(ctx)):
            with manager(ctx) as opened:
                return ask(opened)
    return []


def sessions(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose session ids, each with its title."""
    found = _from_store(ctx, lambda opened: [(s.id, one_line(s.title or "")) for s in opened.list_sessions()])
    return [pair for pair in found if pair[0].startswith(incomplete)]


def trashed(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the ids of deleted sessions."""
    found = _from_store(ctx, lambda opened: [(s.id, one_line(s.title or "")) for s in opened.trashed_sessions()])
    return [pair for pair in found if pair[0].startswith(incomplete)]


def remotes(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the names of remotes, each with its address."""
    found = _from_store(ctx, lambda opened: [(name, one_line(at)) for name, at in opened.remotes().items()])
    return [pair for pair in found if pair[0].startswith(incomplete)]


def templates(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose session templates."""
    found = _from_store(ctx, lambda opened: [(name, "") for name in sorted(opened.templates())])
    return [pair for pair in found if pair[0].startswith(incomplete)]


def export_templates(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the store's export templates."""
    found = _from_store(ctx, lambda opened: [(name, "") for name in sorted(opened.export_templates())])
    return [pair for pair in found if pair[0].startswith(incomplete)]


def formats(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose export formats: the built-in ones and the store's templates."""
    own = _from_store(ctx, lambda opened: [(name, "template") for name in sorted(opened.export_templates())])
    found = [("markdown", ""), ("json", ""), ("html", ""), *own]
    return [pair for pair in found if pair[0].startswith(incomplete)]


def roles(incomplete: str) -> list[str]:
    """Propose roles."""
    return [role for role in ROLES if role.startswith(incomplete)]


def strategies(incomplete: str) -> list[str]:
    """Propose merge strategies."""
    return [strategy for strategy in STRATEGIES if strategy.startswith(incomplete)]


def sources(incomplete: str) -> list[str]:
    """Propose the formats that can be imported."""
    from claif_git.importers import KNOWN_SOURCES

    return [source for source in KNOWN_SOURCES if source.startswith(incomplete)]
