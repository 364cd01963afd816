"""History drawn beside commits: by sight, and read back by following its lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.cli.graph import Graph

History = list[tuple[str, ...]]


def drawn(history: History) -> list[str]:
    """Draw commits (each with its parents, children first); a commit's row ends with its name."""
    graph = Graph()
    rows: list[str] = []
    for commit, *parents in history:
        before, own, after = graph.rows(commit, parents)
        rows += [*before, f"{own} {commit}", *after]
    return rows


@pytest.mark.parametrize(
    ("history", "picture"),
    [
        ([("b", "a"), ("a",)], "* b\n* a"),
        (
            [("m", "b", "c"), ("c", "a"), ("b", "a"), ("a",)],
            "* m\n|\\\n| * c\n* | b\n|/\n* a",
        ),
        (
            [("y", "a"), ("x", "a"), ("z", "a"), ("a",)],
            "* y\n| * x\n| | * z\n|_|/\n|/\n* a",
        ),
        (
            [("o", "a", "b", "c"), ("c", "r"), ("b", "r"), ("a", "r"), ("r",)],
            "* o\n|\\\n|\\ \\\n| | * c\n| * | b\n* | | a\n|_|/\n|/\n* r",
        ),
        (
            [("x", "a"), ("stranger",), ("y", "a"), ("a",)],
            "* x\n| * stranger\n|\n| * y\n|/\n* a",
        ),
        (
            [("x", "a"), ("p", "stranger"), ("y", "a"), ("stranger",), ("a",)],
            "* x\n| * p\n| | * y\n| * | stranger\n|  /\n|/\n* a",
        ),
    ],
)
def test_forks_and_merges_look_as_in_git(history: History, picture: str) -> None:
    assert "\n".join(drawn(history)) == picture


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any history: commit 0 is the newest, each has up to three parents among the older ones."""
    count = draw(st.integers(1, 14))
    history: History = []
    for at in range(count):
        older = [f"c{other}" for other in range(at + 1, count)]
        parents = draw(st.lists(st.sampled_from(older), max_size=3, unique=True)) if older else []
        history.append((f"c{at}", *parents))
    return history


@given(histories())
def test_following_the_lines_down_from_a_commit_leads_to_its_parents(history: History) -> None:
    rows = drawn(history)
    assert followed(rows) == {commit: sorted(parents) for commit, *parents in history}


def followed(rows: list[str]) -> dict[str, list[str]]:
    """Read a drawing: which commits each one's lines lead to. A line is known by its column, and by whose it is."""
    found: dict[str, list[str]] = {}
    lines: dict[int, list[str]] = {}  # by column: the commits whose lines come down here
    for row, below in pairwise([*rows, ""]):
        name = row.rpartition(" ")[2] if "*" in row else ""
        cells = row[: len(row) - len(name)].rstrip() if name else row
        if name:
            at = cells.index("*")
            for child in lines.get(at, []):
                found[child].append(name)
            found[name] = []
            lines[at] = [name]
            if ends_here(below, at):
                del lines[at]
            continue
        lines = passed_on(cells, lines)
    return {commit: sorted(set(parents)) for commit, parents in found.items()}


def ends_here(below: str, at: int) -> bool:
    """Whether nothing goes on below a commit."""
    around = {column: below[column : column + 1] for column in (at - 1, at, at + 1) if column >= 0}
    goes_on = around.get(at) in ("|", "*") or around.get(at + 1) == "\\" or around.get(at - 1) == "/"
    return not goes_on


def passed_on(cells: str, lines: dict[int, list[str]]) -> dict[int, list[str]]:
    """Take every line one row of joints further."""
    after: dict[int, list[str]] = {}
    for column, commits in lines.items():
        targets = []
        if cells[column : column + 1] == "|":
            targets.append(column)
        if cells[column + 1 : column + 2] == "\\":
            targets.append(column + 2)
        if column and cells[column - 1] == "/":
            into = column - 1
            while into >= 2 and cells[into - 2 : into - 1] == "_":
                into -= 2
            targets.append(into - 1)
        for target in targets:
            after.setdefault(target, [])
            after[target] += commits
    return after
