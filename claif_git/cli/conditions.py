"""Says where a condition asks for a metadata key that is also what else is told of a session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from claif_git.cli.terminal import Output
from claif_git.model import Session
from claif_git.model.conditions import Condition

_TOLD = {
    "model": "--model NAME asks who spoke",
    "created_at": "--since and --until ask for the latest change",
    "updated_at": "--since and --until ask for the latest change",
    "message_count": "--json tells it of each session",
    "parameters": "session show tells them",
    "metadata": "name one of its keys",
}


def asked_of_metadata(out: Output, where: Iterable[str], found: Sequence[Session]) -> None:
    """Say on stderr that a key was sought in metadata, if none of the sessions that were found has it there."""
    keys = dict.fromkeys(Condition.parse(one).key for one in where)
    for key in keys:
        if key in _TOLD and not any(key in session.metadata for session in found):
            out.note(f"note: --where takes “{key}” for a key of metadata, which no session listed has; {_TOLD[key]}")
