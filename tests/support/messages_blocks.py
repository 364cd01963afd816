"""The Messages API's rules on one content block: its keys, its shape, what it may hold."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

Found = Iterator[str]

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_SERVER_ID = re.compile(r"srvtoolu_[a-zA-Z0-9_]+")
_IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
_MAGIC: dict[str, Callable[[bytes], bool]] = {
    "image/jpeg": lambda data: data.startswith(b"\xff\xd8\xff"),
    "image/png": lambda data: data.startswith(b"\x89PNG\r\n\x1a\n"),
    "image/gif": lambda data: data.startswith((b"GIF87a", b"GIF89a")),
    "image/webp": lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP",
}
_IN_RESULTS = {"text", "image", "document", "search_result", "tool_reference"}
_SERVER_TOOLS = {
    *("web_search", "web_fetch", "code_execution", "bash_code_execution", "text_editor_code_execution"),
    *("tool_search_tool_regex", "tool_search_tool_bm25"),
}
_KEYS = {
    "text": {"text", "citations"},
    "image": {"source", "transformations"},
    "document": {"source", "citations", "context", "title"},
    "search_result": {"content", "source", "title", "citations"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
    "tool_use": {"id", "input", "name", "caller", "toolset_name"},
    "tool_result": {"tool_use_id", "content", "is_error", "toolset_name"},
    "tool_reference": {"tool_name"},
    "server_tool_use": {"id", "input", "name", "caller"},
    "container_upload": {"file_id"},
}
_SERVER_RESULT_KEYS = {"tool_use_id", "content", "caller"}
UNCACHEABLE = {"thinking", "redacted_thinking"}


def check_block(where: str, block: dict[str, Any]) -> Found:
    kind = block["type"]
    known = _KEYS.get(kind, _SERVER_RESULT_KEYS) | {"type"}
    if kind not in UNCACHEABLE:
        known = known | {"cache_control"}
    for key in sorted(set(block) - known):
        yield f"{where}.{key}: extra inputs are not permitted"
    mark = block.get("cache_control")
    if mark is not None and (mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in {"5m", "1h"}):
        yield f"{where}.cache_control: type is ephemeral, ttl 5m or 1h"
    if kind in _SHAPES:
        yield from _SHAPES[kind](where, block)


def _text(where: str, block: dict[str, Any]) -> Found:
    if not isinstance(block.get("text"), str) or not block["text"].strip():
        yield f"{where}.text: text content blocks must contain non-whitespace text"
    citations = block.get("citations")
    if citations is not None and not (isinstance(citations, list) and all(isinstance(one, dict) for one in citations)):
        yield f"{where}.citations: a list of citations is required"


def _image(where: str, block: dict[str, Any]) -> Found:
    source = block.get("source")
    if not isinstance(source, dict):
        yield f"{where}.source: field required"
    elif source.get("type") == "base64":
        if set(source) != {"type", "media_type", "data"} or source["media_type"] not in _IMAGES:
            yield f"{where}.source.media_type: input should be one of {sorted(_IMAGES)}"
        elif not _is_base64(source["data"]):
            yield f"{where}.source.data: invalid base64 data"
        elif not _MAGIC[source["media_type"]](base64.b64decode(source["data"])):
            yield f"{where}.source: the image does not match its media type, or could not be processed"
    else:
        yield from _remote_source(where, source)


def _document(where: str, block: dict[str, Any]) -> Found:
    source = block.get("source")
    if not isinstance(source, dict):
        yield f"{where}.source: field required"
    elif source.get("type") == "base64":
        if set(source) != {"type", "media_type", "data"} or source["media_type"] != "application/pdf":
            yield f"{where}.source.media_type: input should be 'application/pdf'"
        elif not _is_base64(source["data"]) or b"%PDF" not in base64.b64decode(source["data"])[:1024]:
            yield f"{where}.source.data: the PDF specified was not valid"
    elif source.get("type") == "text":
        if source.get("media_type") != "text/plain" or not _is_said(source.get("data")):
            yield f"{where}.source: text/plain with text that is not empty is required"
    elif source.get("type") == "content":
        yield from _nested(f"{where}.source.content", source.get("content"), {"text", "image"})
    else:
        yield from _remote_source(where, source)
    for key in ("title", "context"):
        if block.get(key) is not None and not _is_said(block[key]):
            yield f"{where}.{key}: a string of at least 1 character is required"


def _remote_source(where: str, source: dict[str, Any]) -> Found:
    if source.get("type") == "url":
        if set(source) != {"type", "url"} or not re.match(r"https?://[^\s/]", str(source["url"])):
            yield f"{where}.source.url: only HTTP and HTTPS URLs are supported"
    elif source.get("type") == "file":
        if set(source) != {"type", "file_id"} or not _is_said(source["file_id"]):
            yield f"{where}.source.file_id: field required"
    else:
        yield f"{where}.source.type: {source.get('type')!r} is none of the expected tags"


def _search_result(where: str, block: dict[str, Any]) -> Found:
    if not _is_said(block.get("source")) or not _is_said(block.get("title")):
        yield f"{where}: source and title are required"
    if isinstance(block.get("content"), str):
        yield f"{where}.content: a list of text blocks is required"
    yield from _nested(f"{where}.content", block.get("content"), {"text"})


def _nested(where: str, content: object, kinds: set[str]) -> Found:
    if _is_said(content):
        return
    if not isinstance(content, list) or not content:
        yield f"{where}: content that is not empty is required"
        return
    for index, block in enumerate(content):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in kinds:
            yield f"{where}.{index}.type: {kind!r} is none of {sorted(kinds)}"
        else:
            yield from check_block(f"{where}.{index}", block)


def _tool_use(where: str, block: dict[str, Any]) -> Found:
    pattern = _SERVER_ID if block["type"] == "server_tool_use" else _ID
    if not isinstance(block.get("id"), str) or not pattern.fullmatch(block["id"]):
        yield f"{where}.id: does not match ^{pattern.pattern}$"
    if not isinstance(block.get("name"), str) or not TOOL_NAME.fullmatch(block["name"]):
        yield f"{where}.name: does not match ^[a-zA-Z0-9_-]{{1,64}}$"
    elif block["type"] == "server_tool_use" and block["name"] not in _SERVER_TOOLS:
        yield f"{where}.name: {block['name']!r} is no server tool"
    if not isinstance(block.get("input"), dict):
        yield f"{where}.input: input should be an object"


def _tool_result(where: str, block: dict[str, Any]) -> Found:
    if not isinstance(block.get("tool_use_id"), str) or not _ID.fullmatch(block["tool_use_id"]):
        yield f"{where}.tool_use_id: does not match ^[a-zA-Z0-9_-]+$"
    if not isinstance(block.get("is_error", False), bool):
        yield f"{where}.is_error: input should be a boolean"
    content = block.get("content", "")
    if content in ("", []):
        return
    yield from _nested(f"{where}.content", content, _IN_RESULTS)
    if block.get("is_error") and isinstance(content, list) and any(one.get("type") != "text" for one in content):
        yield f"{where}: all content must be type text if is_error is true"


def _thinking_block(where: str, block: dict[str, Any]) -> Found:
    needed = {"thinking": ("signature",), "redacted_thinking": ("data",)}[block["type"]]
    if not all(isinstance(block.get(key), str) and block[key] for key in needed):
        yield f"{where}.{needed[0]}: field required"
    if block["type"] == "thinking" and not isinstance(block.get("thinking"), str):
        yield f"{where}.thinking: field required"


_SHAPES: dict[str, Callable[[str, dict[str, Any]], Found]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "search_result": _search_result,
    "tool_use": _tool_use,
    "server_tool_use": _tool_use,
    "tool_result": _tool_result,
    "thinking": _thinking_block,
    "redacted_thinking": _thinking_block,
}


def is_server_result(kind: object) -> bool:
    return isinstance(kind, str) and kind.endswith("_tool_result")


def _is_said(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_count(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_base64(data: object) -> bool:
    try:
        return isinstance(data, str) and bool(base64.b64decode(data, validate=True))
    except ValueError:
        return False
