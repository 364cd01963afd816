"""Counts, filters and patterns: the index and git itself say the same of the same store."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_stores import WORDS, act, filled

from claif_git.errors import ClaifGitError, IndexUnavailableError, InvalidInputError, UnknownNameError
from claif_git.index import Index
from claif_git.model import Message
from claif_git.model.conditions import CONTAINS, IS, IS_NOT, Condition, is_named
from claif_git.model.pattern import LONGEST_PATTERN, Pattern
from claif_git.model.search import SearchHit
from claif_git.session import SessionManager
from claif_git.session.finding import Finder

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)
BY: list[Any] = [None, "model", "day", "project", "session"]
MODELS = ["claude-opus-5", "claude-haiku-5-5", "claude-haiku-5-5-20260101", "gpt-x", "odd[?*]", None]
WHERE = [
    [],
    ["n=1"],
    ["n!=1"],
    ["n=null"],
    ["n!=null"],
    ["project~WEB"],
    ["title~erry"],
    ["id~apple", "n=0"],
    ["template=coding"],
    ["template!=coding"],
    ["list~a"],
    ["title!=apple talk", "project!=web app"],
    ["ü~x"],
]


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "s", durability="relaxed") as opened:
        yield opened


def usage(rng: random.Random) -> Any:
    kinds = ["input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"]
    told = {kind: rng.choice([0, 7, 99_990, 150_000]) for kind in kinds if rng.random() < 0.8}
    hour = {"cache_creation": {"ephemeral_1h_input_tokens": 5}} if rng.random() < 0.3 else {}
    return rng.choice([None, 0, 12, 10**30, told, told, told | hour, {"input_tokens": "?"}])


def spend(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    metadata = rng.choice([{}, {}, {"model": "gpt-x"}, {"tokens": 9}, {"tokens": -1}])
    message = Message(
        rng.choice(["user", "assistant"]),  # type: ignore[arg-type]
        rng.choice(WORDS)
        + rng.choice(
            [
                "",
                "\nsecond line",
                " \x00\x07 control",
                " \x0c\x08 form",
                " \x7f del",
                " \\u001b no",
                " 日本語 text",
                "\t\ttabs",
            ]
        ),
        DAY + timedelta(hours=rng.randrange(96)),
        metadata,
        usage(rng),
        model=rng.choice(MODELS),
    )
    manager.add_message(session_id, message)


def spread(manager: SessionManager, rng: random.Random) -> None:
    """Say things that cost something, in sessions that belong somewhere."""
    ids = [one.id for one in manager.list_sessions() if not one.id.startswith("link")]  # symbolic refs are not written
    for session_id in ids:
        chosen = rng.choice(
            [{"project": "web app"}, {"cwd": "/home/ada/web app/"}, {"cwd": "C:\\x\\tool"}, {"cwd": "/"}]
        )
        manager.update_metadata(session_id, chosen)
        for _ in range(rng.randrange(5)):
            spend(manager, session_id, rng)


def without_index(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: Finder) -> Index:
        raise IndexUnavailableError("switched off")

    monkeypatch.setattr(Finder, "index", property(missing))


def everything_told(manager: SessionManager) -> dict[str, Any]:
    span = {"since": DAY + timedelta(hours=20), "until": DAY + timedelta(hours=70)}
    told: dict[str, Any] = {}
    for by in BY:
        told[f"stats {by}"] = manager.store_stats(by=by)
        told[f"stats {by} span"] = manager.store_stats(by=by, **span)
    for where in WHERE:
        told[f"list {where}"] = [one.id for one in manager.list_sessions(where=where)]
    for name in [*filter(None, MODELS), "claude-*", "*", "*5*", "odd[?*", "none"]:
        told[f"model {name}"] = [one.id for one in manager.list_sessions(model=name)]
        told[f"regex of {name}"] = [keyed(hit) for hit in manager.search_sessions("a", None, regex=True, model=name)]
    changed = sorted(one.updated_at for one in manager.list_sessions())
    told["changed"] = [one.id for one in manager.list_sessions(since=changed[0], until=changed[len(changed) // 2])]
    for pattern in [
        "apple|berry",
        "^second",
        "e$",
        "語",
        r"control$",
        r"[\x07\x0c\x7f]",
        r"\x08 form",
        r"\\u",
        "(?i)APPLE",
        "a.*\\n.*line",
        r"\w+\s+\w+",
    ]:
        told[f"regex {pattern}"] = [keyed(hit) for hit in manager.search_sessions(pattern, None, regex=True)]
        told[f"few {pattern}"] = [keyed(hit) for hit in manager.search_sessions(pattern, 2, regex=True)]
    narrowed = manager.search_sessions("a", None, regex=True, role="user", **span)
    told["narrowed"] = [keyed(hit) for hit in narrowed]
    return told


def keyed(hit: SearchHit) -> tuple[Any, ...]:
    return (hit.session_id, hit.message_index, hit.title, hit.role, hit.timestamp, hit.snippet, hit.snippet.spans)


@pytest.mark.parametrize("seed", range(6))
def test_the_index_and_git_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rng = random.Random(seed)
    with closing(filled(tmp_path / "s", sessions=4)) as manager:
        spread(manager, rng)
        manager.branch_session(rng.choice(manager.list_sessions()).id)
        for _ in range(12):
            try:
                act(manager, rng)
            except ClaifGitError:
                continue
        spread(manager, rng)
        by_index = everything_told(manager)
        with monkeypatch.context() as patched:
            without_index(patched)
            by_git = everything_told(manager)
        assert by_git == by_index


def test_unsaved_turns_count_with_and_without_an_index(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = manager.create_session("saved", metadata={"project": "x"})
    manager.add_message(saved, Message("assistant", "one", tokens={"output_tokens": 5}, model="claude-opus-5"))
    branched = manager.branch_session(saved)
    manager.configure_autosave(enabled=False)
    manager.add_message(branched, Message("assistant", "unsaved", tokens={"output_tokens": 7}, model="gpt-x"))
    stats = manager.store_stats(by="model")
    assert (stats.total.messages, stats.total.output_tokens, stats.total.sessions) == (2, 12, 2)
    assert [(name, figures.messages) for name, figures in stats.groups] == [("claude-opus-5", 1), ("gpt-x", 1)]
    assert [one.id for one in manager.list_sessions(model="gpt-*")] == [branched]
    assert [hit.session_id for hit in manager.search_sessions("unsaved", regex=True)] == [branched]
    without_index(monkeypatch)
    assert manager.store_stats(by="model") == stats
    assert [one.id for one in manager.list_sessions(model="gpt-*")] == [branched]
    assert [hit.session_id for hit in manager.search_sessions("unsaved", regex=True)] == [branched]


def test_what_is_only_tried_in_the_index_does_not_stay_there(manager: SessionManager) -> None:
    session = manager.create_session("one")
    manager.configure_autosave(enabled=False)
    manager.add_message(session, Message("user", "never saved"))
    assert manager.store_stats().total.messages == 1
    with SessionManager(manager.path) as other:
        assert other.store_stats().total.messages == 0
        assert other.search_sessions("never") == []


# figures


def test_a_message_that_branches_share_counts_once(manager: SessionManager) -> None:
    session = manager.create_session("one", metadata={"project": "a"})
    manager.add_message(session, Message("user", "hi"))
    manager.add_message(session, Message("assistant", "hello", tokens={"input_tokens": 10**6}, model="claude-opus-5"))
    branch = manager.branch_session(session)
    manager.update_metadata(branch, {"project": "b"})
    manager.update_message_metadata(branch, 1, {"rating": 5})  # another version of the same message
    total = manager.store_stats().total
    assert (total.sessions, total.messages, total.input_tokens, total.cost) == (2, 2, 10**6, 5.0)
    for by in ("session", "project"):
        groups = manager.store_stats(by=by).groups  # type: ignore[arg-type]
        assert [(figures.messages, figures.cost) for _, figures in groups] == [(2, 5.0)] * 2


def test_costs_are_those_of_the_single_calls(manager: SessionManager) -> None:
    session = manager.create_session("one")
    for tokens in (90_000, 100_000, 100_001, 300_000):
        told = {"input_tokens": tokens, "output_tokens": 1000, "cache_creation_input_tokens": 10}
        manager.add_message(session, Message("assistant", f"{tokens}", tokens=told, model="claude-haiku-5-5"))
    manager.add_message(session, Message("assistant", "?", tokens=5, model="claude-haiku-5-5"))
    total, single = manager.store_stats().total, manager.get_session_stats(session)
    assert total.cost == pytest.approx(single["cost"])
    assert total.unpriced_messages == single["unpriced_messages"] == 1
    for name in ("total_tokens", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"):
        assert getattr(total, name) == single[name]


def test_days_stand_in_order_and_the_dearest_model_first(manager: SessionManager) -> None:
    session = manager.create_session("one")
    for at, model in [(1, "gpt-x"), (0, "claude-opus-5"), (2, None)]:
        manager.add_message(
            session, Message("assistant", "x", DAY + timedelta(days=at), tokens={"output_tokens": 9}, model=model)
        )
    assert [name for name, _ in manager.store_stats(by="day").groups] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert [name for name, _ in manager.store_stats(by="model").groups] == ["claude-opus-5", "gpt-x", None]


def test_a_project_may_be_a_number(manager: SessionManager) -> None:
    for project in (42, 42.0, "42", True, "", None, ["a"]):
        manager.create_session("one", metadata={"project": project, "cwd": "/home/ada/tool"})
    counted = {name: figures.sessions for name, figures in manager.store_stats(by="project").groups}
    assert counted == {"42": 3, "true": 1, "tool": 3}


def test_an_empty_store_has_figures_of_nothing(manager: SessionManager) -> None:
    total = manager.store_stats().total
    assert (total.sessions, total.messages, total.total_tokens, total.cost) == (0, 0, 0, None)
    manager.create_session("empty")
    assert manager.store_stats(by="project").groups[0][1].sessions == 1
    assert manager.store_stats(by="day").groups == ()
    assert manager.store_stats(since=DAY).total.sessions == 0


def test_a_group_that_nobody_knows_is_refused(manager: SessionManager) -> None:
    with pytest.raises(UnknownNameError, match="day, model, project, session"):
        manager.store_stats(by="week")  # type: ignore[arg-type]


# conditions


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("a=1", Condition("a", IS, 1)),
        ("a=b=c", Condition("a", IS, "b=c")),
        ("a!=true", Condition("a", IS_NOT, value=True)),
        ('a="1"', Condition("a", IS, "1")),
        ('a="=1"', Condition("a", IS, "=1")),
        ("a=NaN", Condition("a", IS, "NaN")),
        ("a~1", Condition("a", CONTAINS, "1")),
        (" key =", Condition("key", IS, "")),
        ("a~b!=c", Condition("a", CONTAINS, "b!=c")),
        ("a=" + "[" * 5000, Condition("a", IS, "[" * 5000)),
    ],
)
def test_a_condition_is_read_as_it_is_written(text: str, condition: Condition) -> None:
    assert Condition.parse(text) == condition


@pytest.mark.parametrize("text", ["n==5", "n>=5", "n<=5", "n >= 5", "title!~web", "title=~web", "n!==5", "n!!=5"])
def test_an_operator_that_there_is_not_is_no_part_of_a_key_or_a_value(text: str) -> None:
    with pytest.raises(InvalidInputError, match="are =, != and ~"):
        Condition.parse(text)


def test_keys_and_values_that_look_like_operators_can_be_asked_for(manager: SessionManager) -> None:
    one = manager.create_session("one", metadata={"n>": 5})
    other = manager.create_session("other", metadata={"n": "=5"})
    assert [found.id for found in manager.list_sessions({"n>": 5})] == [one]
    assert [found.id for found in manager.list_sessions(where=['n="=5"'])] == [other]
    assert [found.id for found in manager.list_sessions(where=["n~=5"])] == [other]


@pytest.mark.parametrize("text", ["", "a", "=1", "~x", " =1", 7])
def test_what_is_no_condition_is_refused(text: Any) -> None:
    with pytest.raises(InvalidInputError):
        Condition.parse(text)


def test_conditions_are_a_list(manager: SessionManager) -> None:
    with pytest.raises(InvalidInputError, match="list"):
        manager.list_sessions(where="n=1")
    with pytest.raises(InvalidInputError):
        manager.list_sessions(model="")


def test_a_condition_object_takes_any_key(manager: SessionManager) -> None:
    session = manager.create_session("one", metadata={"a=b": [1, "Zwei"]})
    manager.create_session("two")
    assert [one.id for one in manager.list_sessions(where=[Condition("a=b", CONTAINS, '"zwei')])] == [session]


@given(st.text("ab*[?]\\", max_size=6), st.text("ab*[?]\\", max_size=6))
def test_names_with_stars_are_matched_as_sqlite_matches_them(pattern: str, name: str) -> None:
    from claif_git.index.database import Database
    from claif_git.index.listing import model_test

    with closing(Database(None)) as database:
        test, value = model_test(pattern)
        select = f"SELECT {test} FROM (SELECT ? AS model) AS blobs"  # noqa: S608 - one of two constants
        found = database.connection.execute(select, (value, name))
        assert bool(found.fetchone()[0]) == is_named(pattern, name)


# patterns


@pytest.mark.parametrize("wrong", ["(", "*", "a{2,1}", "x" * (LONGEST_PATTERN + 1), "(?P<", "[", 7])
def test_what_is_no_pattern_is_refused(manager: SessionManager, wrong: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.search_sessions(wrong, regex=True)


@pytest.mark.parametrize("char", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x7f", "\x85"])
def test_a_pattern_finds_control_characters(manager: SessionManager, char: str) -> None:
    session = manager.create_session("one")
    manager.add_message(session, Message("user", f"red {char}[31m\n語"))
    manager.add_message(
        session, Message("assistant", [{"type": "text", "text": "none"}, {"type": "text", "text": char}])
    )
    manager.add_message(session, Message("user", rf"\u001b and \x1b and \b, spelled out, and a blank: {' '}"))
    found = manager.search_sessions(re.escape(char), regex=True)
    assert sorted(hit.message_index for hit in found) == [0, 1]
    assert [hit.message_index for hit in manager.search_sessions("^red .\\[31m$", regex=True)] == [0]
    assert [hit.message_index for hit in manager.search_sessions("red 31m")] == [0]


def test_a_pattern_is_looked_for_in_the_latest_messages_first(manager: SessionManager) -> None:
    session = manager.create_session("x1 in a title does not count")
    for number in range(9):
        manager.add_message(session, Message("user", f"x{number}", DAY + timedelta(hours=number)))
    assert [hit.message_index for hit in manager.search_sessions(r"x\d", 3, regex=True)] == [8, 7, 6]
    assert manager.search_sessions(r"x\d", 0, regex=True) == []
    assert manager.search_sessions("title", regex=True) == []


@given(st.text(max_size=300), st.sampled_from(["a", r"\s+", "", "b+", ".", "(?s)x.*y", "$", "^"]))
def test_a_snippet_is_one_line_and_marks_what_matched(text: str, pattern: str) -> None:
    snippet = Pattern(pattern).find(text)
    if snippet is not None:
        assert len(snippet.splitlines()) <= 1
        assert all(0 <= start < end <= len(snippet) for start, end in snippet.spans)


def test_a_snippet_shows_what_stands_around() -> None:
    text = "before " * 30 + "the  NEEDLE\n\n here and a needle " + "after " * 30
    snippet = Pattern("(?i)needle").find(text)
    assert snippet is not None
    assert snippet.startswith("…")
    assert snippet.endswith("…")
    assert [snippet[start:end] for start, end in snippet.spans] == ["NEEDLE", "needle"]
    assert Pattern("none").find(text) is None
