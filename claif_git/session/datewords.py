"""Moments in the words that people use: `yesterday`, `2 hours ago`, `last monday`, `2026-11-01 14:30`."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta

from claif_git.errors import InvalidInputError
from claif_git.model.times import as_utc, parse_iso

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "fortnight": 1209600}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SHORT = {"s": "second", "sec": "second", "m": "minute", "min": "minute", "h": "hour", "hr": "hour", "d": "day"}
_SHORT |= {"w": "week", "wk": "week", "mon": "month", "y": "year", "yr": "year"}
_NUMBERS = {"a": 1, "an": 1, "last": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
_AGO = re.compile(r"([0-9]{1,9}|[a-z]+)?\s*([a-z]+?)s?(?:\s+ago)?")
_CLOCK = re.compile(r"(?:(.*?)[ ,]+)?(?:at )?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_DOT = re.compile(r"\.(?=[a-zA-Z])")  # git's users write 2.days.ago
_FIXED = {"noon": time(12), "midnight": time(0), "tea": time(17)}


def read_moment(words: str, now: datetime) -> datetime:
    """Give the moment that words name, seen from `now` (which is aware), in UTC. InvalidInputError for none.

    Words for days without a time keep the time of day (`yesterday` is 24 hours ago), as in git; a date as
    `2026-11-01` is the moment at which it begins. A moment that names no zone is local time.
    """
    text = " ".join(_DOT.sub(" ", words).lower().split())
    local = now.astimezone()
    try:
        found = _day(text, local) or _ago(text, local) or _clock(text, local)
        return as_utc(found) if found is not None else parse_iso(words)
    except (InvalidInputError, OverflowError, ValueError):
        raise InvalidInputError(
            f"not a moment: {words[:60]!r}", hint="as in yesterday, 2 hours ago, last monday, 2026-11-01, noon"
        ) from None


def _day(text: str, now: datetime) -> datetime | None:
    """Read `now`, `today`, `yesterday`, `noon`, and the names of days, which lie in the past."""
    if text in {"now", "today", ""}:
        return now if text else None
    if text == "yesterday":
        return now - timedelta(days=1)
    if text in _FIXED:
        at = datetime.combine(now.date(), _FIXED[text]).astimezone()
        return at if at <= now else at - timedelta(days=1)
    name = text.removeprefix("last ")
    named = [number for number, day in enumerate(_DAYS) if name in {day, day[:3]}]
    return now - timedelta(days=(now.weekday() - named[0]) % 7 or 7) if named else None


def _ago(text: str, now: datetime) -> datetime | None:
    """Read `2 hours ago`, `90m`, `an hour ago`, `last week`."""
    found = _AGO.fullmatch(text)
    if found is None:
        return None
    number, unit = found[1] or "", _SHORT.get(found[2], found[2])
    count = int(number) if number.isdecimal() else _NUMBERS.get(number)
    if count is None:
        return None
    if unit in _SECONDS:
        return now - timedelta(seconds=count * _SECONDS[unit])
    return _months_before(now, count * _MONTHS[unit]) if unit in _MONTHS else None


def _months_before(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    for day in (now.day, 30, 29, 28):
        try:
            return now.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise InvalidInputError("no such month")


def _clock(text: str, now: datetime) -> datetime | None:
    """Read `yesterday 14:30` and `14:30`: a time on a day that words name."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    day = (_day(found[1], now) or _ago(found[1], now)) if found[1] else now
    if day is None:
        return None
    at = time(int(found[2]), int(found[3]), int(found[4] or 0))
    return datetime.combine(day.date(), at).astimezone()
