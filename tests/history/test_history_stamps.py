"""Names on disk and the clock that orders them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.format import layout

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9989, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
STAMPS = MOMENTS.map(layout.stamp_of)


@given(MOMENTS)
def test_a_stamp_reads_back_as_its_moment(moment: datetime) -> None:
    assert layout.moment_of(layout.stamp_of(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_stamps_compare_as_their_moments_do(one: datetime, other: datetime) -> None:
    assert (layout.stamp_of(one) < layout.stamp_of(other)) == (one < other)


@given(MOMENTS, STAMPS)
def test_the_clock_never_stands_still_and_never_goes_back(moment: datetime, latest: str) -> None:
    following = layout.later_stamp(moment, latest)
    assert following > latest
    assert layout.parse_message_name(layout.message_name(following, "user", "0123abcd"))


@given(STAMPS, STAMPS, st.integers(1, 30))
def test_there_is_always_room_between_two_neighbours(one: str, other: str, times: int) -> None:
    low, high = sorted((one, other))
    if low == high:
        with pytest.raises(InvalidInputError):
            layout.stamp_between(low, high)
        return
    for _ in range(times):
        between = layout.stamp_between(low, high)
        assert low < between < high
        assert layout.parse_message_name(layout.message_name(between, "user", "0123abcd"))
        low, high = (between, high) if times % 2 else (low, between)


def test_before_the_first_neighbour_there_is_a_microsecond_of_room() -> None:
    high = layout.stamp_of(datetime(2026, 1, 1, tzinfo=UTC))
    assert layout.moment_of(layout.stamp_between("", high)) == datetime(2026, 1, 1, tzinfo=UTC) - timedelta(
        microseconds=1
    )


def test_at_the_end_of_time_stamps_grow_a_digit() -> None:
    last = "9989-12-31T23-59-59.999999"
    assert layout.next_stamp(last) == last + "5"
    assert layout.parse_message_name(layout.message_name(last + "5", "user", "0123abcd"))


@pytest.mark.parametrize(
    "name",
    [
        "2026-11-24T21-32-05.123456-user-1f3a2b4c.txt",
        "2026-11-24T21-32-05.12345-user-1f3a2b4c.md",
        "2026-13-24T21-32-05.123456-user-1f3a2b4c.md",
        "1969-12-31T21-32-05.123456-user-1f3a2b4c.md",
        "9990-01-01T00-00-00.000000-user-1f3a2b4c.md",
        "2026-11-24T24-32-05.123456-user-1f3a2b4c.md",
        "2026-11-24T21-32-05.123456-tool-1f3a2b4c.md",
        "2026-11-24T21-32-05.123456-user-1F3A2B4C.md",
        "2026-11-24T21-32-05.123456-user-1f3a2b4c.md\n",
        "README.md",
    ],
)
def test_a_name_that_breaks_the_rules_is_no_message(name: str) -> None:
    assert layout.parse_message_name(name) is None


def test_runs_pages_and_folders_for_more_are_told_apart() -> None:
    stamp = "2026-11-24T21-32-05.123456"
    assert layout.parse_run_name(layout.run_name(stamp, "k3xq", 12)) == (stamp, "k3xq", 12)
    assert layout.parse_run_name(layout.more_name(stamp, "k3xq")) == (stamp, "k3xq", None)
    assert layout.parse_run_name(f"{stamp}-k3xq-12") is None
    assert layout.parse_run_name("2026-02-30T21-32-05.123456-k3xq-0000") is None
    assert layout.drop_stamp(f"{stamp}-k3xq-1f3a2b4c.yaml") == stamp
    assert layout.drop_stamp("notes.yaml") is None
