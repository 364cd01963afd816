"""Results as tables in Markdown, and a document in which the part between two marks is replaced by them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from benchmarks.backends import MODULES, OURS
from benchmarks.bench import Results
from benchmarks.stats import short
from benchmarks.targets import TIMES, Target

START, END = "<!-- measured: start -->", "<!-- measured: end -->"


def target_table(results: Results, wanted: Iterable[Target]) -> str:
    """Give what is to be reached, what was, and whether that is a miss. What was not measured is left out."""
    rows: list[tuple[str, ...]] = []
    for target in wanted:
        value = target.value(results)
        if value is None:
            continue
        bound = f"{'≥' if target.least else '≤'} {target.limit:g}"
        verdict = "reached" if target.reached(value) else "**missed**"
        rows.append((target.row, target.of, _with(bound, target.unit), _with(short(value), target.unit), verdict))
    return table(("operation", "beside", "to reach", "measured", ""), rows) if rows else ""


def measure_table(results: Results, backends: Sequence[str]) -> str:
    """Give medians and p99 of every operation that was timed, ours and the others' with their ratio to ours."""
    keys = list(dict.fromkeys(key for key, _ in results.measures))
    shown = [name for name in MODULES if name in backends]
    rows = [(key, *(_cell(results, key, name) for name in shown)) for key in keys if _is_timed(results, key)]
    return table(("ms: median / p99", *shown), rows) if rows else ""


def other_table(results: Results) -> str:
    """Give what is not a time: bytes, rates."""
    rows = [
        (key, name, measure.unit, short(results.median(key, name) or 0))
        for (key, name), measure in results.measures.items()
        if measure.unit != "ms"
    ]
    return table(("operation", "backend", "unit", "median"), rows) if rows else ""


def _is_timed(results: Results, key: str) -> bool:
    return any(measure.unit == "ms" for (other, _), measure in results.measures.items() if other == key)


def _cell(results: Results, key: str, name: str) -> str:
    middle, tail = results.median(key, name), results.p99(key, name)
    if middle is None or tail is None:
        return "—"
    ours = results.median(key)
    beside = f" ({short(middle / ours)} {TIMES})" if ours and name != OURS else ""
    return f"{short(middle)} / {short(tail)}{beside}"


def _with(value: str, unit: str) -> str:
    return f"{value} {unit}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table in Markdown."""
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join(lines) + "\n"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def inserted(document: str, measured: str) -> str:
    """Give a document with `measured` between its marks. ValueError if it has not each of them once, in order."""
    pattern = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    if document.count(START) != 1 or document.count(END) != 1 or not pattern.search(document):
        raise ValueError(f"the document needs {START} and {END}, once each, in this order")
    return pattern.sub(lambda _: f"{START}\n\n{measured.strip()}\n\n{END}", document)
