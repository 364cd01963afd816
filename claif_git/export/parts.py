"""What a message's content is made of, for those who show it: each block read once into one small class.

Content is whatever a tool once wrote, so nothing here trusts a block to have the fields of its type: one that has not
comes out as `Other`, with all of its JSON.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from claif_git.export.readable import as_json, one_line, size
from claif_git.model import Block, Content, Json

MAX_NESTING = 8
"""How deep results may stand in results; deeper ones are shown as JSON."""


@dataclass(frozen=True, slots=True)
class Text:
    """Markdown, as the person or the model wrote it."""

    text: str


@dataclass(frozen=True, slots=True)
class Thinking:
    """A model's thinking; empty where the API gave it only in encrypted form."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call: the tool's name, what it was given, and the first line of text in that."""

    name: str
    call_id: str
    input: Json
    gist: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool gave back."""

    call_id: str
    failed: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Media:
    """An image or document. `label` names it for a reader; `data` is what it holds, None where it is elsewhere."""

    kind: str
    label: str
    data: bytes | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Other:
    """A block of a type that this version does not know, as JSON text."""

    type: str
    json: str


Part: TypeAlias = Text | Thinking | ToolCall | ToolResult | Media | Other


def read(content: Content) -> list[Part]:
    """Read a message's content into parts, in order."""
    if isinstance(content, str):
        return [Text(content)]
    return list(_read(content, 0))


def _read(blocks: Iterable[Json], depth: int) -> Iterator[Part]:
    for block in blocks:
        known = _known(block, depth) if isinstance(block, dict) else None
        if known is not None:
            yield known
        elif isinstance(block, str):
            yield Text(block)
        else:
            kind = block.get("type") if isinstance(block, dict) else None
            yield Other(one_line(kind, 60) if isinstance(kind, str) else "unknown", as_json(block))


def _known(block: Block, depth: int) -> Part | None:
    match block:
        case {"type": "text", "text": str(text)}:
            return Text(text)
        case {"type": "thinking", "thinking": str(text)}:
            return Thinking(text)
        case {"type": "redacted_thinking"}:
            return Thinking("")
        case {"type": str(kind), "name": str(name), "input": given} if kind.endswith("tool_use"):
            return ToolCall(one_line(name, 100), _name(block, "id"), given, _gist(given))
        case {"type": str(kind)} if kind.endswith("tool_result") and depth < MAX_NESTING:
            return _result(block, depth)
        case {"type": "image" | "document" as kind, "source": dict(source)}:
            return _media(kind, block, source)
    return None


def _name(block: Block, key: str) -> str:
    value = block.get(key)
    return one_line(value, 100) if isinstance(value, str) else ""


def _gist(given: Json) -> str:
    """Give the first piece of text among a call's arguments: the command, the path, the query."""
    values = given.values() if isinstance(given, dict) else [given]
    return next((one_line(value, 100) for value in values if isinstance(value, str) and value.strip()), "")


def _result(block: Block, depth: int) -> ToolResult:
    content = block.get("content")
    inner: list[Json] = [] if content is None else content if isinstance(content, list) else [content]
    return ToolResult(_name(block, "tool_use_id"), block.get("is_error") is True, tuple(_read(inner, depth + 1)))


def _media(kind: str, block: Block, source: Block) -> Media:
    title = next((name for key in ("title", "filename", "name") if (name := _name(block, key))), "")
    media_type = _name(source, "media_type")
    match source:
        case {"type": "text", "data": str(text)}:
            return Media(kind, _label(kind, title, media_type, size(len(text.encode(errors="replace")))), text=text)
        case {"data": str(encoded)}:
            data = decoded(encoded)
            return Media(kind, _label(kind, title, media_type, "damaged" if data is None else size(len(data))), data)
        case {"url": str(url)}:
            return Media(kind, _label(kind, title, media_type, one_line(url, 200)))
        case {"file_id": str(file_id)}:
            return Media(kind, _label(kind, title, media_type, one_line(file_id, 100)))
    return Media(kind, _label(kind, title, media_type))


def _label(*words: str) -> str:
    kind, *rest = (word for word in words if word)
    return f"{kind}: {', '.join(rest)}" if rest else kind


def decoded(encoded: str) -> bytes | None:
    """Give what base64 text holds, or None where it is none."""
    try:
        return b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None


_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_RIFF, _WEBP = b"RIFF", b"WEBP"


def image_type(data: bytes) -> str | None:
    """Give the type of an image by its first bytes: PNG, JPEG, GIF or WebP; None for anything else."""
    if data[:4] == _RIFF and data[8:12] == _WEBP:
        return "image/webp"
    return next((kind for start, kind in _SIGNATURES if data.startswith(start)), None)
