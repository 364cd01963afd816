"""A command line that is asked for help, or for a list, loads nothing that it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from claif_git import SessionManager

HEAVY = ("anthropic", "jinja2", "dulwich", "markdown_it", "pygments", "rich", "pydantic", "yaml", "click")

UNUSED_BY_LISTS = ("importers", "merge", "sync", "analytics", "git.maintenance", "session.log", "session.branching")

_PROBE = """
import sys
before = set(sys.modules)  # whoever looks on, such as coverage, has brought modules of its own
from claif_git.cli import main
code = main(sys.argv[2:])
loaded = [name for name in sys.argv[1].split(",") if name in sys.modules and name not in before]
print("loaded:", *loaded, file=sys.stderr)
sys.exit(code)
"""


def loaded_by(*args: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", _PROBE, ",".join(names), *args], capture_output=True, text=True, check=False
    )
    assert ran.returncode in {0, 2}, ran.stderr
    return ran.stderr.splitlines()[-1].split()[1:]


def test_importing_the_cli_loads_nothing_heavy() -> None:
    code = f"import sys, claif_git.cli; print([name for name in {(*HEAVY, 'typer')!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "args",
    [["--help"], ["--version"], ["session"], ["session", "list", "--help"], ["ask", "--help"], ["nonsense"]],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(args: list[str]) -> None:
    assert loaded_by(*args) == []


def test_a_list_loads_what_it_uses() -> None:
    # making a session, or a list that has to catch up, loads some of these; the next list none
    loaded_by("session", "create", names=())
    loaded_by("session", "list", names=())
    unused = ("yaml", "platformdirs", "getpass", "socket", *(f"claif_git.{name}" for name in UNUSED_BY_LISTS))
    assert loaded_by("session", "list", names=unused) == []


@pytest.mark.parametrize("args", [["session", "list"], ["session", "create"], ["session", "search", "x"]], ids=" ".join)
def test_everyday_commands_load_only_what_they_use(args: list[str]) -> None:
    SessionManager().close()
    unused = ("anthropic", "jinja2", "dulwich", "markdown_it", "pygments", "rich", "pydantic", "click")
    assert loaded_by(*args, names=unused) == []
