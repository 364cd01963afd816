"""A message as a file: YAML front matter and a markdown body.

    ---
    role: user
    timestamp: 2026-11-24T21:32:05.123456Z
    metadata: {"file":"utils.py"}
    ---
    Can you review this Python function?

The body is the content plus one newline. Where the content is a list of blocks, it holds their parts (see `blocks`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.attachments import Kept
from claif_git.format.blocks import Packer, Unpacker, attachments_in, parts_of, without_end
from claif_git.format.lines import decoded, line, line_of, listing, moment, scan
from claif_git.format.values import escape, unescape
from claif_git.model import Content, Json, Message, MessageRole, Origin, Tokens, iso

KEYS = ("role", "timestamp", "id", "tokens", "model", "metadata", "blocks", "escaped", "copied_from")
"""The keys of version 1, in the order in which they are written. Others are kept, after these."""

_KNOWN = frozenset(KEYS)
_ROLES = {str(role): role for role in MessageRole}
_spoken = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n")
_CLOSING = re.compile(rb"^---[ \t]*(\r?)(?:\n|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A message file, and by path in the tree the attachments that it refers to."""

    data: bytes
    attachments: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Head:
    """What the front matter says, short of the content. `metadata` and `extra` are the caller's own to change."""

    role: MessageRole
    timestamp: datetime
    id: str | None
    tokens: Tokens | None
    model: str | None
    metadata: dict[str, Any]
    copied_from: str | None
    extra: dict[str, Any]


class _File(NamedTuple):
    """A message file in two: the front matter's values, and where the body begins."""

    values: dict[str, Json]
    text: str
    body_start: int
    crlf: bool = False


def encode(message: Message) -> Encoded:
    """Write a message. InvalidInputError for what the format cannot hold: very long metadata keys, deep nesting."""
    try:
        return _encoded(message)
    except RecursionError:
        raise InvalidInputError("nested too deep") from None


def decode(data: bytes, attachment: Callable[[str], bytes], *, origin: Origin | None = None) -> Message:
    """Read a message. `attachment` gives an attachment's bytes by its path in the tree; what it raises goes through.

    MalformedError, with the line where it is known, for a file that breaks the format.
    """
    return _decoded(data, lambda path: base64.b64encode(attachment(path)).decode("ascii"), origin)


def decode_kept(data: bytes) -> Message:
    """Read a message but none of its attachments: `Kept` paths stand for them, and are written as what they were."""
    return _decoded(data, Kept, None)


def head(data: bytes) -> Head:
    """Read the front matter alone. MalformedError if it breaks the format; the content is not looked at."""
    file = _parted(data, unread="blocks")
    try:
        return _head(file.values)
    except MalformedError as error:
        raise _placed(error, file.text) from None


def attachment_paths(data: bytes) -> list[str]:
    """List the attachments that a message file refers to, each once, in order. MalformedError as `head`."""
    return list(dict.fromkeys(attachments_in(_parted(data).values.get("blocks"))))


def identity(message: Message) -> str:
    """Give 8 hex digits that stay the same for the same message, whatever is known about it beside.

    Of the SHA-256 of its id where it has one, else of role, timestamp and content as a JSON list.
    """
    if message.id is not None:
        told = message.id
    else:
        spoken = [message.role, iso(message.timestamp), message.content]
        told = _spoken(spoken)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _encoded(message: Message) -> Encoded:
    blocks, body, attachments = "", "", {}
    if isinstance(message.content, str):
        body = f"{message.content}\n"
    else:
        packer = Packer()
        for block in message.content:
            packer.add(block)
        blocks, attachments = listing("blocks", packer.lines), packer.attachments
        body = packer.body(f"{message.role} {iso(message.timestamp)}")
    escaped = False
    try:
        raw = body.encode()
    except UnicodeEncodeError:
        raw, escaped = escape(body).encode(), True
    return Encoded(f"---\n{_front(message, blocks, escaped=escaped)}---\n".encode() + raw, attachments)


def _front(message: Message, blocks: str, *, escaped: bool) -> str:
    optional: list[tuple[str, Json]] = [("id", message.id), ("tokens", message.tokens), ("model", message.model)]
    text = [f"role: {message.role}\ntimestamp: {iso(message.timestamp)}\n"]
    text += [line(key, value) for key, value in optional if value is not None]
    if message.metadata:
        text.append(line("metadata", message.metadata))
    text.append(blocks)
    if escaped:
        text.append("escaped: true\n")
    if message.copied_from is not None:
        text.append(line("copied_from", message.copied_from))
    for key, value in message.extra.items():
        if key in _KNOWN:
            raise InvalidInputError(f"extra: {key!r} is a key of the format's own")
        text.append(line(key, value))
    return "".join(text)


