"""A session as markdown: a heading a message, and nothing in a message that could be taken for one.

Levels 1 to 3 are the document's own: its title, its messages, their tool calls and other blocks. Headings in messages
start at level 4.
"""

from __future__ import annotations

from collections.abc import Iterator

from claif_git.export.containment import code_span, contained, fenced
from claif_git.export.parts import Media, Other, Part, Text, Thinking, ToolCall, ToolResult, read
from claif_git.export.readable import as_json, moment, one_line, short, tokens_line, visible
from claif_git.model import Content, Message, Session, TokenCount, count

OWN_LEVELS = 3


def to_markdown(session: Session, *, include_metadata: bool, include_timestamps: bool, include_tokens: bool) -> str:
    """Write `session` as markdown, with a newline at its end."""
    blocks = [f"# {_inline(session.title or 'Untitled session')}"]
    blocks += _list(_facts(session, include_metadata, include_timestamps, include_tokens))
    for _, message in session.readable:
        blocks.append(_heading(message, include_timestamps))
        blocks += _list(_message_facts(message, include_metadata, include_tokens))
        blocks += [block for part in read(message.content) for block in _part(part)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def body(content: Content) -> str:
    """Write what a message holds, without its heading and with its own headings as they are."""
    return "\n\n".join(block for part in read(content) for block in _part(part, own_levels=None) if block)


def _heading(message: Message, include_timestamps: bool) -> str:
    who = str(message.role).title()
    return f"## {who} ({moment(message.timestamp)})" if include_timestamps else f"## {who}"


def _list(facts: Iterator[tuple[str, str]]) -> list[str]:
    """One paragraph, a fact a line: a list would run together with a list that the message begins with."""
    lines = [f"**{name}:** {value}" for name, value in facts]
    return ["\\\n".join(lines)] if lines else []


def _facts(session: Session, metadata: bool, timestamps: bool, tokens: bool) -> Iterator[tuple[str, str]]:
    if timestamps:
        yield "Created", moment(session.created_at)
        yield "Updated", moment(session.updated_at)
    if metadata:
        yield "Session", code_span(session.id)
        if session.template:
            yield "Template", code_span(one_line(session.template))
        for name, value in (session.parameters | session.metadata).items():
            yield _inline(name), code_span(short(value))
    if tokens:
        total = sum((count(message.tokens) for _, message in session.readable), TokenCount())
        yield "Tokens", f"{total.total:,} ({total.input:,} in, {total.output:,} out)"


def _message_facts(message: Message, metadata: bool, tokens: bool) -> Iterator[tuple[str, str]]:
    if metadata:
        if message.model:
            yield "Model", code_span(one_line(message.model))
        for name, value in message.metadata.items():
            yield _inline(name), code_span(short(value))
    if tokens and message.tokens is not None:
        yield "Tokens", tokens_line(message.tokens).replace(" tokens", "", 1)


def _part(part: Part, *, own_levels: int | None = OWN_LEVELS) -> list[str]:
    """`own_levels=None` leaves the markdown of texts as it is."""
    match part:
        case Text(text):
            return [_prose(text, own_levels)]
        case Thinking(text):
            inner = _prose(text, own_levels) if text else "*not readable: encrypted by the API*"
            return ["<details>\n<summary>Thinking</summary>", inner, "</details>"]
        case ToolCall(name, call_id, given):
            return [f"### Tool call: {code_span(name)}{_id(call_id)}", fenced(as_json(given), "json")]
        case ToolResult(call_id, failed, parts):
            title = "Tool result, an error" if failed else "Tool result"
            return [f"### {title}{_id(call_id)}", *(block for inner in parts for block in _plain_part(inner))]
        case Media():
            return [_media(part)]
        case Other(kind, json):
            return [f"### Block: {code_span(kind)}", fenced(json, "json")]


def _prose(text: str, own_levels: int | None) -> str:
    return visible(text) if own_levels is None else contained(visible(text), own_levels)


def _plain_part(part: Part) -> list[str]:
    return [fenced(visible(part.text))] if isinstance(part, Text) else _part(part)


def _media(part: Media) -> str:
    text = "" if part.text is None else "\n\n" + fenced(visible(part.text))
    return f"*[{_inline(part.label)}]*{text}"


def _id(call_id: str) -> str:
    return f" ({code_span(call_id)})" if call_id else ""


_SPECIAL = str.maketrans({char: "\\" + char for char in "\\`*_[]<>#|~&"})


def _inline(text: str) -> str:
    """Give text as one line of markdown that shows exactly it."""
    return one_line(text).translate(_SPECIAL)
