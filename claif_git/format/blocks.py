"""Content blocks: one line of JSON each, long strings as parts in the body, base64 payloads as attachments.

    {"$part":2}                 the string that stands in part 2 of the body
    {"$attachment":"attachm…"}  the base64 of that file
    {"$json":3}                 a block that YAML could not hold (a very long key, deep nesting): its JSON is part 3

Keys of the content's own that look like these get one more `$`. A part begins below `<!-- 1f3a:2 -->`, where `1f3a` is
four hex digits that stand in no such comment in any part, and ends before the newline in front of the next such line.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import cast

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.attachments import Kept, is_path, path_of, payload_of
from claif_git.format.values import ANY_KEY, dumps, loads
from claif_git.model import Block, Json

PART, ATTACHMENT, JSON = "$part", "$attachment", "$json"
MAX_INLINE = 80
"""Longer strings, and those of several lines, stand in the body."""
MAX_LINE = 16_384
MAX_BLOCK_DEPTH = 200
_RESERVED = re.compile(r"\$+(?:part|attachment|json)")
_ANY_MARKER = re.compile("<!-- ([0-9a-f]{4,8}):")
_FIRST_MARKER = re.compile(r"\s*<!-- ([0-9a-f]{4,8}):[0-9]{1,9} -->[ \t]*\r?(?:\n|\Z)")


class Packer:
    """Packs the blocks of one message: `lines` for the front matter, `parts` for the body, `attachments` beside it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[str] = []
        self.attachments: dict[str, bytes] = {}

    def add(self, block: Block) -> None:
        """Pack one block. InvalidInputError if it is nested deeper than anything that we read.

        Nor can a block that YAML cannot hold be packed without its payloads at hand.
        """
        parts, attachments = len(self.parts), dict(self.attachments)
        try:
            text = dumps(self._packed(block))
            if len(text) <= MAX_LINE:
                self.lines.append(text)
                return
        except InvalidInputError:
            pass
        if _holds_kept(block):
            raise InvalidInputError("a block too large or too deep for the front matter refers to an attachment")
        del self.parts[parts:]
        self.attachments = attachments
        self.parts.append(dumps(block, max_depth=MAX_BLOCK_DEPTH, max_key=ANY_KEY))
        self.lines.append(dumps({JSON: len(self.parts)}))

    def body(self, seed: str) -> str:
        """Join the parts. The same `seed` gives the same marker, unless a part holds it."""
        token = _token(seed, self.parts)
        return "".join(f"<!-- {token}:{number} -->\n{part}\n" for number, part in enumerate(self.parts, 1))

    def _packed(self, value: Json) -> Json:
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, list):
            return [self._packed(item) for item in value]
        if isinstance(value, dict):
            return {
                _shielded(key): self._data(value) if key == "data" else self._packed(item)
                for key, item in value.items()
            }
        return value

    def _string(self, value: str) -> Json:
        if isinstance(value, Kept):
            return {ATTACHMENT: str(value)}
        if len(value) <= MAX_INLINE and "\n" not in value:
            return value
        self.parts.append(value)
        return {PART: len(self.parts)}

    def _data(self, holder: dict[str, Json]) -> Json:
        """Pack what stands under `data`: in a base64 source, the payload as an attachment."""
        data = holder["data"]
        known = isinstance(data, Kept) or not isinstance(data, str) or holder.get("type") != "base64"
        payload = None if known else payload_of(data)
        if payload is None:
            return self._packed(data)
        path = path_of(payload, holder.get("media_type"))
        self.attachments[path] = payload
        return {ATTACHMENT: path}


