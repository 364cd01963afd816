"""A command group that knows its commands by name and loads one only when it is run or completed.

`claif-git --help` reads the table below and nothing else, and stays fast however many commands there are.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from claif_git.cli.coerce import cheaply


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: the module below `claif_git.cli.commands` that holds its `command`, and one line of help."""

    module: str
    help: str


@dataclass(frozen=True, slots=True)
class Family:
    """A group of commands, and one line of help."""

    help: str
    entries: dict[str, Entry]


class Loaded(Mapping[str, Any]):
    """Commands by name, each made when it is asked for."""

    def __init__(self, entries: Mapping[str, Entry | Family]) -> None:
        self.entries = entries
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            entry = self.entries[name]
            self._made[name] = family(name, entry) if isinstance(entry, Family) else _command(name, entry)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


class LightCommand(TyperCommand):
    """A command whose words become values without pydantic, with the help page that shells' users know."""

    def get_params(self, ctx: typer.Context) -> list[Any]:  # type: ignore[override]  # typer's own context
        """Give the parameters, `--help` among them."""
        return [cheaply(param) for param in super().get_params(ctx)]

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # as above
        """Name arguments that have to be there as `ID`; typer says `{ID}`."""
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # as above
        """List arguments and options; an argument's Python type is none of a reader's business."""
        params = self.get_params(ctx)
        arguments = [(param.metavar, param.help or "") for param in params if param.param_type_name == "argument"]
        records = [param.get_help_record(ctx) for param in params if param.param_type_name == "option"]
        for heading, rows in (("Arguments", arguments), ("Options", [record for record in records if record])):
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


class LazyGroup(TyperGroup):
    """A group whose help needs none of its commands; named alone, it shows that help."""

    def get_params(self, ctx: typer.Context) -> list[Any]:  # type: ignore[override]  # typer's own context
        """Give the parameters, as `LightCommand` does."""
        return [cheaply(param) for param in super().get_params(ctx)]

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer's own context
        """Give the names, in the order of the table."""
        del ctx
        return list(self.commands)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # type: ignore[override]  # as above
        """Write the table."""
        del ctx
        entries = self.commands.entries if isinstance(self.commands, Loaded) else {}
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in entries.items()])

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # as above
        """Show the help where nothing else is asked for."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help())
            raise typer.Exit
        return super().parse_args(ctx, args)


def family(name: str, group: Family) -> LazyGroup:
    """Make the group of one family."""
    made = LazyGroup(name=name, help=group.help, rich_markup_mode=None)
    made.commands = Loaded(group.entries)  # type: ignore[assignment]  # nobody adds to it
    return made


def _command(name: str, entry: Entry) -> Any:
    module = importlib.import_module(f"claif_git.cli.commands.{entry.module}")
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=LightCommand, epilog=examples_text(module.EXAMPLES))(module.command)
    return typer.main.get_command(app)


def examples_text(examples: tuple[str, ...]) -> str:
    """Lay examples out for the end of a help page; the backspace tells typer to keep the lines as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {example}" for example in examples)])
