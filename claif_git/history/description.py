"""What a session says of itself, and what stands in where it says nothing."""

from __future__ import annotations

from datetime import datetime

from claif_git.format import layout
from claif_git.history.commits import one_line
from claif_git.history.snapshot import Snapshot
from claif_git.model.message import Message
from claif_git.model.times import from_seconds


def created_at(snapshot: Snapshot) -> datetime:
    """Give when a session was made; where it does not say, the moment of its first message, or of its commit."""
    if snapshot.settings.created_at is not None:
        return snapshot.settings.created_at
    if snapshot.shown:
        return layout.moment_of(snapshot.shown[0].path.rpartition("/")[2])
    return from_seconds(snapshot.commit_time)


def title_of(snapshot: Snapshot) -> str | None:
    """Give a session's title; where nothing speaks for it, its first words."""
    return snapshot.settings.title if snapshot.settings.owner else _first_words(snapshot)


def _first_words(snapshot: Snapshot) -> str | None:
    for entry in snapshot.shown:
        if "-user-" in entry.path.rpartition("/")[2]:
            message = snapshot.messages([entry])[0]
            if isinstance(message, Message) and one_line(message.text):
                return next(filter(None, map(one_line, message.text.splitlines())), None)
    return None
