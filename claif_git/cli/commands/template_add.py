"""`claif-git template add`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from claif_git.cli import params, parse
from claif_git.cli.context import manager, run_of

EXAMPLES = (
    'claif-git template add research --system "You are a research assistant." --parameter temperature=0.3',
    "claif-git template add research research.yaml",
    "claif-git template add --export custom custom.j2",
)


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, - and _.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="JSON or YAML, or Jinja with --export; - is stdin.")
    ] = None,
    *,
    system: Annotated[str | None, typer.Option("--system", metavar="TEXT", help="The system message.")] = None,
    metadata: params.Metadata = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="KEY=VALUE", help="A parameter for ask; repeatable."),
    ] = None,
    export: Annotated[bool, typer.Option("--export", help="A Jinja template for exports.")] = False,
) -> None:
    """Add a template to the store, or replace one.

    The file holds system_message, default_metadata and suggested_parameters; the options lie over it.
    """
    if export:
        _add_export(ctx, name, file, given=[system, metadata, parameter])
        return
    data = parse.mapping_file(file, "FILE") if file else {}
    if system is not None:
        data["system_message"] = system
    _lay_over(data, "default_metadata", parse.metadata(metadata))
    _lay_over(data, "suggested_parameters", parse.metadata(parameter, "--parameter"))
    if not data:
        raise typer.BadParameter("give a file, or --system, --metadata, --parameter.", param_hint="FILE")
    with manager(ctx, make=True) as opened:
        opened.register_template(name, data)
    run_of(ctx).out.note(f"template {name} is in the store")


def _add_export(ctx: typer.Context, name: str, file: Path | None, given: list[object]) -> None:
    if file is None or any(given):
        raise typer.BadParameter("an export template is a FILE, and takes no other option.", param_hint="--export")
    source = parse.text_file(file, "FILE")
    with manager(ctx, make=True) as opened:
        opened.register_export_template(name, source)
    run_of(ctx).out.note(f"export template {name} is in the store")


def _lay_over(data: dict[str, Any], key: str, values: dict[str, Any]) -> None:
    if values:
        data[key] = {**(data.get(key) or {}), **values}
