"""Moments in words, seen from a fixed one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.session.datewords import read_moment

NOW = datetime(2026, 11, 25, 10, 30, 15, tzinfo=UTC)  # a Wednesday


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("now", "2026-11-25T10:30:15Z"),
        ("today", "2026-11-25T10:30:15Z"),
        ("yesterday", "2026-11-24T10:30:15Z"),
        ("Yesterday 14:30", "2026-11-24T13:30:00Z"),
        ("yesterday at 14:30:05", "2026-11-24T13:30:05Z"),
        ("2 hours ago", "2026-11-25T08:30:15Z"),
        ("2.hours.ago", "2026-11-25T08:30:15Z"),
        ("2.days.ago", "2026-11-23T10:30:15Z"),
        ("an hour ago", "2026-11-25T09:30:15Z"),
        ("90m", "2026-11-25T09:00:15Z"),
        ("3 days", "2026-11-22T10:30:15Z"),
        ("3 days ago 08:00", "2026-11-22T07:00:00Z"),
        ("two weeks ago", "2026-11-11T10:30:15Z"),
        ("last week", "2026-11-18T10:30:15Z"),
        ("last month", "2026-10-25T10:30:15Z"),
        ("9 months ago", "2026-02-25T10:30:15Z"),
        ("last year", "2025-11-25T10:30:15Z"),
        ("monday", "2026-11-23T10:30:15Z"),
        ("last wed", "2026-11-18T10:30:15Z"),
        ("noon", "2026-11-24T11:00:00Z"),
        ("midnight", "2026-11-24T23:00:00Z"),
        ("09:15", "2026-11-25T08:15:00Z"),
        ("2026-11-01", "2026-10-31T23:00:00Z"),
        ("2026-11-01 14:30", "2026-11-01T13:30:00Z"),
        ("2026-11-01T14:30:00Z", "2026-11-01T14:30:00Z"),
        ("2026-11-01T14:30:00.5+02:00", "2026-11-01T12:30:00.500Z"),
    ],
)
def test_words_name_moments(words: str, moment: str) -> None:
    assert read_moment(words, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("day", [28, 30, 31])
def test_a_month_ago_is_a_day_that_exists(day: int) -> None:
    found = read_moment("1 month ago", datetime(2026, 3, day, 12, tzinfo=UTC))
    assert (found.month, found.day) == (2, 28)


@pytest.mark.parametrize(
    "words", ["", " ", "soon", "25:00", "2026-13-01", "5 parsecs ago", "some days ago", "99999 years ago", "soon 10:00"]
)
def test_anything_else_is_refused(words: str) -> None:
    with pytest.raises(InvalidInputError):
        read_moment(words, NOW)


@given(st.one_of(st.text(max_size=30), st.from_regex(r"\d{1,9} [a-z]{1,8}s? ago", fullmatch=True)))
def test_nothing_else_is_raised(words: str) -> None:
    with suppress(InvalidInputError):
        assert read_moment(words, NOW).tzinfo is UTC
