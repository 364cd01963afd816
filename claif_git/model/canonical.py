"""One form for each JSON value, so that values can be compared as text."""

from __future__ import annotations

import hashlib
import json

from claif_git.model.blocks import Json

_LONGEST = 100
_written = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def canonical(value: Json) -> str:
    """Give a text that is the same for the same JSON value, and for no other; a hash for long ones.

    1 and 1.0 are one number, True is none; the order of keys does not count.
    """
    text = _written(_plain(value))
    return text if len(text) <= _LONGEST else f"#{hashlib.sha256(text.encode()).hexdigest()}"


def _plain(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