class Unpacker:
    """Gives blocks back, from their packed form, the body's parts and `payload`, which gives base64 for a path."""

    def __init__(self, parts: dict[int, str], payload: Callable[[str], str]) -> None:
        self._parts, self._payload = parts, payload
        self._seen: dict[str, str] = {}

    def blocks(self, packed: list[Json]) -> list[Block]:
        """Unpack a message's blocks. MalformedError where a reference has no target, or a part no reference."""
        blocks = [self._block(block) for block in packed]
        if self._parts:
            raise MalformedError(f"part {min(self._parts)} of the body belongs to no block")
        return blocks

    def _block(self, packed: Json) -> Block:
        if not isinstance(packed, dict):
            raise MalformedError("a content block is a mapping with a type")
        if packed.keys() == {JSON}:
            return self._raw(packed[JSON])
        block = self._unpacked(packed)
        if not isinstance(block, dict):
            raise MalformedError("a content block is a mapping with a type")
        return block

    def _raw(self, number: Json) -> Block:
        try:
            block = loads(self._part(number), max_depth=MAX_BLOCK_DEPTH, max_key=ANY_KEY)
        except ValueError as error:
            raise MalformedError(f"part {number} of the body is not the JSON of a block: {error}") from None
        if not isinstance(block, dict):
            raise MalformedError(f"part {number} of the body is not the JSON of a block")
        return block

    def _unpacked(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._unpacked(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            if PART in value:
                return self._part(value[PART])
            if ATTACHMENT in value:
                return self._attached(value[ATTACHMENT])
        return {_bared(key): self._unpacked(item) for key, item in value.items()}

    def _part(self, number: Json) -> str:
        """Take a part. Each is used once: a thousand references to a long one would be a bomb."""
        part = self._parts.pop(number, None) if type(number) is int else None
        if part is None:
            raise MalformedError(f"no part {str(number)[:20]} in the body, or it is used twice")
        return part

    def _attached(self, path: Json) -> str:
        if not is_path(path):
            raise MalformedError(f"not the path of an attachment: {str(path)[:120]!r}")
        if path not in self._seen:
            self._seen[path] = self._payload(path)
        return self._seen[path]


def parts_of(body: str, *, crlf: bool = False, first_line: int = 1) -> dict[int, str]:
    """Take a body apart. MalformedError for text before the first part, and for a part that stands twice."""
    first = _FIRST_MARKER.match(body)
    if first is None:
        if body.strip():
            raise MalformedError("a message with blocks has text in its body that is no part of any", line=first_line)
        return {}
    marker = re.compile(rf"^<!-- {first[1]}:([0-9]{{1,9}}) -->[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    found = list(marker.finditer(body))
    parts: dict[int, str] = {}
    for this, after in zip(found, [*found[1:], None], strict=True):
        number = int(this[1])
        if number in parts:
            line = first_line + body.count("\n", 0, this.start())
            raise MalformedError(f"part {number} stands twice in the body", line=line)
        parts[number] = without_end(body[this.end() : after.start() if after else len(body)], crlf=crlf)
    return parts


def without_end(text: str, *, crlf: bool = False) -> str:
    """Take off the line end that the format put there: an editor may have taken it off already."""
    return text.removesuffix("\r\n") if crlf and text.endswith("\r\n") else text.removesuffix("\n")


def attachments_in(value: Json) -> Iterator[str]:
    """Give the paths that packed blocks refer to, in order, repeated where they are repeated."""
    if isinstance(value, list):
        for item in value:
            yield from attachments_in(item)
    elif isinstance(value, dict):
        if value.keys() == {ATTACHMENT} and is_path(value[ATTACHMENT]):
            yield cast("str", value[ATTACHMENT])
        for item in value.values():
            yield from attachments_in(item)


def _holds_kept(value: Json) -> bool:
    if isinstance(value, (dict, list)):
        return any(map(_holds_kept, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Kept)


def _token(seed: str, parts: list[str]) -> str:
    """Choose hex digits that no part has in a marker. They are collected first: trying each would be quadratic."""
    taken = {token for part in parts for token in _ANY_MARKER.findall(part)}
    number = int(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).hexdigest()[:4], 16)
    width, room = 4, 1 << 16
    while (token := f"{number % room:0{width}x}") in taken:
        number += 1
        if len(taken) >= 1 << 16:
            width, room = 8, 1 << 32
    return token


def _shielded(key: str) -> str:
    return f"${key}" if key[:1] == "$" and _RESERVED.fullmatch(key) else key


def _bared(key: str) -> str:
    return key[1:] if key[:2] == "$$" and _RESERVED.fullmatch(key) else key
