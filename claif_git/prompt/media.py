"""Images and documents: the shapes of their sources, and whether the data are what they say."""

from __future__ import annotations

import base64
import binascii
import re

from claif_git.model import Block, Json

_IMAGE_STARTS = (
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
)
_PDF_WITHIN = 1024
"""A PDF's header may have something before it, but no more than this many bytes."""
_ADDRESS = re.compile(r"https?://[^\s/]\S*")

Kept = tuple[Block | None, str]


def media_block(block: Block) -> Kept:
    """Give an image or document block as the API takes it, or None; and what was wrong with it, or ''."""
    kind: str = block["type"]
    source = block.get("source")
    if not isinstance(source, dict):
        return None, f"{kind} without a source left out"
    if kind == "image":
        kept, problem = _image_source(source)
    else:
        kept, problem = _document_source(source)
    if kept is None:
        return None, problem
    labels = {key: block[key] for key in ("title", "context") if kind == "document" and _is_said(block.get(key))}
    return {"type": kind, "source": kept, **labels}, problem


def _image_source(source: Block) -> Kept:
    if source.get("type") != "base64":
        return _elsewhere("image", source)
    data = _decoded(source.get("data"))
    actual = next((media for start, media in _IMAGE_STARTS if start.match(data)), None)
    if actual is None:
        return None, "an image that is no JPEG, PNG, GIF or WebP left out"
    problem = "" if source.get("media_type") == actual else f"an image called what it is, {actual}"
    return {"type": "base64", "media_type": actual, "data": source["data"]}, problem


def _document_source(source: Block) -> Kept:
    kind = source.get("type")
    if kind == "base64":
        if b"%PDF" not in _decoded(source.get("data"))[:_PDF_WITHIN]:
            return None, "a document that is no PDF left out"
        return {"type": "base64", "media_type": "application/pdf", "data": source["data"]}, ""
    if kind == "text":
        if not _is_said(source.get("data")):
            return None, "an empty document left out"
        return {"type": "text", "media_type": "text/plain", "data": source["data"]}, ""
    if kind == "content":
        return _content_source(source.get("content"))
    return _elsewhere("document", source)


def _content_source(content: Json) -> Kept:
    if _is_said(content):
        return {"type": "content", "content": content}, ""
    kept: list[Block] = []
    problem = ""
    for part in content if isinstance(content, list) else []:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text" and _is_said(part.get("text")):
            kept.append({"type": "text", "text": part["text"]})
        elif kind == "image" and (image := media_block(part)[0]):
            kept.append(image)
        else:
            problem = "a part of a document left out"
    return ({"type": "content", "content": kept}, problem) if kept else (None, "an empty document left out")


def _elsewhere(what: str, source: Block) -> Kept:
    kind, url, name = source.get("type"), source.get("url"), source.get("file_id")
    if kind == "url" and isinstance(url, str) and _ADDRESS.fullmatch(url):
        return {"type": "url", "url": url}, ""
    if kind == "file" and _is_said(name):
        return {"type": "file", "file_id": name}, ""
    return None, f"{what} with a source of type {kind!r} left out"


def _decoded(data: Json) -> bytes:
    try:
        return base64.b64decode(data, validate=True) if isinstance(data, str) else b""
    except (binascii.Error, ValueError):
        return b""


def _is_said(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())