def _decoded(data: bytes, payload: Callable[[str], str], origin: Origin | None) -> Message:
    file = _parted(data)
    try:
        known = _head(file.values)
    except MalformedError as error:
        raise _placed(error, file.text) from None
    try:
        content = _content(data, file, payload)
    except MalformedError as error:
        raise _placed(error, file.text, "blocks") from None
    # Every value was just made from text and is plain JSON: the constructor's checks and deep copies would only cost.
    message = object.__new__(Message)
    message.role, message.timestamp, message.content = known.role, known.timestamp, content
    message.id, message.tokens, message.model = known.id, known.tokens, known.model
    message.metadata, message.extra = known.metadata, known.extra
    message.copied_from, message.origin = known.copied_from, origin
    return message


def _parted(data: bytes, *, unread: str = "") -> _File:
    """Part a file into front matter and body: at sight if we wrote it, else by the strict reader's leave."""
    if data.startswith(b"---\n"):
        end = data.find(b"\n---\n", 3) + 1
        if end:
            text = decoded(data[4:end], first_line=2)
            values = scan(text, unread=unread)
            if values is not None:
                return _File(values, text, end + 4)
    return _handwritten(data)


def _handwritten(data: bytes) -> _File:
    from claif_git.format import handwritten

    opening = _OPENING.match(data)
    if opening is None:
        raise MalformedError("no front matter: the first line is not ---", line=1)
    closing = _CLOSING.search(data, opening.end())
    if closing is None:
        raise MalformedError("the front matter has no closing ---", line=1)
    if closing.start() - opening.end() > handwritten.MAX_BYTES:
        raise MalformedError("more than 1 MiB of front matter", line=2)
    text = decoded(data[opening.end() : closing.start()], first_line=2).replace("\r\n", "\n")
    return _File(handwritten.read(text, first_line=2), text, closing.end(), bool(closing[1]))


def _head(values: dict[str, Json]) -> Head:
    """Check each value for its type, and hand out what is there. MalformedError names the key first."""
    role = values.get("role")
    known = _ROLES.get(role) if isinstance(role, str) else None
    if known is None:
        raise MalformedError("role is system, user or assistant" if "role" in values else "role is missing")
    if "timestamp" not in values:
        raise MalformedError("timestamp is missing")
    tokens, metadata = values.get("tokens"), values.get("metadata")
    if tokens is not None and not isinstance(tokens, dict) and (type(tokens) is not int or tokens < 0):
        raise MalformedError("tokens are a number or a mapping of the API's usage")
    if metadata is not None and not isinstance(metadata, dict):
        raise MalformedError("metadata is a mapping")
    extra = {key: value for key, value in values.items() if key not in _KNOWN} if values.keys() - _KNOWN else {}
    return Head(
        known,
        moment(values["timestamp"], "timestamp"),
        _text(values, "id"),
        tokens,
        _text(values, "model"),
        metadata or {},
        _text(values, "copied_from"),
        extra,
    )


def _text(values: dict[str, Json], key: str) -> str | None:
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise MalformedError(f"{key} is text that is not empty: put it in quotes")
    return value


def _content(data: bytes, file: _File, payload: Callable[[str], str]) -> Content:
    escaped, blocks = file.values.get("escaped"), file.values.get("blocks")
    if escaped is not None and not isinstance(escaped, bool):
        raise MalformedError("escaped is true or false")
    if blocks is not None and not isinstance(blocks, list):
        raise MalformedError("blocks are a list")
    first_line = data.count(b"\n", 0, file.body_start) + 1
    body = decoded(data[file.body_start :], first_line=first_line)
    if blocks is None:
        content = without_end(body, crlf=file.crlf)
        return unescape(content) if escaped else content
    parts = parts_of(body, crlf=file.crlf, first_line=first_line)
    if escaped:
        parts = {number: unescape(part) for number, part in parts.items()}
    return Unpacker(parts, payload).blocks(blocks)


def _placed(error: MalformedError, text: str, key: str = "") -> MalformedError:
    """Add the line to an error about the value of `key`, or of the key that the error's text begins with."""
    if error.line is not None:
        return error
    said = error.reason.split(maxsplit=1)[0].rstrip(":")
    place = line_of(text, said, first_line=2) or (line_of(text, key, first_line=2) if key else None)
    return MalformedError(error.reason, line=place)
