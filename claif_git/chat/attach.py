"""Files as content blocks: text with its name, images and PDFs as the Messages API takes them."""

from __future__ import annotations

import base64
import codecs
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from claif_git.errors import InvalidInputError, NotFoundError
from claif_git.model import Block

MAX_IMAGE = 5 * 1024 * 1024
"""Bytes of base64 that the API takes for one image."""
MAX_TEXT = 2 * 1024 * 1024
MAX_TOTAL = 32 * 1024 * 1024
"""Bytes that the API takes in one request."""

_IMAGES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
_MARKED = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def attach(paths: Iterable[str | os.PathLike[str]]) -> list[Block]:
    """Give a content block for each file, in order; what a file is, its first bytes say.

    Text (UTF-8, or UTF-16 with its mark) becomes a text block: the file's name, then its text fenced. PNG, JPEG, GIF
    and WebP become image blocks, PDF a document block with the name as its title. NotFoundError for a file that is not
    there; InvalidInputError for one that is too large, unreadable or of another kind.
    """
    blocks: list[Block] = []
    total = 0.0
    for path in map(Path, paths):
        data = _read(path)
        blocks.append(_block(path, data))
        total += len(data) * (1 if blocks[-1]["type"] == "text" else 4 / 3)
        if total > MAX_TOTAL:
            raise InvalidInputError(f"{path}: the files are more than {_mib(MAX_TOTAL)} together")
    return blocks


def _read(path: Path) -> bytes:
    """Read a regular file whole; a pipe or a device could be without end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InvalidInputError(f"{path}: not a file")
        with path.open("rb") as file:
            data = file.read(MAX_TOTAL + 1)
    except FileNotFoundError:
        raise NotFoundError(f"no file {str(path)!r}") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidInputError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"{path}: cannot be read: {reason}") from None
    if len(data) > MAX_TOTAL:
        raise InvalidInputError(f"{path}: larger than {_mib(MAX_TOTAL)}")
    return data


def _block(path: Path, data: bytes) -> Block:
    if not data:
        raise InvalidInputError(f"{path}: empty")
    if data.startswith(b"%PDF-"):
        return {"type": "document", "source": _base64("application/pdf", data), "title": path.name}
    kind = next((kind for magic, kind in _IMAGES if magic.match(data)), None)
    if kind is None:
        return _text(path, data)
    if len(data) * 4 / 3 > MAX_IMAGE:
        raise InvalidInputError(f"{path}: an image of more than {_mib(MAX_IMAGE * 3 // 4)}")
    return {"type": "image", "source": _base64(kind, data)}


def _base64(kind: str, data: bytes) -> Block:
    return {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode("ascii")}


def _text(path: Path, data: bytes) -> Block:
    encoding = next((name for mark, name in _MARKED if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInputError(f"{path}: neither text nor an image (PNG, JPEG, GIF, WebP) nor a PDF")
    if len(data) > MAX_TEXT:
        raise InvalidInputError(f"{path}: a text of more than {_mib(MAX_TEXT)}")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    end = "" if text.endswith("\n") else "\n"
    language = path.suffix[1:] if re.fullmatch(r"\.\w+", path.suffix) else ""
    return {"type": "text", "text": f"{path.name}:\n\n{fence}{language}\n{text}{end}{fence}"}


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.3g} MiB"
