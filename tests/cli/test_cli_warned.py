"""What the library warns of reaches the person at the terminal once, and escaped."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import typer
from cli_fakes import Screen, claif

from claif_git import SessionManager
from claif_git.cli.terminal import Output
from claif_git.cli.warned import told

_library = logging.getLogger("claif_git.git.refs")


def test_a_damaged_ref_is_warned_of_once_and_the_others_are_listed(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "store") as manager:
        lost, kept = (manager.create_session(title) for title in ("Lost", "Kept"))
    (tmp_path / "store" / "refs" / "heads" / lost).write_text("")
    listed = claif("--store", str(tmp_path / "store"), "session", "list")
    assert listed.code == 0
    assert [line.split("\t")[0] for line in listed.out.splitlines()] == [kept]
    assert listed.err.splitlines() == [f"warning: ref refs/heads/{lost} is damaged: it holds no object id"]


def test_a_warning_is_escaped_and_what_is_less_than_one_is_not_told() -> None:
    errors = Screen()
    with told(Output(Screen(), errors)):
        _library.warning("ref %s is damaged", "a\x1b[2J")
        _library.info("nothing of interest")
    _library.debug("nor is this")
    assert errors.getvalue() == "warning: ref a\\x1b[2J is damaged\n"


def test_a_warning_that_nobody_reads_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Output, __: str) -> None:
        raise typer.Exit(141)

    monkeypatch.setattr(Output, "note", gone)
    with told(Output(Screen(), Screen())):
        _library.warning("unheard")
