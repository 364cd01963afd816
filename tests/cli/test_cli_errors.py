"""Every error is one line, a hint and an exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from cli_fakes import Fake, claif, session_of

from claif_git import errors
from claif_git.cli.errors import exit_code

KINDS = [
    (errors.StoreNotFoundError("no store"), 3),
    (errors.SessionNotFoundError("x"), 3),
    (errors.RemoteNotFoundError("x"), 3),
    (errors.AmbiguousIdError("x", ["xa", "xb"]), 3),
    (errors.InvalidInputError("x"), 2),
    (errors.UnknownNameError("format", "x", ["json"]), 2),
    (errors.UnsafeAddressError("x"), 4),
    (errors.MessageIndexError(7, 2), 2),
    (errors.NotPermittedError("x"), 4),
    (errors.MalformedError("x"), 1),
    (errors.StoreError("x"), 1),
    (errors.ConcurrentUpdateError("x"), 1),
    (errors.IndexUnavailableError("x"), 1),
    (errors.UnwritableStoreError("x"), 1),
    (errors.RemoteError("x"), 1),
    (errors.DivergedError(["x"], "origin"), 4),
    (errors.ModelError("x"), 1),
    (errors.ModelError("x", status=401), 4),
    (errors.ModelError("x", status=500), 1),
    (errors.MissingKeyError(), 4),
    (OSError(28, "No space left on device", "/x"), 1),
    (OSError(30, "Read-only file system", "/x"), 1),
    (OSError("odd"), 1),
    (ZeroDivisionError(), 1),
    (RuntimeError("two\nlines"), 1),
    (KeyboardInterrupt(), 130),
    (typer.Exit(7), 7),
    (typer.Abort(), 1),
]


@pytest.mark.parametrize(("error", "code"), KINDS, ids=lambda value: type(value).__name__)
def test_each_kind_has_its_code_and_one_line(error: BaseException, code: int) -> None:
    assert exit_code(error) == code
    ran = claif("session", "stats", "s", manager=Fake(answers={"get_session_stats": error}))
    lines = ran.err.splitlines()
    assert ran.code == code
    assert ran.out == ""
    assert [line.partition(":")[0] for line in lines] in ([], ["error"], ["error", "hint"])
    assert "Traceback" not in ran.err


def test_every_error_of_ours_is_in_that_list() -> None:
    def below(kind: type) -> set[type]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert below(errors.ClaifGitError) - {type(error) for error, _ in KINDS} <= {
        errors.ClaifGitError,
        errors.NotFoundError,
    }


def test_an_ambiguous_id_lists_the_candidates() -> None:
    ran = claif("session", "show", "s", manager=Fake(held={"sa": session_of("sa"), "sb": session_of("sb")}))
    assert (ran.code, ran.out) == (3, "")
    assert "sa, sb" in ran.err


def test_an_unexpected_error_can_be_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAIF_GIT_DEBUG", "1")
    ran = claif("gc", manager=Fake(answers={"gc": ZeroDivisionError("by zero")}))
    assert ran.code == 1
    assert "Traceback" in ran.err
    assert "error: ZeroDivisionError: by zero" in ran.err


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["session", "nonsense"],
        ["--nonsense"],
        ["session", "show"],
        ["session", "list", "--limit", "zero"],
        ["session", "list", "--limit", "0"],
        ["session", "list", "--metadata", "novalue"],
        ["session", "list", "--metadata", "{bad"],
        ["session", "create", "--metadata", "x=" + "[" * 20_000],
        ["session", "create", "--metadata", '{"x": ' + "[" * 20_000],
        ["session", "list", "--metadata", "x=" + "[" * 20_000],
        ["session", "list", "--since", "someday"],
        ["session", "list", "--since", "999999w"],
        ["session", "list", "--since", "99999d"],
        ["stats", "--until", "99999d"],
        ["session", "show", "s", "--role", "robot"],
        ["session", "search", "x", "--role", "robot"],
        ["session", "show", "s", "--message", "5"],
        ["branch", "s", "--at", "1", "--before", "1"],
        ["branch", "s", "--before", "0"],
        ["merge", "a", "--into", "b", "--strategy", "clever"],
        ["merge", "a", "--into", "b", "--title", "x"],
        ["merge", "a"],
        ["push", "a", "--all"],
        ["template", "add", "x"],
        ["template", "add", "x", "--export"],
        ["template", "add", "x", "--export", "--system", "y", "/dev/null"],
        ["--color", "sometimes", "session", "list"],
        ["template", "show", "nonsense"],
        ["ask", "x", "--session", "s", "--continue"],
        ["ask", "x", "--session", "s", "--template", "coding"],
        ["ask", "--retry"],
        ["ask", "x", "--retry", "--session", "s"],
    ],
    ids=lambda words: " ".join(words)[:60],
)
def test_what_makes_no_sense_is_a_usage_error(args: list[str]) -> None:
    ran = claif(
        *args,
        manager=Fake(held={"s": session_of("s", ("user", "hi"))}, answers={"templates": {}, "export_templates": {}}),
    )
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert "RecursionError" not in ran.err
    assert max(map(len, ran.err.splitlines())) < 300


def test_a_slip_of_the_pen_offers_the_right_word() -> None:
    assert "Did you mean 'session'?" in claif("sesion").err
    assert "claif-git session show --help" in claif("session", "show").err


def test_a_named_store_that_is_not_there_is_an_error_for_who_only_reads(tmp_path: Path) -> None:
    place = tmp_path / "typo"
    ran = claif("--store", str(place), "session", "list")
    assert (ran.code, ran.err.splitlines()[0]) == (3, f"error: no store at {place}")
    assert not place.exists()
    assert claif("--store", str(place), "session", "create").code == 0
    assert claif("--store", str(place), "session", "list").code == 0


@pytest.mark.parametrize("words", [["stats"], ["session", "list"], ["doctor"], ["ask", "-c", "hello"]], ids=" ".join)
def test_a_store_that_a_variable_names_is_made_by_no_command_that_puts_nothing_in(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "typo"
    monkeypatch.setenv("CLAIF_GIT_STORE", str(place))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    ran = claif(*words)
    assert (ran.code, ran.err.splitlines()[0]) == (3, f"error: no store at {place}, which CLAIF_GIT_STORE names")
    assert not place.exists()
    assert claif("session", "create").code == 0
    assert claif("session", "list").code == 0
