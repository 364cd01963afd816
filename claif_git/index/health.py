"""Looking at the index as it stands on the disk, without building or catching up anything."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from claif_git.git import Repository
from claif_git.index import schema
from claif_git.index.database import BUSY, FAILURES, files_of, index_path, is_damage

_ROWS = """SELECT sessions.name, tip, messages, placed IS tip, count(blobs.id), coalesce(sum(total), 0)
    FROM sessions LEFT JOIN places ON places.session = sessions.id LEFT JOIN blobs ON blobs.id = blob
    WHERE shown GROUP BY sessions.id"""


class Row(NamedTuple):
    """What the index says of a session: its tip, how many messages it shows; of how many it holds what they say.

    `held` and `tokens`, the sum of what these took, are None where its messages are not all in it yet.
    """

    tip: str
    messages: int
    held: int | None
    tokens: int | None


@dataclass(slots=True)
class Health:
    """The state of an index.

    state     "absent"; "sound"; "earlier" or "later" (another version made it); "damaged"; "busy"; "folder": it is one
    reason    what is wrong, or ""
    bytes     of its files
    behind    sessions whose rows are not those of their tips; `unplaced`: whose messages are not all in it yet
    rows      by session id
    messages, blobs   as in IndexStats
    """

    path: Path
    state: str
    reason: str = ""
    bytes: int = 0
    behind: int = 0
    unplaced: int = 0
    messages: int = 0
    blobs: int = 0
    rows: dict[str, Row] = field(default_factory=dict)


def health(repo: Repository, tips: Mapping[str, str]) -> Health:
    """Say how the index of a store is, whose branches stand at `tips`."""
    path = index_path(repo)
    if not path.exists():
        return Health(path, "absent")
    if path.is_dir():
        return Health(path, "folder")
    found = Health(path, "sound", bytes=sum(file.stat().st_size for file in files_of(path) if file.exists()))
    mode = "rw" if os.access(path, os.W_OK) else "ro"  # whoever may write clears its log away again
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=BUSY)) as connection:
            _look(connection, found, tips)
    except (*FAILURES, sqlite3.Error) as error:
        found.state, found.reason = "damaged" if is_damage(error) else "busy", str(error)
    return found


def _look(connection: sqlite3.Connection, found: Health, tips: Mapping[str, str]) -> None:
    version = schema.version(connection) or 0
    if version != schema.VERSION:
        found.state = "earlier" if version < schema.VERSION else "later"
        return
    said = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        found.state, found.reason = "damaged", str(said)
        return
    known = dict(connection.execute("SELECT name, tip FROM sessions").fetchall())
    found.behind = sum(known.get(name) != tip for name, tip in tips.items()) + sum(name not in tips for name in known)
    found.rows = {
        name: Row(tip, messages, *((held, tokens) if is_placed else (None, None)))
        for name, tip, messages, is_placed, held, tokens in connection.execute(_ROWS)
    }
    found.unplaced, found.messages, found.blobs = (
        connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - our words
        for table in ("sessions WHERE shown AND placed IS NOT tip", "places", "blobs")
    )
