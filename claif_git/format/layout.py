"""Names on disk, format 1: every path in a session's tree, and the clock that orders them.

    sessions/<session-id>/session.yaml, title.yaml, order.yaml, metadata/<slug>-<hash8>.yaml
    messages/<stamp>-<writer>-<page>/<stamp>-<role>-<hash8>.md
    messages/<stamp>-<writer>-more/<stamp>-<writer>-<page>/…
    drops/<stamp>-<writer>-<hash8>.yaml
    attachments/<2 hex>/<64 hex>.<ext>

A *stamp* is a moment of a hybrid logical clock, in UTC: `2026-11-24T21-32-05.123456`, with further digits where
something was put between two neighbours. Stamps compare as text. Path order is conversation order.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from claif_git.errors import InvalidInputError
from claif_git.model.times import EARLIEST, LATEST

FORMAT = 1
ATTRIBUTES_FILE = ".gitattributes"
ATTRIBUTES = b"* -text\n"
"""Content survives any checkout byte for byte, whatever core.autocrlf says."""

SESSIONS, MESSAGES, DROPS, ATTACHMENTS = "sessions", "messages", "drops", "attachments"
HEADER_FILE, TITLE_FILE, ORDER_FILE, METADATA = "session.yaml", "title.yaml", "order.yaml", "metadata"

PAGE_SIZE = 128
"""Messages in a page."""
FOLDER_SIZE = 128
"""Entries a folder holds before it takes no further runs, only `-more` folders; as many of those again fill it."""
LAST_PAGE = 9999

_STAMP = r"(\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{6,60})"
_MESSAGE = re.compile(_STAMP + r"-(system|user|assistant)-([0-9a-f]{8})\.md", re.ASCII)
_RUN = re.compile(_STAMP + r"-([a-z2-7]{4})-(\d{4}|more)", re.ASCII)
_DROP = re.compile(_STAMP + r"-([a-z2-7]{4})-([0-9a-f]{8})\.yaml", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


class MessageName(NamedTuple):
    """A message file's name, taken apart."""

    stamp: str
    role: str
    hash8: str


class RunName(NamedTuple):
    """A run folder's name, taken apart. `page` is None for a `-more` folder."""

    stamp: str
    writer: str
    page: int | None


def message_name(stamp: str, role: str, hash8: str) -> str:
    """Name a message file."""
    return f"{stamp}-{role}-{hash8}.md"


def run_name(stamp: str, writer: str, page: int) -> str:
    """Name a page of a run."""
    return f"{stamp}-{writer}-{page:04}"


def more_name(stamp: str, writer: str) -> str:
    """Name a folder that takes further runs."""
    return f"{stamp}-{writer}-more"


def drop_path(stamp: str, writer: str, hash8: str) -> str:
    """Name a drop file, from the root of the tree."""
    return f"{DROPS}/{stamp}-{writer}-{hash8}.yaml"


def session_folder(session_id: str) -> str:
    """Name the folder that holds a session's settings."""
    return f"{SESSIONS}/{session_id}"


def parse_message_name(name: str) -> MessageName | None:
    """Take a message file's name apart; None if it is not one, or its moment is outside 1970 to 9990."""
    found = _MESSAGE.fullmatch(name)
    return MessageName(*found.groups()) if found and _is_moment(found[1]) else None


def parse_run_name(name: str) -> RunName | None:
    """Take a run folder's name apart; None if it is not one."""
    found = _RUN.fullmatch(name)
    if not found or not _is_moment(found[1]):
        return None
    return RunName(found[1], found[2], None if found[3] == "more" else int(found[3]))


def drop_stamp(name: str) -> str | None:
    """Give the stamp of a drop file's name; None if it is not one."""
    found = _DROP.fullmatch(name)
    return found[1] if found and _is_moment(found[1]) else None


@lru_cache(maxsize=4096)
def _is_day(day: str) -> bool:
    try:
        moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return False
    return EARLIEST <= moment < LATEST


def _is_moment(stamp: str) -> bool:
    return _is_day(stamp[:10]) and stamp[11:13] < "24" and stamp[14:16] < "60" and stamp[17:19] < "60"


def stamp_of(moment: datetime) -> str:
    """Write a moment as a stamp, to the microsecond."""
    utc = moment.astimezone(UTC)
    return (
        f"{utc.year:04}-{utc.month:02}-{utc.day:02}T{utc.hour:02}-{utc.minute:02}-{utc.second:02}.{utc.microsecond:06}"
    )


def moment_of(stamp: str) -> datetime:
    """Read a stamp, cut to the microsecond. The stamp is one that a name's parser has let through."""
    return datetime.fromisoformat(f"{stamp[:13]}:{stamp[14:16]}:{stamp[17:26]}+00:00")


def later_stamp(moment: datetime, latest: str) -> str:
    """Give the moment's own stamp if that is later than `latest` ("" for none), else the next one after it."""
    own = stamp_of(moment)
    return own if own > latest else next_stamp(latest)


def next_stamp(latest: str) -> str:
    """Give the stamp one microsecond later; at the end of time, one with a further digit."""
    following = moment_of(latest) + _MICROSECOND
    if following >= LATEST:
        return _checked(latest + "5")
    return stamp_of(following)


def stamp_between(low: str, high: str) -> str:
    """Give a stamp between `low` ("" for none) and `high`: a microsecond before `high`, or with further digits.

    InvalidInputError where there is none: the two are equal, or out of order.
    """
    earlier = moment_of(high) - _MICROSECOND
    if earlier >= EARLIEST and low < stamp_of(earlier):
        return stamp_of(earlier)
    return _between_digits(low or stamp_of(EARLIEST), high)


def _between_digits(low: str, high: str) -> str:
    if not low < high:
        raise InvalidInputError(f"nothing stands between {low} and {high}")
    base = moment_of(low).replace(microsecond=0)
    if moment_of(high).replace(microsecond=0) > base:
        return _checked(low + "5")
    width = max(len(low), len(high)) - 20 + 1
    first, last = (int(stamp[20:].ljust(width, "0")) for stamp in (low, high))
    digits = f"{(first + last) // 2:0{width}}"
    found = low[:20] + digits
    return _checked(found if low < found < high else low + "05")


def _checked(stamp: str) -> str:
    if len(stamp) > 80:
        raise InvalidInputError("too many messages were put between the same two neighbours")
    return stamp
