"""The tree of commands: what its table says is what the commands say."""

from __future__ import annotations

import importlib
import inspect
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import claif

from claif_git import SessionManager
from claif_git.cli import commands as commands_package
from claif_git.cli import main
from claif_git.cli.app import COMMANDS, root
from claif_git.cli.lazy import Entry, Family


def entries() -> Iterator[tuple[str, Entry]]:
    for name, entry in COMMANDS.items():
        if isinstance(entry, Family):
            yield from ((f"{name} {inner}", one) for inner, one in entry.entries.items())
        else:
            yield name, entry


ALL = dict(entries())


def found(path: str) -> Any:
    command: Any = root()
    for name in path.split():
        command = command.commands[name]
    return command


@pytest.mark.parametrize("path", ALL)
def test_the_table_says_what_the_command_says(path: str) -> None:
    module = importlib.import_module(f"claif_git.cli.commands.{ALL[path].module}")
    assert inspect.getdoc(module.command).startswith(ALL[path].help.removesuffix("."))
    assert module.__doc__ == f"`claif-git {path}`."


def test_every_command_file_is_in_the_table() -> None:
    folder = Path(commands_package.__file__).parent
    assert {file.stem for file in folder.glob("*.py")} - {"__init__"} == {entry.module for entry in ALL.values()}


@pytest.mark.parametrize("path", ALL)
def test_every_help_page_has_examples_and_explains_every_option(path: str) -> None:
    ran = claif(*path.split(), "--help")
    assert ran.code == 0
    command = found(path)
    assert "Examples:" in command.epilog
    assert f"claif-git {path}" in command.epilog
    for param in command.params:
        assert param.help, param.name


@pytest.mark.parametrize("path", ALL)
def test_every_example_parses(path: str) -> None:
    module = importlib.import_module(f"claif_git.cli.commands.{ALL[path].module}")
    for example in module.EXAMPLES:
        for words in command_lines(example):
            name = " ".join(words[: 2 if words[0] in COMMANDS and isinstance(COMMANDS[words[0]], Family) else 1])
            command = found(name)
            with command.make_context(name, words[len(name.split()) :]) as context:
                assert context.args == []


def command_lines(example: str) -> Iterator[list[str]]:
    """Give the words after each `claif-git` of a line of shell."""
    for part in example.removeprefix("ID=$(").removesuffix(")").split(" | "):
        words = shlex.split(part.partition(" > ")[0])
        if words[0] == "claif-git":
            yield words[3:] if words[1] == "--store" else words[1:]


def test_help_goes_to_stdout_also_where_nothing_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert claif().code == 0
    assert "Usage: claif-git" in capsys.readouterr().out
    assert claif("session").code == 0
    assert "delete" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert claif("--version").code == 0
    assert capsys.readouterr().out.startswith("claif-git ")


def test_it_runs_from_its_arguments_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    SessionManager().close()
    monkeypatch.setattr("sys.argv", ["claif-git", "session", "list"])
    assert main() == 0
    assert main(["session", "show", "nobody"]) == 3
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()[0]) == ("", "error: no session 'nobody'")


def test_the_version_of_a_source_tree_is_not_made_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlib import metadata

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert claif("--version").code == 0
    assert capsys.readouterr().out == "claif-git (run from a source tree)\n"
