"""`claif-git import`: with a real store and files of other tools' shapes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from cli_fakes import claif

from claif_git.cli.terminal import Output

FIXTURES = Path(__file__).parents[2] / "fixtures"
SESSION = str(FIXTURES / "claude-code-session.jsonl")
DAMAGED = str(FIXTURES / "claude-code-damaged.jsonl")


def outcomes(out: str) -> list[str]:
    return [line.split("\t")[3] for line in out.splitlines()]


def test_importing_again_adds_nothing() -> None:
    first, again = claif("import", SESSION), claif("import", SESSION)
    assert (first.code, first.err) == (0, "")
    assert outcomes(first.out) == ["new", "new"]
    assert outcomes(again.out) == ["up-to-date", "up-to-date"]
    assert claif("session", "list").out.count("\n") == 2


def test_a_title_that_a_person_gave_stays_and_is_told(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"

    def imported(title: str, *texts: str) -> list[str]:
        said = [{"role": "user", "content": text} for text in texts]
        file.write_text(json.dumps({"title": title, "messages": said}), encoding="utf-8")
        return claif("import", str(file)).out.rstrip("\n").split("\t")

    session, title, *_ = imported("First", "a")
    assert title == "First"
    assert imported("Second", "a")[1:] == ["Second", "0", "up-to-date"]
    assert claif("session", "list").out.split("\t")[1] == "Second"
    claif("session", "set", session, "--title", "Mine")
    assert imported("Third", "a", "b")[1:] == ["Mine", "1", "grown"]
    assert imported("Fourth", "a", "b")[1:] == ["Mine", "0", "up-to-date"]
    assert claif("session", "list").out.split("\t")[1:3] == ["Mine", "2"]


def test_a_dry_run_imports_nothing() -> None:
    assert outcomes(claif("import", SESSION, "--dry-run").out) == ["new", "new"]
    assert claif("session", "list").out == ""


def test_damaged_lines_are_named_and_the_rest_is_imported() -> None:
    ran = claif("import", DAMAGED)
    assert ran.code == 0
    assert ran.out.count("\n") == 1
    assert f"warning: {DAMAGED}:2: not JSON" in ran.err


def test_a_file_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    ran = claif("import", str(tmp_path / "absent.json"), SESSION)
    assert ran.code == 3
    assert ran.err == f"error: {tmp_path / 'absent.json'}: No such file or directory\n"
    assert outcomes(ran.out) == ["new", "new"]
    ran = claif("import", SESSION, DAMAGED, "--source", "nonsense")
    assert (ran.code, ran.err.count(f"error: {SESSION}: unknown")) == (2, 1)


def test_a_file_that_holds_nothing_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("garbage\n", encoding="utf-8")
    assert claif("import", str(tmp_path / "x.jsonl")).code == 1


def test_an_export_is_imported_from_stdin_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session_id = claif("import", SESSION).out.split("\t")[0]
    exported = claif("session", "export", session_id, "--format", "json").out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(exported.encode())))
    ran = claif("--store", str(tmp_path / "elsewhere"), "import", "-", "--json")
    assert [(one["file"], one["outcome"]) for one in json.loads(ran.out)] == [("-", "new")]
    assert json.loads(ran.out)[0]["added"] == len(json.loads(exported)["messages"])


def test_progress_is_shown_on_a_terminal_and_wiped(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = claif("import", SESSION, terminal_err=True)
    assert f"{SESSION}: " in ran.err
    assert ran.err.endswith("\r\x1b[K")
    moments = iter([0.0, 0.05, 0.2])
    monkeypatch.setattr("claif_git.cli.terminal.time.monotonic", lambda: next(moments))
    err = io.StringIO()
    monkeypatch.setattr(err, "isatty", lambda: True)
    out = Output(io.StringIO(), err)
    for text in ("a", "b", "c", "", ""):
        out.progress(text)
    assert err.getvalue() == "\r\x1b[Ka\r\x1b[Kc\r\x1b[K"
