"""What is to be reached, and by which measures that is told. What is missed is shown as missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bench import Results, Sizes

Value = Callable[[Results], float | None]
MEGABYTE = 1e6
TIMES = "\N{MULTIPLICATION SIGN}"
"""The unit of a ratio."""


@dataclass(frozen=True, slots=True)
class Target:
    """One bar. `value` is in `unit` (TIMES for a ratio), and may be at most `limit`, or at least if `least`."""

    row: str
    of: str
    limit: float
    value: Value
    unit: str = TIMES
    least: bool = False

    def reached(self, value: float) -> bool:
        """Say whether a value is good enough."""
        return value >= self.limit if self.least else value <= self.limit


def _ratio(key: str, backend: str, other_key: str = "") -> Value:
    return lambda results: results.ratio(key, backend, other_key)


def _own(key: str, other_key: str) -> Value:
    return lambda results: results.ratio(key, "claif-git", other_key)


def _plain(key: str, scale: float = 1.0) -> Value:
    def value(results: Results) -> float | None:
        found = results.median(key)
        return None if found is None else found / scale

    return value


def _most(prefix: str, scale: float) -> Value:
    def value(results: Results) -> float | None:
        keys = [key for key, _ in results.measures if key.startswith(prefix)]
        return max((results.p99(key) or 0 for key in keys), default=0) / scale or None

    return value


def _tail(key: str, other_key: str, backend: str) -> Value:
    def value(results: Results) -> float | None:
        ours, theirs = results.p99(key), results.p99(other_key, backend)
        return None if ours is None or not theirs else ours / theirs

    return value


def targets(sizes: Sizes) -> list[Target]:
    """Give the bars, in the order in which they are shown."""
    return [*_writing(sizes), *_reading(sizes), *_graph(sizes), *_rest(sizes)]


def _writing(sizes: Sizes) -> list[Target]:
    middle, large, small = sizes.middle, sizes.large, sizes.small
    row = f"append to a session of {middle:,}"
    return [
        Target(row, "llm's durable append", 1.0, _ratio(f"append/{middle}", "llm")),
        Target(row, "plain dulwich with object fsync", 0.5, _ratio(f"append/{middle}", "dulwich")),
        Target(row, "git's plumbing commands", 0.15, _ratio(f"append/{middle}", "git")),
        Target(
            f"{row}, p99, maintenance running",
            "raw SQLite + FTS5, p99",
            1.0,
            _tail(f"append-maintained/{middle}", f"append/{middle}", "sqlite"),
        ),
        Target(f"append at {large:,}", f"append at {small:,}", 1.5, _own(f"append/{large}", f"append/{small}")),
        Target(
            f"append where two clones alternate, at {middle:,}: time",
            "the same in one clone",
            2.0,
            _own(f"alternate/{middle}", f"alternate-alone/{middle}"),
        ),
        Target(
            f"append where two clones alternate, at {middle:,}: bytes",
            "the same in one clone",
            2.0,
            _own(f"alternate-bytes/{middle}", f"alternate-alone-bytes/{middle}"),
        ),
        Target(
            "eight processes, one session: rate", "one process", 0.5, _own("rate-eight-same", "rate-one"), least=True
        ),
        Target(
            "eight processes, eight sessions: rate", "one process", 1.0, _own("rate-eight-own", "rate-one"), least=True
        ),
        Target("eight processes, one session: longest wait", "a second", 1000, _most("wait-eight", 1), unit="ms"),
    ]


def _reading(sizes: Sizes) -> list[Target]:
    found: list[Target] = []
    for length in (sizes.middle, sizes.large):
        found += [
            Target(f"load {length:,}, index warm", "openai SQLiteSession", 1.0, _ratio(f"load/{length}", "openai")),
            Target(
                f"load {length:,}, no index", "llm", 1.0, _ratio(f"load-unindexed/{length}", "llm", f"load/{length}")
            ),
        ]
    count, ten = sizes.sessions, f"last/{sizes.small}"
    return [
        *found,
        Target(f"last 10 of {sizes.large:,}", f"last 10 of {sizes.small}", 2.0, _own(f"last/{sizes.large}", ten)),
        Target(f"list {count:,} sessions, all fields", "raw SQLite", 1.5, _ratio(f"list/{count}/again", "sqlite")),
        Target("the same, filtered", "raw SQLite, filtered", 0.5, _ratio(f"list-filtered/{count}/again", "sqlite")),
        Target(
            "the same, after one change elsewhere: plus", "10 ms", 10, _plain(f"list-after-change/{count}"), unit="ms"
        ),
        Target("search, a rare word, top 20", "raw FTS5", 1.2, _ratio(f"search-rare/{count}/again", "sqlite")),
        Target("search, a common word, top 20", "raw FTS5", 1.2, _ratio(f"search-common/{count}/again", "sqlite")),
    ]


def _graph(sizes: Sizes) -> list[Target]:
    found: list[Target] = []
    for length in (sizes.middle, sizes.large):
        found += [
            Target(
                f"branch at {length // 2:,} of {length:,}",
                "one append",
                2.0,
                _own(f"branch/{length}", f"branch-append/{length}"),
            ),
            Target(
                f"branch at {length // 2:,} of {length:,}: new data",
                "1 kB",
                1000,
                _plain(f"branch-bytes/{length}"),
                unit="B",
            ),
        ]
    large = sizes.large
    return [
        *found,
        Target(f"merge of 10 + 10 at {large:,}", "one append", 3.0, _own(f"merge/{large}", f"merge-append/{large}")),
    ]


def _rest(sizes: Sizes) -> list[Target]:
    indexed = sizes.indexed
    return [
        Target(
            f"import of {sizes.imported:,} {TIMES} 100: messages a second",
            "appending one by one",
            10,
            _own("import", "import-by-append"),
            least=True,
        ),
        Target("import: memory", "300 MB", 300, _plain("import-memory", MEGABYTE), unit="MB"),
        *(
            Target(f"{name}, a store of {sizes.remote:,} sessions", "the git command", 1.3, _ratio(key, "git"))
            for key, name in (("clone", "clone"), ("fetch", "fetch one turn"), ("push", "push one turn"))
        ),
        Target(f"disk, one session of {sizes.middle:,}", "JSONL", 1.45, _ratio("disk-one", "jsonl")),
        Target(f"disk, {sizes.remote:,} sessions", "JSONL", 1.45, _ratio("disk-many", "jsonl")),
        Target(
            f"index of {indexed:,} messages from scratch",
            f"{15 * indexed / 100_000:g} s",
            15 * indexed / 100_000,
            _plain(f"index/{indexed}", 1000),
            unit="s",
        ),
        Target("`claif-git --help`", "`llm --help`", 0.3, _ratio("start-help", "llm")),
        Target(f"`session list`, {sizes.sessions:,} sessions", "`llm logs list`", 0.4, _ratio("start-list", "llm")),
        Target("`session show`", "`llm logs list`", 0.4, _ratio("start-show", "llm", "start-list")),
        Target(
            f"memory of any command, {sizes.sessions:,} sessions", "120 MB", 120, _most("memory-", MEGABYTE), unit="MB"
        ),
    ]
