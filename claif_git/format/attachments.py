"""Base64 payloads, which stand beside the messages as files of their own, named by what they hold."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from claif_git.model import Json

MIN_BYTES = 100
"""Smaller payloads stay in the message: a file of their own would cost more."""

_EXTENSIONS = {
    "application/json": "json",
    "application/pdf": "pdf",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "image/gif": "gif",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
    "text/csv": "csv",
    "text/html": "html",
    "text/markdown": "md",
    "text/plain": "txt",
    "video/mp4": "mp4",
}
_PATH = re.compile(r"attachments/([0-9a-f]{2})/\1[0-9a-f]{62}\.[a-z0-9]{1,8}")


class Kept(str):
    """The path of a payload that was not loaded, where its base64 would stand. Writing it gives the same reference."""

    __slots__ = ()


def payload_of(text: str) -> bytes | None:
    """Give the payload of base64 text that can be had back letter for letter, if it is worth a file; else None."""
    if len(text) * 3 < MIN_BYTES * 4:
        return None
    try:
        payload = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return payload if len(payload) >= MIN_BYTES and base64.b64encode(payload).decode() == text else None


def path_of(payload: bytes, media_type: Json) -> str:
    """Name a payload's file: `attachments/1f/1f3a….png`."""
    digest = hashlib.sha256(payload).hexdigest()
    extension = _EXTENSIONS.get(media_type, "bin") if isinstance(media_type, str) else "bin"
    return f"attachments/{digest[:2]}/{digest}.{extension}"


def is_path(value: Json) -> bool:
    """Tell whether a reference names a file that can be an attachment, and nothing else in the tree."""
    return isinstance(value, str) and _PATH.fullmatch(value) is not None
