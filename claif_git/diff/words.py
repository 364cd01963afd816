"""How one text became another, word by word: first by lines, then by the words of the lines that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from claif_git.diff.script import edit_script

SAME, OLD, NEW = "=", "-", "+"
MOST_WORDS = 20_000
"""Words of a changed stretch, both sides together, past which it is shown as whole lines."""

_WORD = re.compile(r"\w+|[^\w\s]|\n|[^\S\n]+")


class Run(NamedTuple):
    """A stretch of text: `op` is "=" (in both), "-" (only in the old one) or "+" (only in the new one)."""

    op: str
    text: str


def word_diff(before: str, after: str) -> list[Run]:
    """Give the runs that make `before` without "+" and `after` without "-".

    Where a stretch is very long or has nearly all its words changed, whole lines are given instead.
    """
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    runs: list[Run] = []
    for step in edit_script(old, new):
        gone, come = "".join(old[step.a0 : step.a1]), "".join(new[step.b0 : step.b1])
        runs += [Run(SAME, gone)] if step.same else _between(gone, come)
    return list(_joined(runs))


def _between(gone: str, come: str) -> list[Run]:
    if not gone or not come:
        return _replaced(gone, come)
    old, new = _WORD.findall(gone), _WORD.findall(come)
    if len(old) + len(new) > MOST_WORDS:
        return _replaced(gone, come)
    runs: list[Run] = []
    for step in edit_script(old, new):
        one, other = "".join(old[step.a0 : step.a1]), "".join(new[step.b0 : step.b1])
        runs += [Run(SAME, one)] if step.same else _replaced(one, other)
    return _without_crumbs(runs)


def _replaced(gone: str, come: str) -> list[Run]:
    return [run for run in (Run(OLD, gone), Run(NEW, come)) if run.text]


def _without_crumbs(runs: Sequence[Run]) -> list[Run]:
    """Take blanks that stand between two changes into the change: «[-a b-]{+c d+}» reads better than two changes."""
    whole: list[Run] = []
    for at, run in enumerate(runs):
        is_crumb = run.op == SAME and run.text.isspace() and "\n" not in run.text and 0 < at < len(runs) - 1
        whole += [Run(OLD, run.text), Run(NEW, run.text)] if is_crumb else [run]
    return whole


def _joined(runs: Sequence[Run]) -> Iterator[Run]:
    """Join neighbours: all that is old of one change, then all that is new, then what is the same."""
    texts = {SAME: "", OLD: "", NEW: ""}
    for run in runs:
        if run.op == SAME and (texts[OLD] or texts[NEW]):
            yield from (Run(op, texts[op]) for op in (OLD, NEW) if texts[op])
            texts = {SAME: "", OLD: "", NEW: ""}
        elif run.op != SAME and texts[SAME]:
            yield Run(SAME, texts[SAME])
            texts[SAME] = ""
        texts[run.op] += run.text
    yield from (Run(op, texts[op]) for op in (SAME, OLD, NEW) if texts[op])
