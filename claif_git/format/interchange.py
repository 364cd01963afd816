"""One conversation as a JSON document, for other programs and for taking it from one store to another.

    {
      "format": "claif-git/1",
      "session": {"id", "title", "template", "created_at", "updated_at", "metadata", "parameters", "order"},
      "messages": [{"role", "timestamp", "content", "id", "tokens", "model", "metadata", "copied_from", …}, …]
    }

Moments are ISO 8601 in UTC with microseconds. `content` is text or a list of content blocks, exactly as the message
holds it; keys of a message that this version does not know stand beside the others. What is empty is left out of a
message; a session's keys are always there. The text is ASCII only, so that everything survives any transport, half
surrogate pairs included.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model import Json, Message, Session, iso, parse_iso

FORMAT = "claif-git/1"
FAMILY = "claif-git/"
"""What every version's format word begins with."""

MESSAGE_KEYS = ("role", "timestamp", "content", "id", "tokens", "model", "metadata", "copied_from")


def session_to_data(
    session: Session,
    *,
    include_metadata: bool = True,
    include_timestamps: bool = True,
    include_tokens: bool = True,
) -> dict[str, Json]:
    """Give a session with all its messages as plain data in the documented shape.

    Without metadata go the metadata of the session and of its messages; without timestamps every moment; without
    tokens the token counts.
    """
    about: dict[str, Json] = {"id": session.id, "title": session.title, "template": session.template}
    if include_timestamps:
        about |= {"created_at": iso(session.created_at), "updated_at": iso(session.updated_at)}
    if include_metadata:
        about["metadata"] = session.metadata
    about |= {"parameters": session.parameters, "order": session.order}
    left_out = {
        name
        for name, wanted in (
            ("metadata", include_metadata),
            ("timestamp", include_timestamps),
            ("tokens", include_tokens),
        )
        if not wanted
    }
    messages = [
        {key: value for key, value in message_to_data(message).items() if key not in left_out}
        for _, message in session.readable
    ]
    return {"format": FORMAT, "session": about, "messages": messages}


def message_to_data(message: Message) -> dict[str, Json]:
    """Give one message as plain data; keys that would be empty are absent."""
    data: dict[str, Json] = {
        "role": message.role.value,
        "timestamp": iso(message.timestamp),
        "content": message.content,
        "id": message.id,
        "tokens": message.tokens,
        "model": message.model,
        "metadata": message.metadata or None,
        "copied_from": message.copied_from,
    }
    return {key: value for key, value in data.items() if value is not None} | message.extra


def message_from_data(data: Json, where: str = "message") -> Message:
    """Read one message back. InvalidInputError, beginning with `where`, for anything that is none.

    A message without a timestamp takes the current moment, as a new one does.
    """
    if not isinstance(data, dict):
        raise InvalidInputError(f"{where}: a message is an object, not {_kind(data)}")
    for key in ("role", "content"):
        if key not in data:
            raise InvalidInputError(f"{where}: there is no {key}")
    written = data.get("timestamp")
    if written is not None and not isinstance(written, str):
        raise InvalidInputError(f"{where}.timestamp: ISO 8601 text is wanted, not {_kind(written)}")
    given: dict[str, Any] = {key: data[key] for key in MESSAGE_KEYS if key in data}
    given["extra"] = {key: value for key, value in data.items() if key not in MESSAGE_KEYS}
    try:
        if written is not None:
            given["timestamp"] = parse_iso(written, zone=UTC)
        return Message(**given)
    except InvalidInputError as error:
        raise InvalidInputError(f"{where}: {error}") from error


def to_json(data: Json, *, pretty: bool = True) -> str:
    """Write plain data as ASCII JSON text; the same data always gives the same text."""
    if pretty:
        return json.dumps(data, indent=2, allow_nan=False) + "\n"
    return json.dumps(data, separators=(",", ":"), allow_nan=False) + "\n"


_KINDS: dict[type[Any], str] = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}


def _kind(value: Json) -> str:
    return "null" if value is None else _KINDS.get(type(value), "an object")
