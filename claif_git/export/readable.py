"""Text as a reader may see it: nothing that moves a cursor, turns the reading direction round, or breaks an encoder."""

from __future__ import annotations

import json
import re
from datetime import datetime

from claif_git.model import Json, TokenCount, Tokens, count

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_BIDI = "\u202a-\u202e\u2066-\u2069"
_BROKEN = "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
_UNREADABLE = re.compile(f"[{_CONTROLS}{_BIDI}{_BROKEN}]")
_NEWLINES = re.compile("\r\n?")
_DELETE = 0x7F
_SPACE = 0x20


def visible(text: str) -> str:
    """Give `text` with newlines for line ends, control characters as pictures (␛), bidi overrides as `[U+202E]`.

    What no encoder or browser takes (lone surrogates, non-characters) becomes �.
    """
    return _UNREADABLE.sub(_shown, _NEWLINES.sub("\n", text))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < _SPACE:
        return chr(0x2400 + code)
    if code == _DELETE:
        return "\u2421"
    if 0x2000 <= code < 0x2100:  # the block in which the bidi controls stand
        return f"[U+{code:04X}]"
    return "\ufffd"


def one_line(text: str, limit: int = 0) -> str:
    """Give `text` on one line, visible, cut to `limit` characters if that is not 0."""
    line = " ".join(visible(text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def moment(time: datetime) -> str:
    """Write a moment as `2026-11-24 21:32:05 UTC`."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC")


def as_json(value: Json) -> str:
    """Write a value as indented, visible JSON."""
    return visible(json.dumps(value, ensure_ascii=False, indent=2))


def short(value: Json) -> str:
    """Write a metadata value on one line: text as it is, anything else as JSON."""
    return one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def tokens_line(tokens: Tokens | TokenCount) -> str:
    """Write tokens as `120 tokens (100 in, 20 out)`."""
    total = tokens if isinstance(tokens, TokenCount) else count(tokens)
    return _total(total) + (f" ({total.input:,} in, {total.output:,} out)" if total.input or total.output else "")


def _total(counted: TokenCount) -> str:
    return "1 token" if counted.total == 1 else f"{counted.total:,} tokens"


def size(length: int) -> str:
    """Write a number of bytes as `12.3 kB`."""
    if length < 1000:
        return f"{length} bytes"
    return f"{length / 1e3:.1f} kB" if length < 1e6 else f"{length / 1e6:.1f} MB"
