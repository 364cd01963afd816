"""A message's content as text that can be compared word by word, whatever blocks it is made of."""

from __future__ import annotations

import hashlib
import json

from claif_git.model import Block, Content, Json

LONGEST_OPAQUE = 400
"""Characters of a string without any blank past which it is a payload, and stands by its size and hash."""


def readable(content: Content) -> str:
    """Give text as it is, and blocks one after the other: text blocks as their text, others as JSON in lines."""
    if isinstance(content, str):
        return content
    return "\n\n".join(_block(block) for block in content)


def _block(block: Block) -> str:
    if block.get("type") == "text" and block.keys() == {"type", "text"} and isinstance(block["text"], str):
        return block["text"]
    return json.dumps(_without_payloads(block), ensure_ascii=False, indent=2).replace("\\n", "\n")


def _without_payloads(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_payloads(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_payloads(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_OPAQUE and not any(map(str.isspace, value)):
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
        return f"({len(value)} characters, {digest[:12]})"
    return value
