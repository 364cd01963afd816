"""`python -m benchmarks`: one run; its tables on the terminal and, if all was measured, in the documentation."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import report
from benchmarks.backends import MODULES, OURS
from benchmarks.bench import FULL, QUICK, Bench, Results
from benchmarks.driving import ROOT
from benchmarks.operations import FULL_ONLY, OPERATIONS
from benchmarks.operations.growing import LENGTHS, SHOWN
from benchmarks.plot import plot
from benchmarks.targets import targets

DOCUMENT, PLOTS = ROOT / "docs" / "benchmarks.md", ROOT / "docs" / "benchmarks"


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller stores and fewer samples: under three minutes")
    parser.add_argument(
        "--only", metavar="OPERATION", action="append", choices=sorted(OPERATIONS), help="may be repeated"
    )
    parser.add_argument("--backends", metavar="NAMES", default=",".join(MODULES), help="by commas; default: all")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench", help="where stores are made; on a real disk")
    parser.add_argument(
        "--keep", action="store_true", help="do not throw the stores away, and use those that are there"
    )
    parser.add_argument("--no-document", action="store_true", help="only print; docs/benchmarks.md stays as it is")
    options = parser.parse_args(words)
    options.backends = options.backends.split(",")
    unknown = sorted(set(options.backends) - set(MODULES))
    if unknown:
        parser.error(f"no backend {', '.join(unknown)}; there are {', '.join(MODULES)}")
    return options


def main() -> None:
    """Measure what was asked for."""
    options = parsed()
    started = time.monotonic()
    sizes = QUICK if options.quick else FULL
    place = _place(options.work, keep=options.keep)
    wanted = options.only or [name for name in OPERATIONS if not (options.quick and name in FULL_ONLY)]
    with contextlib.closing(Bench(place, sizes, options.backends)) as bench:
        whole = _run(bench, wanted)
    text = _written(bench, time.monotonic() - started)
    print(text)
    _keep_samples(bench.results, options.work / "results.json")
    if whole and not options.only and options.backends == list(MODULES) and not options.no_document:
        _document(bench.results, text)
    if not options.keep:
        for path in options.work.glob("run*"):
            shutil.rmtree(path, ignore_errors=True)


def _run(bench: Bench, wanted: Sequence[str]) -> bool:
    """Measure one operation after the other; False if somebody broke that off: what was measured is shown then."""
    for name in wanted:
        try:
            bench.guarded(lambda name=name: OPERATIONS[name](bench))  # type: ignore[misc]
        except KeyboardInterrupt:
            bench.results.notes.append(f"broken off in {name}")
            return False
    return True


def _place(work: Path, *, keep: bool) -> Path:
    """Give the folder for this run's stores. Older ones go at the end: ext4 makes files slowly after many deletions."""
    place = work / ("run" if keep else f"run-{time.time_ns()}")
    place.mkdir(parents=True, exist_ok=True)
    (work / ".gitignore").write_text("*\n", encoding="ascii")
    return place.resolve()


def _written(bench: Bench, seconds: float) -> str:
    sizes, results = bench.sizes, bench.results
    today = dt.datetime.now(dt.UTC).date().isoformat()
    about = [f"Run of {today} ({sizes.name}, {seconds / 60:.1f} minutes)", *bench.machine]
    lines = [f"{line}.\n" for line in about]
    parts = [
        ("To reach", report.target_table(results, targets(sizes))),
        ("All times", report.measure_table(results, bench.backends)),
        ("Sizes and rates", report.other_table(results)),
        ("Notes", "\n".join(f"- {note}" for note in results.notes)),
    ]
    return "\n".join([*lines, ""]) + "".join(f"### {head}\n\n{body}\n" for head, body in parts if body)


def _keep_samples(results: Results, path: Path) -> None:
    rows = [[measure.key, measure.backend, measure.unit, measure.samples] for measure in results.measures.values()]
    path.write_text(json.dumps(rows), encoding="utf-8")


def _document(results: Results, text: str) -> None:
    """Put the tables, and the plots where growth was measured, into the documentation."""
    for name, title, across in (
        ("append", "Append one message", "messages in the session"),
        ("load", "Load a session", "messages in the session"),
        ("list", "List all sessions", "sessions of ten messages"),
        ("search", "Search a common word", "sessions of ten messages"),
    ):
        lines = {shown: _points(results, f"growth-{name}", shown) for shown in SHOWN}
        if lines.get(OURS):
            PLOTS.mkdir(exist_ok=True)
            (PLOTS / f"{name}.svg").write_text(plot(title, across, "ms, median", lines), encoding="utf-8")
            text += f"\n![{title}: ms by {across}](benchmarks/{name}.svg)\n"
    document = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(report.inserted(document, text), encoding="utf-8")


def _points(results: Results, key: str, name: str) -> list[tuple[float, float]]:
    found = ((length, results.median(f"{key}/{length}", name)) for length in LENGTHS)
    return [(length, value) for length, value in found if value is not None]


if __name__ == "__main__":
    main()
