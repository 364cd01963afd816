"""Counting, narrowing, searching by patterns and rebuilding the index, from the shell."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cli_fakes import Ran, Screen, claif

from claif_git import Message, SessionManager
from claif_git.cli.terminal import Output

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with SessionManager(tmp_path / "store", durability="relaxed") as manager:
        paid = manager.create_session("Paid review", metadata={"project": "webapp", "rating": 5})
        manager.add_message(paid, Message("user", "error 404\nin line two", WHEN))
        usage = {"input_tokens": 10**6, "output_tokens": 100_000}
        manager.add_message(paid, Message("assistant", "fixed", WHEN, tokens=usage, model="claude-opus-5"))
        free = manager.create_session("Free talk", metadata={"cwd": "/home/ada/tool"})
        manager.add_message(free, Message("assistant", "error 500", WHEN, tokens=7, model="gpt-x"))
    return tmp_path / "store"


def run(store: Path, *args: str, **how: Any) -> Ran:
    return claif("--store", str(store), *args, **how)


def titles(ran: Ran) -> list[str]:
    assert ran.code == 0, ran.err
    return [line.split("\t")[1] for line in ran.out.splitlines()]


def test_stats_of_the_whole_store(store: Path) -> None:
    lines = dict(line.split("\t") for line in run(store, "stats").out.splitlines())
    assert (lines["sessions"], lines["messages"], lines["total_tokens"], lines["cost"]) == ("2", "3", "1100007", "7.5")
    assert run(store, "stats", "--since", "2027-01-01").out.splitlines()[0] == "sessions\t0"


def test_stats_by_group_are_a_line_a_group(store: Path) -> None:
    rows = [line.split("\t") for line in run(store, "stats", "--by", "model").out.splitlines()]
    assert [(row[0], row[1], row[3], row[-1]) for row in rows] == [
        ("claude-opus-5", "1", "1100000", "7.5"),
        ("gpt-x", "1", "7", ""),
        ("-", "1", "0", ""),
    ]
    assert [line.split("\t")[0] for line in run(store, "stats", "--by", "project").out.splitlines()] == [
        "webapp",
        "tool",
    ]


def test_stats_on_a_terminal_end_with_the_total(store: Path) -> None:
    lines = run(store, "stats", "--by", "day", terminal=True).out.splitlines()
    assert lines[0].split()[:3] == ["day", "sessions", "messages"]
    assert lines[-1].split()[:3] == ["total", "2", "3"]


def test_stats_as_json(store: Path) -> None:
    told = json.loads(run(store, "stats", "--by", "session", "--json").out)
    assert (told["by"], told["cost"], told["unpriced_messages"], len(told["groups"])) == ("session", 7.5, 1, 2)
    assert set(told["groups"][0]) == {"name", *told} - {"by", "groups", "prices_as_of", "unreadable"}


def test_an_unknown_group_is_a_wrong_use(store: Path) -> None:
    ran = run(store, "stats", "--by", "week")
    assert (ran.code, ran.err.splitlines()[0]) == (
        2,
        "error: Invalid value for --by: 'week' is not one of model, day, project, session.",
    )


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--where", "rating=5"], ["Paid review"]),
        (["--where", "rating!=5"], ["Free talk"]),
        (["-w", "title~REVIEW", "-w", "project~web"], ["Paid review"]),
        (["--where", "rating=null"], ["Free talk"]),
        (["--model", "claude-*"], ["Paid review"]),
        (["--model", "gpt-x", "--since", "1h"], ["Free talk"]),
        (["--since", "2100-01-01"], []),
        (["--until", "2020-01-01"], []),
        (["--limit", "1"], ["Free talk"]),
    ],
)
def test_a_list_is_narrowed(store: Path, options: list[str], found: list[str]) -> None:
    assert titles(run(store, "session", "list", *options)) == found


@pytest.mark.parametrize("wrong", ["rating==5", "rating>=5", "rating<=5", "title!~web"])
def test_an_operator_that_there_is_not_is_a_wrong_use_that_names_those_there_are(store: Path, wrong: str) -> None:
    ran = run(store, "session", "list", "-w", wrong)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: the operators of a condition are =, != and ~: ")


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("model=claude-1", "--model NAME asks who spoke"),
        ("message_count=0", "--json tells it of each session"),
        ("created_at~2026", "--since and --until ask for the latest change"),
    ],
)
def test_what_is_no_metadata_is_not_silently_sought_there(store: Path, condition: str, hint: str) -> None:
    ran = run(store, "session", "list", "-w", condition)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("note: --where takes “")
    assert ran.err.rstrip().endswith(hint)


def test_metadata_may_have_the_name_of_something_else_that_is_told(store: Path) -> None:
    made = run(
        store, "session", "create", "--title", "Mine", "-m", "model=claude-1", "-m", "message_count=0"
    ).out.strip()
    for condition in ("model=claude-1", "message_count=0", "model~CLAUDE", "model!=null"):
        ran = run(store, "session", "list", "-w", condition)
        assert (ran.out.split("\t")[0], ran.err) == (made, "")


def test_a_time_that_a_list_prints_can_be_taken_for_an_end(store: Path) -> None:
    shown = run(store, "session", "list", "--limit", "1").out.split("\t")[3]
    for end in (shown, f"{shown[:16]}Z"):
        assert "Free talk" in titles(run(store, "session", "list", "--since", shown, "--until", end))


def test_an_end_that_is_a_day_is_the_end_of_that_day(store: Path) -> None:
    day = f"{WHEN.astimezone():%Y-%m-%d}"
    assert len(run(store, "session", "search", "error", "--since", day, "--until", day).out.splitlines()) == 2
    assert run(store, "stats", "--since", day, "--until", day).out.splitlines()[0] == "sessions\t2"
    session = run(store, "session", "list", "-w", "title=Free talk").out.split("\t")[0]
    assert "error 500" in run(store, "session", "show", session, "--until", day).out


def test_costs_in_a_pipe_add_up(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "small") as manager:
        for number in range(3):
            session = manager.create_session(f"s{number}")
            usage = {"input_tokens": 900, "output_tokens": 0}
            manager.add_message(session, Message("assistant", "x", WHEN, tokens=usage, model="claude-opus-5"))
    small = tmp_path / "small"
    total = dict(line.split("\t") for line in run(small, "stats").out.splitlines())["cost"]
    rows = [line.split("\t") for line in run(small, "stats", "--by", "session").out.splitlines()]
    assert {row[-1] for row in rows} == {"0.0045"}
    assert sum(float(row[-1]) for row in rows) == pytest.approx(float(total))
    shown = run(small, "stats", "--by", "session", terminal=True).out.splitlines()
    assert [line.split()[-1] for line in shown[1:]] == ["<0.01"] * 3 + ["0.01"]


def test_deleted_sessions_are_narrowed_alike(store: Path) -> None:
    for line in run(store, "session", "list").out.splitlines():
        run(store, "session", "delete", "--force", line.split("\t")[0])
    assert titles(run(store, "session", "list", "--trash", "--where", "rating=5")) == ["Paid review"]
    assert titles(run(store, "session", "list", "--trash", "--model", "gpt-x")) == ["Free talk"]


@pytest.mark.parametrize("wrong", ["rating", "=5", "~x"])
def test_what_is_no_condition_is_one_line(store: Path, wrong: str) -> None:
    ran = run(store, "session", "list", "--where", wrong)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.splitlines()[-1] == "hint: key=value, key!=value or key~text"


def test_a_search_by_pattern(store: Path) -> None:
    ran = run(store, "session", "search", "--regex", r"error \d+$")
    assert sorted(line.split("\t")[-1] for line in ran.out.splitlines()) == ["error 404 in line two", "error 500"]
    ran = run(store, "session", "search", "-E", "error", "--model", "gpt-*", "--role", "assistant", "--json")
    assert [hit["snippet"] for hit in json.loads(ran.out)] == ["error 500"]


def test_a_search_by_model(store: Path) -> None:
    assert "gpt" not in run(store, "session", "search", "error").err
    assert len(run(store, "session", "search", "error").out.splitlines()) == 2
    assert len(run(store, "session", "search", "error", "--model", "gpt-x").out.splitlines()) == 1


def test_a_wrong_pattern_is_one_line(store: Path) -> None:
    ran = run(store, "session", "search", "--regex", "(")
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert ran.err.startswith("error: not a regular expression: ")


def test_reindex_tells_what_the_index_holds(store: Path) -> None:
    told = json.loads(run(store, "reindex", "--json").out)
    assert (told["sessions"], told["messages"], told["blobs"]) == (2, 3, 3)
    assert told["path"] == str(store / "claif" / "index.db")
    assert run(store, "reindex").out.splitlines()[3] == "sessions\t2"


def test_progress_is_shown_where_an_index_is_built(store: Path) -> None:
    assert "indexing: 2 of 2" in run(store, "reindex", terminal_err=True).err
    assert run(store, "reindex").err == ""


def test_a_pattern_finds_what_a_terminal_would_obey_and_shows_it_spelled_out(store: Path) -> None:
    session = run(store, "session", "create").out.strip()
    with SessionManager(store) as manager:
        manager.add_message(session, Message("user", "a \x1b[31mred word"))
    for how in ({}, {"terminal": True}):
        ran = run(store, "session", "search", "-E", r"\x1b\[31m", **how)
        assert r"a \x1b[31mred word" in ran.out
        assert "\x1b" not in ran.out
    assert r"\u001b[31mred" in run(store, "session", "search", "--json", "-E", r"\x1b").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tree"], "reading sessions: 1 of 2"),
        (["grep", "error"], "reading sessions: 1 of 2"),
        (["grep", "--all-history", "--json", "error"], "reading sessions: 1 of 2"),
        (["bundle", "create", "all.bundle", "--all"], "bundling sessions: 1 of 2"),
    ],
)
def test_progress_is_shown_where_all_sessions_are_gone_through(
    store: Path, words: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quiet, shown = run(store, *words), run(store, *words, terminal_err=True)
    assert f"\r\x1b[K{told}" in shown.err
    assert shown.err.rpartition("\r\x1b[K")[2] == quiet.err
    assert shown.out == quiet.out


def test_progress_is_wiped_before_what_is_found_where_both_go_to_the_terminal() -> None:
    stdout, stderr = Screen(terminal=True), Screen(terminal=True)
    out = Output(stdout, stderr, no_colour=True)
    out.counted("reading")(1, 2)
    out.line("found")
    assert (stdout.getvalue(), stderr.getvalue()) == ("found\n", "\r\x1b[Kreading: 1 of 2\r\x1b[K")
    out.counted("reading")(2, 2)
    out.note("warning")
    assert stderr.getvalue().endswith("\r\x1b[Kreading: 2 of 2\r\x1b[Kwarning\n")


def test_a_doctor_that_finds_nothing_wrong(store: Path) -> None:
    ran = run(store, "doctor")
    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert (ran.code, ran.err, {row[0] for row in rows}) == (0, "", {"ok"})
    assert rows[0][1:] == ["index", "there is none; the next list or search builds it", ""]
    assert "reading sessions: 1 of 2" in run(store, "doctor", terminal_err=True).err


def test_a_doctor_that_finds_something_wrong_ends_with_1_until_it_is_repaired(store: Path) -> None:
    run(store, "reindex")
    (store / "claif" / "index.db").write_bytes(b"rubbish" * 999)
    ran = run(store, "doctor")
    assert ran.code == 1
    assert ran.out.splitlines()[0].split("\t")[:2] == ["problem", "index"]
    assert ran.out.splitlines()[0].endswith("\tclaif-git reindex")
    ran = run(store, "doctor", "--fix")
    assert ran.code == 0
    assert [line.split("\t")[0] for line in ran.out.splitlines()[:2]] == ["fixed", "ok"]
    assert run(store, "doctor").code == 0


def test_a_doctor_names_what_it_leaves_to_its_owner(store: Path) -> None:
    lost = store / "refs" / "heads" / "lost"
    lost.write_text("a" * 40 + "\n")
    ran = run(store, "doctor", "--fix", terminal=True)
    assert ran.code == 1
    assert "problem  refs      refs/heads/lost points at" in ran.out
    assert "→ bring it back from a backup of the store; or give the ref up: git update-ref -d" in ran.out
    told = [one for one in json.loads(run(store, "doctor", "--json").out) if one["level"] == "problem"]
    assert {one["session_id"] for one in told} == {"lost"}
    assert set(told[0]) == {"area", "level", "message", "hint", "session_id", "repair", "fixed"}


def test_gc_shows_how_far_it_is(store: Path) -> None:
    assert "packing: 0 of 3" in run(store, "gc", terminal_err=True).err
