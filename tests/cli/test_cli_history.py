"""Reading history from the command line, on real stores beside what plain git says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cli_fakes import claif
from support.people import git

from claif_git import Message, SessionManager
from claif_git.config import default_store

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EVIL = "\x1b[2Jgone\u202e"


@pytest.fixture
def store() -> Path:
    return default_store()


@pytest.fixture
def manager(store: Path) -> SessionManager:
    return SessionManager(store, author="Ada <ada@example.org>", durability="relaxed")


@pytest.fixture
def talk(manager: SessionManager) -> str:
    with manager:
        session = manager.create_session("A talk")
        say(manager, session, "question zero")
        answer = Message("assistant", "**answer** one", START, tokens=7, model="claude-x")
        manager.add_message(session, answer)
        say(manager, session, f"question two {EVIL}")
    return session


def say(manager: SessionManager, session: str, text: str, minutes: int = 1) -> None:
    manager.add_message(session, Message("user", text, START + timedelta(minutes=minutes)))


def change(store: Path, verb: str, *args: object, **how: object) -> object:
    with SessionManager(store, author="Ada <ada@example.org>", durability="relaxed") as manager:
        return getattr(manager, verb)(*args, **how)


@pytest.fixture
def branch(store: Path, talk: str) -> str:
    """A branch from message 1, merged into the talk and gone on since."""
    name = str(change(store, "branch_session", talk, 1, "Branch"))
    with SessionManager(store, author="Ada <ada@example.org>", durability="relaxed") as manager:
        say(manager, name, "in the branch")
        say(manager, talk, "in the talk")
        manager.merge_sessions(talk, name, into_primary=True)
        say(manager, name, "after the merge")
    return name


# log


def test_log_in_a_pipe_is_a_line_a_turn(store: Path, talk: str) -> None:
    rows = [line.split("\t") for line in claif("log", talk).out.splitlines()]
    said = git(store, "log", "--format=%H|%an <%ae>|%s", talk).splitlines()
    assert [f"{row[0]}|{row[3]}|{row[5]}" for row in rows[1:]] == [
        f"{commit[:10]}|{author}|{subject}" for commit, author, subject in (line.split("|") for line in said[1:])
    ]
    assert [(row[1], row[2], row[4]) for row in rows[1:3]] == [
        ("2026-11-24T12:00:00Z", "#1", "7"),
        ("2026-11-24T12:01:00Z", "#0", ""),
    ]


def test_log_can_be_cut_and_given_as_json(talk: str) -> None:
    assert len(claif("log", talk, "-n", "2").out.splitlines()) == 2
    told = json.loads(claif("log", talk, "--json", "--oneline", "-n", "2").out)
    assert [(turn["message_index"], turn["model"], turn["tokens"]) for turn in told] == [
        (2, None, None),
        (1, "claude-x", 7),
    ]
    assert told[0]["sessions"] == [talk]


def test_log_on_a_terminal_is_a_table(talk: str) -> None:
    lines = claif("log", talk, terminal=True).out.splitlines()
    assert lines[0].split() == ["commit", "when", "#", "author", "tokens", "subject"]
    assert "claude-x" in lines[2]


def test_oneline_is_what_git_says_in_a_line(store: Path, talk: str) -> None:
    lines = claif("log", talk, "--oneline").out.splitlines()
    said = git(store, "log", "--format=%h %s", "--abbrev=10", talk).splitlines()
    assert lines[0].startswith(f"{said[0][:10]} ({talk}) #2 user: question two")
    assert lines[1] == f"{said[1][:10]} #1 assistant: **answer** one"
    assert lines[3] == said[3]


def test_the_graph_draws_forks_and_merges_of_a_session_and_its_branches(store: Path, talk: str, branch: str) -> None:
    lines = claif("log", talk, "--graph").out.splitlines()
    commits = [line for line in lines if "*" in line.split("(")[0].replace("**", "")]
    said = git(store, "log", "--format=%H", talk, branch).splitlines()
    assert len(commits) == len(said)
    assert {commit[:10] for commit in said} == {word for line in commits for word in line.split()} & {
        c[:10] for c in said
    }
    assert any(set(line) <= set("|\\ ") and "\\" in line for line in lines)
    assert any(set(line) <= set("|/_ ") and "/" in line for line in lines)
    assert sum(f"({talk})" in line for line in lines) == sum(f"({branch})" in line for line in lines) == 1
    assert any("(claude-x, 2026-11-24T12:00:00Z, 7 tokens)" in line for line in lines)


# show


def test_show_gives_a_turn_with_its_message(store: Path, talk: str) -> None:
    out = claif("show", f"{talk}#1").out
    commit = git(store, "rev-parse", f"{talk}~1")
    assert out.splitlines() == [
        f"commit      {commit}",
        f"session     {talk} #1",
        "role        assistant",
        "author      claude-x <claude-x@invalid>",
        "time        2026-11-24T12:00:00Z",
        "model       claude-x",
        "tokens      7",
        "",
        "**answer** one",
    ]
    assert claif("show", commit[:9]).out == claif("show", f"{talk}~1").out == out
    assert "answer one" in claif("show", f"{talk}#1", terminal=True).out


def test_show_of_another_commit_tells_what_it_changed(store: Path, talk: str) -> None:
    change(store, "update_title", talk, "New")
    out = claif("show", talk).out
    assert out.splitlines()[-3:] == ["session: title: New", "", 'title: [-"A talk"-]{+"New"+}']
    change(store, "drop_messages", talk, [1])
    assert "- **answer** one" in claif("show", talk).out.splitlines()
    assert f"session     {talk} (left out by now)" in claif("show", f"{talk}~1").out
    told = json.loads(claif("show", talk, "--json").out)
    assert (told["message"], [only["index"] for only in told["changes"]["only_a"]]) == (None, [1])


def test_show_of_a_merge_names_its_parents(store: Path, talk: str, branch: str) -> None:
    assert branch
    merge = git(store, "rev-list", "--merges", talk)
    out = claif("show", merge).out
    parents = git(store, "log", "-1", "--format=%P", merge).split()
    assert f"parents     {' '.join(parent[:10] for parent in parents)}" in out
    assert "+ in the branch" in out


def test_show_says_that_a_message_was_edited_since(store: Path, talk: str) -> None:
    change(store, "edit_message", talk, 0, "another question")
    out = claif("show", f"{talk}#0").out
    assert "edited      since" in out
    assert out.endswith("another question\n")
    told = json.loads(claif("show", f"{talk}#0", "--json").out)
    assert (told["edited"], told["message"]["content"], told["turn"]["message_index"]) == (True, "another question", 0)


def test_show_of_a_message_that_cannot_be_read_says_why(store: Path, talk: str) -> None:
    work = store.parent / "work"
    git(store, "worktree", "add", "-q", str(work), talk)
    for file in work.rglob("*.md"):
        file.write_text("nothing", encoding="utf-8")
    git(work, "commit", "-q", "-a", "-m", "break")
    ran = claif("show", f"{talk}#0")
    assert (ran.code, "cannot be read" in ran.out) == (0, True)
    assert "front matter" in json.loads(claif("show", f"{talk}#0", "--json").out)["message"]["problem"]
    assert "cannot be read" in claif("blame", talk).out
    assert "cannot be read" in claif("diff", f"{talk}~1", talk).out
    assert "cannot be read" in claif("diff", f"{talk}~1", talk, "-y").out


@pytest.mark.parametrize(
    ("rev", "code", "said"),
    [
        ("{}#9", 2, "no message 9"),
        ("{}~9", 2, "there is none 9 back"),
        ("{}@{{some day}}", 2, "not a moment"),
        ("{}@{{1999-01-01}}", 3, "younger than"),
        ("nobody", 3, "no session 'nobody'"),
        ("0123456789ab", 3, "no session, and no commit of one"),
        ("#5", 2, "not a revision"),
    ],
)
def test_a_revision_that_is_none_is_one_line(talk: str, rev: str, code: int, said: str) -> None:
    ran = claif("show", rev.format(talk))
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err.splitlines()[0]
    assert len(ran.err.splitlines()) <= 2


# tree


def test_tree_draws_the_forest(store: Path, talk: str, branch: str) -> None:
    other = str(change(store, "branch_session", talk, 0, "Other"))
    deep = str(change(store, "branch_session", branch, 2, "Deep"))
    lines = claif("tree").out.splitlines()
    assert [line.split("  ")[0].split(" “")[0] if line[0] == "a" else line.split(" “")[0] for line in lines] == [
        talk,
        f"├─ #0 {other}",
        f"└─ #1 {branch}",
        f"   └─ #2 {deep}",
    ]
    assert f"merged {branch}" in lines[0]
    assert "(1 of its own)" in lines[2]
    told = json.loads(claif("tree", "--json").out)
    assert [(one["id"], one["depth"]) for one in told] == [(talk, 0), (other, 1), (branch, 1), (deep, 2)]
    change(store, "delete_session", talk)
    assert f"branched from {talk}, which is gone" in claif("tree").out


def test_tree_keeps_the_lines_of_open_branches(store: Path, talk: str) -> None:
    first = str(change(store, "branch_session", talk, 0))
    below = str(change(store, "branch_session", first))
    second = str(change(store, "branch_session", talk, 1))
    drawn = [line[:6] for line in claif("tree").out.splitlines()[1:]]
    assert drawn == [f"├─ #0 {first}"[:6], f"│  └─ #0 {below}"[:6], f"└─ #1 {second}"[:6]]


# blame


def test_blame_is_a_line_a_message(store: Path, talk: str, branch: str) -> None:
    rows = [line.split("\t") for line in claif("blame", talk).out.splitlines()]
    by_text = {row[6]: row for row in rows}
    assert by_text["in the branch"][2] == branch
    assert by_text["in the talk"][2] == talk
    assert by_text["**answer** one"][3:5] == ["claude-x <claude-x@invalid>", "assistant"]
    for row in rows:
        assert git(store, "log", "-1", "--format=%an <%ae>", row[0]) == row[3]
    told = json.loads(claif("blame", talk, "--json").out)
    assert [one["index"] for one in told] == list(range(len(rows)))
    assert claif("blame", talk, terminal=True).out.splitlines()[0].split()[:3] == ["commit", "#", "branch"]


# grep


def test_grep_is_a_line_a_find(talk: str) -> None:
    ran = claif("grep", "question z|answer")
    assert ran.out.splitlines() == [
        f"{talk}#0\t1\tuser\tshown\tquestion zero",
        f"{talk}#1\t1\tassistant\tshown\t**answer** one",
    ]
    assert claif("grep", "-F", "**answer**", talk).out.count("\n") == 1
    assert claif("grep", "-i", "QUESTION", "-n", "1").out.count("\n") == 1
    assert claif("grep", "-E", "^nothing$").out == ""
    found = json.loads(claif("grep", "zero", "--json").out)
    assert [(one["message_index"], one["spans"]) for one in found] == [(0, [[9, 13]])]


def test_grep_finds_on_request_what_is_shown_no_more(store: Path, talk: str) -> None:
    change(store, "drop_messages", talk, [0])
    change(store, "delete_session", talk)
    assert claif("grep", "zero").out == ""
    where, _, _, state, text = claif("grep", "zero", "--all-history").out.rstrip("\n").split("\t")
    assert (state, text) == ("deleted", "question zero")
    assert claif("show", where).out.endswith("\nquestion zero\n")
    shown = claif("grep", "zero", "--all-history", terminal=True, no_colour=False).out
    assert f"deleted, {talk}" in shown
    assert "\x1b[1;31mzero\x1b[0m" in shown


def test_grep_cuts_a_huge_line_around_what_matches(store: Path, talk: str) -> None:
    change(store, "add_message", talk, Message("user", "x" * 5000 + "needle" + "y" * 5000))
    line = claif("grep", "needle").out.split("\t")[-1].rstrip("\n")
    assert len(line) < 600
    assert "xneedley" in line
    assert line.startswith("…x")
    assert line.endswith("y…")
    assert "\x1b[1;31mneedle\x1b[0m" in claif("grep", "needle", terminal=True, no_colour=False).out


@pytest.mark.parametrize("args", [["(", "x"], ["-E", "-F", "x"]])
def test_grep_refuses_what_makes_no_sense(talk: str, args: list[str]) -> None:
    assert talk
    ran = claif("grep", *args)
    assert (ran.code, ran.out) == (2, "")


# diff


def test_diff_can_be_seen_side_by_side(store: Path, talk: str, branch: str) -> None:
    change(store, "edit_message", branch, 0, "another question")
    lines = claif("diff", talk, branch, "--side-by-side").out.splitlines()
    rows = [line for line in lines if "in the talk" in line or "question zero" in line or talk in line]
    assert any(line.startswith(talk) and branch in line for line in rows)
    assert any("question zero" in line and "another question" in line for line in rows)
    assert any(line.startswith('title: "A talk"') and 'title: "Branch"' in line for line in lines)


def test_diff_can_be_gits_own(store: Path, talk: str, branch: str) -> None:
    said = git(store, "diff", "--no-renames", talk, branch)
    assert claif("diff", talk, branch, "--git").out.rstrip("\n") == said
    assert claif("diff", talk, branch, "--git", "--stat").out.splitlines()[-1].strip().endswith("(-)")
    coloured = claif("diff", talk, branch, "--git", terminal=True, no_colour=False).out
    assert "\x1b[36m@@" in coloured
    assert "\x1b[31m-" in coloured


def test_diff_colours_words_on_a_terminal_and_leaves_out_what_stays(store: Path, talk: str) -> None:
    text = "\n".join(f"line {at}" for at in range(40))
    change(store, "add_message", talk, Message("user", f"{text}\nold end"))
    branch = str(change(store, "branch_session", talk, -1, "A talk"))
    change(store, "edit_message", branch, 3, f"{text}\nnew end")
    plain = claif("diff", talk, branch).out
    assert "[-old-]{+new+} end" in plain
    assert "… 34 lines …" in plain
    coloured = claif("diff", talk, branch, terminal=True, no_colour=False).out
    assert "\x1b[31mold\x1b[0m\x1b[32mnew\x1b[0m end" in coloured


def test_diff_takes_revisions_and_one_way_to_show_them(talk: str) -> None:
    assert "+ **answer** one" in claif("diff", f"{talk}#0", f"{talk}#1").out
    assert claif("diff", talk, talk, "--git", "--json").code == 2


# whatever was said


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize(
    "args",
    [
        ["log", "{}"],
        ["log", "{}", "--graph"],
        ["log", "{}", "--json"],
        ["show", "{}#2"],
        ["show", "{}#2", "--json"],
        ["show", "{}"],
        ["tree"],
        ["blame", "{}"],
        ["grep", "gone"],
        ["diff", "{}~1", "{}"],
        ["diff", "{}~1", "{}", "-y"],
    ],
    ids=" ".join,
)
def test_nothing_that_was_said_reaches_a_terminal_unescaped(
    store: Path, talk: str, args: list[str], terminal: bool
) -> None:
    change(store, "update_title", talk, f"title {EVIL}")
    change(store, "update_metadata", talk, {EVIL: EVIL})
    ran = claif(*(word.format(talk) for word in args), terminal=terminal)
    assert ran.code == 0
    assert not set(ran.out) & {"\x1b", "\u202e"}
