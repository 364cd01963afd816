"""What the shell completes, and that completing never makes a store or complains."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_fakes import Fake, Screen, session_of

from claif_git.cli.app import run
from claif_git.cli.context import Run
from claif_git.cli.terminal import Output

HELD = {"flaky-aaaa": session_of("flaky-aaaa", title="Flaky\x1b"), "other-bbbb": session_of("other-bbbb")}


def completed(
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    manager: Fake | None = None,
    program: str = "bash",
) -> list[str]:
    words = line.split(" ")
    monkeypatch.setenv("_CLAIF_GIT_COMPLETE", f"complete_{program}")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    answers = {
        "remotes": {"origin": "/hub"},
        "templates": {"coding": {}, "creative": {}},
        "export_templates": {"custom": ""},
    }
    manager = manager or Fake(held=HELD, trash={"gone-cccc": session_of("gone-cccc")}, answers=answers)
    state = Run(Output(Screen(), Screen()), opener=lambda _: manager, has_store=lambda _: True)  # type: ignore[arg-type, return-value]
    with pytest.raises(SystemExit) as stopped:
        run([], state)
    assert stopped.value.code == 0
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("line", "proposed"),
    [
        ("claif-git se", ["session"]),
        ("claif-git session st", ["stats"]),
        ("claif-git session show fl", ["flaky-aaaa"]),
        ("claif-git --store . session show ", ["flaky-aaaa", "other-bbbb"]),
        ("claif-git session restore ", ["gone-cccc"]),
        ("claif-git merge flaky-aaaa --into o", ["other-bbbb"]),
        ("claif-git merge flaky-aaaa --strategy ", ["smart", "chronological", "manual"]),
        ("claif-git push --remote ", ["origin"]),
        ("claif-git remote remove o", ["origin"]),
        ("claif-git session create --template c", ["coding", "creative"]),
        ("claif-git session export x --format ", ["markdown", "json", "html", "custom"]),
        ("claif-git template trust ", ["custom"]),
        ("claif-git session show x --role u", ["user"]),
        ("claif-git ask --ses", ["--session"]),
    ],
)
def test_names_are_completed(
    line: str, proposed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert completed(line, monkeypatch, capsys) == proposed


def test_sources_are_completed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from claif_git.importers import KNOWN_SOURCES

    assert completed("claif-git import x --source ", monkeypatch, capsys) == list(KNOWN_SOURCES)


def test_an_error_while_completing_proposes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = Fake(answers={"remotes": RuntimeError("damaged")})
    assert completed("claif-git push --remote ", monkeypatch, capsys, broken) == []


HOSTILE = r"""a\$(touch pwned)`touch pwned`'"; touch pwned; [/x] ${x} :\\"""


@pytest.mark.parametrize("name", [HOSTILE, "$(touch pwned)", "-rf", "a b", "", "a`b`", "a\nb"])
def test_what_others_wrote_is_not_evaluated_by_a_shell(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    held = {"good-aaaa": session_of("good-aaaa", title=HOSTILE), name: session_of(name)}
    found = completed("claif-git session show ", monkeypatch, capsys, Fake(held=held), program="zsh")
    assert found == [
        "_arguments", "'*:", ':(("good-aaaa":"a', "touch", "pwned", "touch", "pwned", "touch", "pwned", "x", "x\"))'",
    ]  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completing_in_a_process_of_its_own_makes_no_store(shell: str, tmp_path: Path) -> None:
    line = "claif-git session show "
    asked = {
        "COMP_WORDS": line,
        "COMP_CWORD": "3",
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    ran = subprocess.run(
        [sys.executable, "-m", "claif_git"],
        env={
            **os.environ,
            **asked,
            "_CLAIF_GIT_COMPLETE": f"complete_{shell}",
            "CLAIF_GIT_STORE": str(tmp_path / "no"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert not (tmp_path / "no").exists()


def test_a_completion_script_is_shown() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "claif_git", "--show-completion", "bash"],
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_CLAIF_GIT_COMPLETE=complete_bash" in ran.stdout
