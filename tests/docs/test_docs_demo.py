"""The demo does what it shows: every step works, and nothing is left but the folder that it names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "fixtures" / "demo.py"


def run_demo(folder: Path, temporary: Path) -> subprocess.CompletedProcess[str]:
    temporary.mkdir()
    return subprocess.run(
        [sys.executable, str(DEMO), "--folder", str(folder)],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_main_job_runs_on_real_input(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", tmp_path / "tmp")
    assert (done.returncode, done.stderr.count("error")) == (0, 0), done.stdout + done.stderr
    commands = [line[2:] for line in done.stdout.splitlines() if line.startswith("$ ")]
    for verb in ("import", "session show", "ask", "branch", "diff", "merge", "log", "remote add", "push", "clone"):
        assert any(command.startswith(f"claif-git {verb}") for command in commands), verb
    for plain in ("git init", "git -C .claif log --graph --oneline", "git -C .claif diff", "git -C .claif fsck"):
        assert any(command.startswith(plain) for command in commands), plain
    assert "\x1b" not in done.stdout
    page = tmp_path / "demo" / "conversation.html"
    assert f"the page:   {page}" in done.stdout
    assert "Measure before you change anything" in page.read_text(encoding="utf-8")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (Path(os.environ["HOME"]) / ".local").exists()


def test_a_step_that_fails_ends_it(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / ".claif").write_text("in the way\n", encoding="utf-8")
    done = run_demo(tmp_path / "demo", tmp_path / "tmp")
    assert done.returncode == 1
    assert "error: mkdir .claif: exit status 1" in done.stderr
    assert "claif-git import" not in done.stdout
