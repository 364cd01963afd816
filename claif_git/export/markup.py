"""HTML by hand: text that is escaped, images that are images."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from html import escape

from claif_git.export.parts import image_type
from claif_git.export.readable import visible
from claif_git.model import iso


def escaped(text: str) -> str:
    """Give text for HTML, in an element or an attribute's quotes: visible, and nothing but text."""
    return escape(visible(text))


def image(data: bytes, label: str) -> str | None:
    """Give an `<img>` that holds its data, or None where that is no PNG, JPEG, GIF or WebP."""
    kind = image_type(data)
    if kind is None:
        return None
    return f'<img src="data:{kind};base64,{b64encode(data).decode()}" alt="{escaped(label)}">'


def time(moment: datetime) -> str:
    """Give a `<time>` that shows minutes and holds the moment in full."""
    return f'<time datetime="{iso(moment)}">{moment:%Y-%m-%d %H:%M} UTC</time>'
