"""`claif-git template list`."""

from __future__ import annotations

import typer

from claif_git.cli import params, views
from claif_git.cli.context import manager, run_of

EXAMPLES = ("claif-git template list", "claif-git template list --json")


def command(ctx: typer.Context, json: params.AsJson = False) -> None:
    """List the templates: those that sessions start from, and those that exports go through."""
    out = run_of(ctx).out
    with manager(ctx) as opened:
        sessions, exports = opened.templates(), opened.export_templates()
    if json:
        out.json({"session": sorted(sessions), "export": sorted(exports)})
        return
    rows = [(name, "session", sessions[name].get("system_message") or "") for name in sorted(sessions)]
    rows += [(name, "export", "") for name in sorted(exports)]
    views.table(out, ("name", "for", "begins"), rows)
