"""One message of a session, with only those blocks left that the Messages API takes in a message of its role."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from claif_git.model import Block, Json, Message
from claif_git.prompt.media import media_block
from claif_git.prompt.notes import Notes

THINKING = frozenset({"thinking", "redacted_thinking"})
MAX_TOOL_NAME = 64

_SURROGATES = re.compile("[\ud800-\udfff]")
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")
_MEDIA = frozenset({"image", "document"})


@dataclass
class Said:
    """What a message says on the wire.

    blocks        clean, without cache marks and citations
    whole         nothing of it was left out or changed, as signed thinking needs
    answers       it holds the result of a call: what comes before it is done calling
    """

    index: int
    role: str
    blocks: list[Block] = field(default_factory=list)
    whole: bool = True
    answers: bool = False
    fingerprint: str = ""


def on_the_wire(value: Json) -> Json:
    """Replace lone surrogates by U+FFFD wherever they stand, since UTF-8 has none. The value itself if it has none."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_SURROGATES.sub("\ufffd", key): on_the_wire(item) for key, item in value.items()}
    if isinstance(value, list):
        return [on_the_wire(item) for item in value]
    return value


def clean(index: int, message: Message, notes: Notes) -> Said:
    """Take from a message what can be sent, and note the rest."""
    said = Said(index, str(message.role))
    content: list[Block] = message.content if isinstance(message.content, list) else [_text(message.content)]
    for raw in content:
        block = on_the_wire(raw)
        if block != raw:
            notes.add("lone surrogates replaced by U+FFFD", index)
        kept = _clean_block(block, said, notes)
        said.whole &= kept == _essence(raw)
        if kept is not None:
            said.blocks.append(kept)
    if said.blocks and said.blocks[-1]["type"] in THINKING:
        said.whole = False
    return said


def without_thinking(blocks: list[Block]) -> list[Block]:
    """Give the blocks that are no thinking."""
    return [block for block in blocks if block["type"] not in THINKING]


def text_block(text: str) -> Block:
    """Make a text block that this package supplies."""
    return _text(text)


def _essence(block: Block) -> Block:
    """Give a block less what says nothing: keys without a value, cache marks, and that the model itself calls."""
    unsaid = {"cache_control": block.get("cache_control"), "caller": {"type": "direct"}}
    return {key: item for key, item in block.items() if item is not None and (key, item) not in unsaid.items()}


def _text(text: str) -> Block:
    return {"type": "text", "text": text}


def _clean_block(block: Block, said: Said, notes: Notes) -> Block | None:
    kind = block.get("type")
    if said.role == "system" and kind != "text":
        notes.add(f"a block of type {kind!r} in a system message left out", said.index)
        return None
    cleaner = _CLEANERS.get(kind) if isinstance(kind, str) else None
    if kind in _MEDIA and said.role == "assistant":
        notes.add(f"{kind} in an assistant message left out", said.index)
        return None
    if cleaner is None:
        notes.add(f"a block of type {kind!r} left out", said.index)
        return None
    return cleaner(block, said, notes)


def _clean_text(block: Block, said: Said, notes: Notes) -> Block | None:
    text = block.get("text")
    if not isinstance(text, str) or not text.strip():
        notes.add("empty text left out", said.index)
        return None
    if block.get("citations"):
        notes.add("citations left out", said.index)
    return _text(text)


def _clean_media(block: Block, said: Said, notes: Notes) -> Block | None:
    kept, problem = media_block(block)
    if problem:
        notes.add(problem, said.index)
    return kept


def _clean_search_result(block: Block, said: Said, notes: Notes) -> Block | None:
    content = block.get("content")
    texts = [part.get("text") for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    kept = [_text(text) for text in texts if isinstance(text, str) and text.strip()]
    named = all(isinstance(block.get(key), str) and block[key].strip() for key in ("source", "title"))
    if said.role == "assistant" or not named or not kept:
        notes.add("a search result left out", said.index)
        return None
    return {"type": "search_result", "source": block["source"], "title": block["title"], "content": kept}


def _clean_thinking(block: Block, said: Said, notes: Notes) -> Block | None:
    """Signed thinking stays as it is, to be judged once the prompt before it is known."""
    needed = ("thinking", "signature") if block["type"] == "thinking" else ("data",)
    signed = all(isinstance(block.get(key), str) for key in needed) and bool(block[needed[-1]])
    if said.role != "assistant" or not signed:
        notes.add("thinking without a signature left out", said.index)
        return None
    return {"type": block["type"], **{key: block[key] for key in needed}}


def _clean_tool_use(block: Block, said: Said, notes: Notes) -> Block | None:
    name, given = block.get("name"), block.get("input", {})
    if said.role != "assistant" or not isinstance(name, str) or not name or not isinstance(block.get("id"), str):
        notes.add("a tool call without a name or an id, or not the assistant's, left out", said.index)
        return None
    fit = _NOT_IN_NAMES.sub("_", name)[:MAX_TOOL_NAME]
    if fit != name:
        notes.add(f"the tool {name[:80]!r} is called {fit!r}", said.index)
    return {
        "type": "tool_use",
        "id": block["id"],
        "name": fit,
        "input": given if isinstance(given, dict) else {"value": given},
    }


def _clean_tool_result(block: Block, said: Said, notes: Notes) -> Block | None:
    call = block.get("tool_use_id")
    if not isinstance(call, str):
        notes.add("a tool result without an id left out", said.index)
        return None
    kept: Block = {"type": "tool_result", "tool_use_id": call}
    failed = block.get("is_error") is True
    content = _result_content(block.get("content"), said, notes, text_only=failed)
    if content:
        kept["content"] = content
    if failed:
        kept["is_error"] = True
    return kept


def _result_content(content: Json, said: Said, notes: Notes, *, text_only: bool) -> str | list[Block]:
    """An error's content is text; any other may hold images, documents and search results too."""
    if content is None or isinstance(content, str):
        return (content or "") if (content or "").strip() else ""
    if not isinstance(content, list):
        return json.dumps(content, ensure_ascii=False)
    kept: list[Block] = []
    user = Said(said.index, "user")
    for part in content:
        block = part if isinstance(part, dict) else _text(str(part))
        kind = block.get("type")
        if kind not in _IN_RESULTS or (text_only and kind != "text"):
            notes.add(f"a block of type {kind!r} in a tool result left out", said.index)
            continue
        clean_part = _IN_RESULTS[kind](block, user, notes)
        if clean_part is not None:
            kept.append(clean_part)
    return kept


_Cleaner = Callable[[Block, Said, Notes], Block | None]
_IN_RESULTS: dict[str, _Cleaner] = {
    "text": _clean_text,
    "image": _clean_media,
    "document": _clean_media,
    "search_result": _clean_search_result,
}
_CLEANERS: dict[str, _Cleaner] = {
    **_IN_RESULTS,
    "thinking": _clean_thinking,
    "redacted_thinking": _clean_thinking,
    "tool_use": _clean_tool_use,
    "tool_result": _clean_tool_result,
}
