"""How one text became another: exact, readable, and cheap whatever the texts are."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from claif_git.diff.script import MOST_EDITS, edit_script
from claif_git.diff.words import MOST_WORDS, Run, word_diff

LETTERS = st.text("ab \n", max_size=40)


def sides(runs: list[Run]) -> tuple[str, str]:
    old = "".join(run.text for run in runs if run.op != "+")
    return old, "".join(run.text for run in runs if run.op != "-")


@given(st.one_of(st.text(), LETTERS), st.one_of(st.text(), LETTERS))
def test_the_runs_give_both_texts_back(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert sides(runs) == (before, after)
    assert all(run.text for run in runs)
    assert all(one.op != other.op for one, other in pairwise(runs))


@given(st.text())
def test_a_text_is_the_same_as_itself(text: str) -> None:
    assert word_diff(text, text) == ([Run("=", text)] if text else [])


@given(st.lists(st.sampled_from("abc"), max_size=12), st.lists(st.sampled_from("abc"), max_size=12))
def test_the_script_is_as_short_as_can_be(before: list[str], after: list[str]) -> None:
    steps = edit_script(before, after)
    assert [letter for step in steps for letter in before[step.a0 : step.a1]] == before
    assert [letter for step in steps for letter in after[step.b0 : step.b1]] == after
    for step in steps:
        assert not step.same or before[step.a0 : step.a1] == after[step.b0 : step.b1]
    edits = sum(step.a1 - step.a0 + step.b1 - step.b0 for step in steps if not step.same)
    assert edits == len(before) + len(after) - 2 * longest_common(before, after)


def longest_common(a: list[str], b: list[str]) -> int:
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for at, one in enumerate(a):
        for other_at, other in enumerate(b):
            same = table[at][other_at] + 1 if one == other else 0
            table[at + 1][other_at + 1] = max(same, table[at][other_at + 1], table[at + 1][other_at])
    return table[-1][-1]


def test_words_change_not_letters() -> None:
    assert word_diff("the quick fox", "the slow fox") == [
        Run("=", "the "), Run("-", "quick"), Run("+", "slow"), Run("=", " fox"),
    ]  # fmt: skip


def test_blanks_between_two_changes_belong_to_one_change() -> None:
    assert word_diff("one two three", "four five three") == [
        Run("-", "one two"), Run("+", "four five"), Run("=", " three"),
    ]  # fmt: skip


def test_lines_that_stay_are_left_alone() -> None:
    assert word_diff("a\nb c\nd", "a\nb x\nd\ne") == [
        Run("=", "a\nb "), Run("-", "c"), Run("+", "x"), Run("=", "\nd"), Run("+", "\ne"),
    ]  # fmt: skip


def test_a_stretch_with_too_much_changed_is_replaced_whole() -> None:
    before, after = (" ".join(f"{letter}{at}" for at in range(MOST_EDITS)) for letter in "xy")
    assert word_diff("same\n" + before, "same\n" + after) == [Run("=", "same\n"), Run("-", before), Run("+", after)]


def test_a_huge_line_is_compared_as_a_line() -> None:
    before = "w " * MOST_WORDS
    assert word_diff(f"{before}old", f"{before}new") == [Run("-", f"{before}old"), Run("+", f"{before}new")]


def test_hostile_texts_come_to_an_end() -> None:
    # Where the time grows with the square, let alone the cube, these take longer than a test may.
    patterns = [("ab" * 40_000, "ba" * 40_000), ("a b " * 9_000, "b a " * 9_000), ("a\n\n" * 50_000, "\na\n" * 50_000)]
    for before, after in patterns:
        assert sides(word_diff(before, after)) == (before, after)
