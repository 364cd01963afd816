"""Sessions shared among several people: who takes part, and who may write.

On a file system these rights are advisory: whoever can write to the repository can write anything into it. They keep
honest programs honest, and say in the history who was meant to do what.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from claif_git.errors import InvalidInputError, NotPermittedError
from claif_git.history.change import Change
from claif_git.history.commits import Signature
from claif_git.model.message import Message, MessageRole
from claif_git.session.working import Note, Working
from claif_git.session.writing import add, create

READ, READ_WRITE = "read", "read_write"


def create_shared(
    working: Working, participants: Sequence[str], title: str | None, permissions: Mapping[str, str] | None
) -> str:
    """Make a session shared among `participants`, who may read and write unless `permissions` says `read`."""
    people = list(participants)
    if isinstance(participants, str) or not people or not all(isinstance(user, str) and user for user in people):
        raise InvalidInputError("participants are a list of names")
    rights = {**dict.fromkeys(people, READ_WRITE), **(permissions or {})}
    for user, right in rights.items():
        if user not in people or right not in (READ, READ_WRITE):
            raise InvalidInputError(f"permissions are {READ} or {READ_WRITE} for participants, not {user!r}: {right!r}")
    metadata = {"type": "shared", "participants": people, "permissions": rights}
    return create(working, title, None, metadata)


def say(working: Working, session_id: str, user: str, content: Any) -> Message:
    """Add a user's message, with its author's name; rights are those before this change. NotPermittedError."""
    message = Message(MessageRole.USER, content, metadata={"user": user})
    return add(working, session_id, message, check=lambda change: check_may_write(change, user))


def change_rights(working: Working, session_id: str, user: str, permissions: Mapping[str, str | None]) -> None:
    """Change who may do what (None: no longer a participant), as `user`, who needs the right to write already."""
    for right in permissions.values():
        if right not in (READ, READ_WRITE, None):
            raise InvalidInputError(f"permissions are {READ}, {READ_WRITE} or None, not {right!r}")

    def build(change: Change) -> Note | None:
        check_may_write(change, user)
        held = _rights(change.before.settings.metadata)
        kept = {name: right for name, right in {**held, **permissions}.items() if right is not None}
        if kept == held:
            return None
        change.set_metadata({"participants": list(kept), "permissions": kept})
        return Note("session: permissions", Signature.parse(user))

    working.write(session_id, build)


def check_may_write(change: Change, user: str) -> None:
    """Judge by the session as it stood before the change, so that no change grants itself. NotPermittedError."""
    metadata = change.before.settings.metadata
    right = _rights(metadata).get(user)
    if right is None:
        raise NotPermittedError(f"User {user} not authorized: not a participant of {change.before.session_id}")
    if right != READ_WRITE:
        raise NotPermittedError(f"User {user} not authorized to write to {change.before.session_id}, only to read")


def _rights(metadata: Mapping[str, Any]) -> dict[str, str]:
    people, rights = metadata.get("participants"), metadata.get("permissions")
    named = rights if isinstance(rights, dict) else {}
    return {user: str(named.get(user, READ_WRITE)) for user in people or [] if isinstance(user, str)}
