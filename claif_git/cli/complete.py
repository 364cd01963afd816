"""What the shell completes: session ids, remotes, templates, formats. Fails silently, and never makes a store."""

from __future__ import annotations

import re
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
GROUPS = ("model", "day", "project", "session")
STRATEGIES = ("smart", "chronological", "manual")


# A completion script has the shell evaluate what is proposed, and titles and names come from other people: nothing
# that a shell could take for more than a word gets there.
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]*")
_NOT_PROSE = re.compile(r"[^\w .,+-]")


def _from_store(ctx: typer.Context, incomplete: str, ask: Callable[[SessionManager], Candidates]) -> Candidates:
    # A shell that completes has no place for an error: whatever goes wrong, there is nothing to propose.
    with suppress(Exception):
        if run_of(ctx).has_store(store_path(ctx)):
            with manager(ctx) as opened:
                return _proposed(ask(opened), incomplete)
    return []


def _proposed(found: Candidates, incomplete: str) -> Candidates:
    return [
        (name, _NOT_PROSE.sub(" ", one_line(about)).strip())
        for name, about in found
        if name.startswith(incomplete) and _WORD.fullmatch(name)
    ]


def sessions(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose session ids, each with its title."""
    return _from_store(ctx, incomplete, lambda opened: [(s.id, s.title or "") for s in opened.list_sessions()])


def trashed(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the ids of deleted sessions."""
    return _from_store(ctx, incomplete, lambda opened: [(s.id, s.title or "") for s in opened.trashed_sessions()])


def all_sessions(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose sessions, deleted ones among them."""
    return sessions(ctx, incomplete) + trashed(ctx, incomplete)


def remotes(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the names of remotes."""
    return _from_store(ctx, incomplete, lambda opened: [(name, "") for name in opened.remotes()])


def templates(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose session templates."""
    return _from_store(ctx, incomplete, lambda opened: [(name, "") for name in opened.templates()])


def export_templates(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose the store's export templates."""
    return _from_store(ctx, incomplete, lambda opened: [(name, "") for name in opened.export_templates()])


def any_templates(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose templates of both kinds."""
    return templates(ctx, incomplete) + export_templates(ctx, incomplete)


def formats(ctx: typer.Context, incomplete: str) -> Candidates:
    """Propose export formats: the built-in ones and the store's templates."""
    built_in: Candidates = [("markdown", ""), ("json", ""), ("html", "")]
    return _proposed(built_in, incomplete) + export_templates(ctx, incomplete)


def roles(incomplete: str) -> list[str]:
    """Propose roles."""
    return [role for role in ROLES if role.startswith(incomplete)]


def groups(incomplete: str) -> list[str]:
    """Propose what a store's figures can be grouped by."""
    return [group for group in GROUPS if group.startswith(incomplete)]


def strategies(incomplete: str) -> list[str]:
    """Propose merge strategies."""
    return [strategy for strategy in STRATEGIES if strategy.startswith(incomplete)]


def sources(incomplete: str) -> list[str]:
    """Propose the formats that can be imported."""
    from claif_git.importers import KNOWN_SOURCES

    return [source for source in KNOWN_SOURCES if source.startswith(incomplete)]
