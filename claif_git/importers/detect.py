"""Telling the sources apart by what is in the file, and reading it."""

from __future__ import annotations

from itertools import islice

from claif_git.errors import InvalidInputError, UnknownNameError
from claif_git.importers import anthropic_messages, claif_json, claude_code, claude_session, openai_messages
from claif_git.importers.conversation import Parsed, Problem
from claif_git.importers.lines import read_lines
from claif_git.importers.values import decode, load, mapping, word
from claif_git.model import Json

_DOCUMENTS = {
    claif_json.SOURCE: claif_json.parse,
    anthropic_messages.SOURCE: anthropic_messages.parse,
    openai_messages.SOURCE: openai_messages.parse,
}
KNOWN_SOURCES = tuple(sorted([claude_session.SOURCE, *_DOCUMENTS]))

_LOOKED_AT = 200
"""So many lines are looked at for one that a source would have written: the first ones may be damaged."""
_OPENAI_ROLES = frozenset({"developer", "tool", "function", "system"})
_OPENAI_KEYS = frozenset({"tool_calls", "function_call", "tool_call_id", "refusal"})


def parse(data: bytes, *, name: str = "", source: str | None = None, keep_raw: bool = False) -> Parsed:
    """Read conversations from the bytes of a file. Nothing but `data` and `source` decides what comes out.

    name      the file's name, for the text of problems
    source    one of KNOWN_SOURCES; None: told by the content. UnknownNameError for any other
    keep_raw  keep what each message was read from, as JSON text, in its metadata under `raw`

    Whatever the bytes are, what cannot be read is in the problems and nothing is raised.
    """
    if source is not None and source not in KNOWN_SOURCES:
        raise UnknownNameError("source", source, KNOWN_SOURCES)
    source = source or detect(data)
    if source == claude_session.SOURCE:
        return claude_code.parse(data, keep_raw=keep_raw)
    unknown = f"{name or 'this'} is no conversation of a kind that is known"
    try:
        document = load(decode(data))
    except InvalidInputError as error:
        has_lines = source is None and any(True for _ in islice(read_lines(data, []), 1))
        return Parsed((), (Problem(None, unknown if has_lines else error.message),))
    if source is None:
        return Parsed((), (Problem(None, unknown),))
    return _DOCUMENTS[source](document, keep_raw=keep_raw)


def detect(data: bytes) -> str | None:
    """Name the source that wrote a file; None if it is none of KNOWN_SOURCES."""
    try:
        document = load(decode(data))
    except InvalidInputError:
        document = None
    if claif_json.looks_like(document):
        return claif_json.SOURCE
    messages = _messages(document)
    if messages:
        return openai_messages.SOURCE if _is_openai(document, messages) else anthropic_messages.SOURCE
    lines = islice(read_lines(data, []), _LOOKED_AT)
    return claude_session.SOURCE if any(claude_code.looks_like(line.data) for line in lines) else None


def _messages(document: Json) -> list[dict[str, Json]]:
    about = mapping(mapping(document).get("request")) or document
    listed = about if isinstance(about, list) else mapping(about).get("messages")
    found = listed if isinstance(listed, list) else []
    return [item for item in found if isinstance(item, dict) and "role" in item]


def _is_openai(document: Json, messages: list[dict[str, Json]]) -> bool:
    """Tell which of two shapes it is that agree where nothing but text is said; then it does not matter which."""
    if "choices" in mapping(document):
        return True
    for message in messages:
        if word(message.get("role")) in _OPENAI_ROLES or _OPENAI_KEYS & message.keys():
            return True
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        if any(mapping(part).get("type") in ("image_url", "input_audio") for part in parts):
            return True
    return False
