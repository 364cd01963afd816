"""One message as HTML: who, when, and each part of what was said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from claif_git.export.highlight import code_block
from claif_git.export.markup import escaped, image, time
from claif_git.export.parts import Media, Other, Part, Text, Thinking, ToolCall, ToolResult, read
from claif_git.export.readable import as_json, one_line, short, tokens_line
from claif_git.export.rich_text import rich
from claif_git.model import Json, Message, MessageRole

GIST = 90
"""Characters of a folded part that its summary shows."""


def tool_names(messages: Iterable[Message]) -> dict[str, str]:
    """Give the tool's name of every call by the call's id, so that a result can say whose it is."""
    parts = (part for message in messages for part in read(message.content))
    return {part.call_id: part.name for part in parts if isinstance(part, ToolCall) and part.call_id}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page tells beside what was said."""

    metadata: bool
    timestamps: bool
    tokens: bool


def article(index: int, message: Message, names: Mapping[str, str], shown: Shown) -> str:
    """Give the message numbered `index`; `names` are the tools' by call id."""
    parts = read(message.content)
    only_results = bool(parts) and all(isinstance(part, ToolResult) for part in parts)
    kind = "tool" if only_results else str(message.role)
    who = "Tool results" if only_results else str(message.role).title()
    inner = [_part(part, names, message.role) for part in parts]
    if shown.metadata and message.metadata:
        inner.append(facts(message.metadata))
    heading = " ".join([f'<span class="who">{who}</span>', *_labels(message, shown), _number(index)])
    return "\n".join([f'<article class="{kind}" id="m{index}">', f"<h2>{heading}</h2>", *inner, "</article>"])


def _labels(message: Message, shown: Shown) -> Iterator[str]:
    if shown.metadata and message.model:
        yield f'<span class="model">{escaped(one_line(message.model))}</span>'
    if shown.tokens and message.tokens is not None:
        yield f'<span class="tokens">{escaped(tokens_line(message.tokens))}</span>'
    if shown.timestamps:
        yield time(message.timestamp)


def _number(index: int) -> str:
    return f'<a class="number" href="#m{index}">#{index}</a>'


def facts(values: Mapping[str, Json]) -> str:
    """Give metadata as a list of names and values."""
    rows = (
        f"<div><dt>{escaped(one_line(name))}</dt><dd>{escaped(short(value))}</dd></div>"
        for name, value in values.items()
    )
    return f'<dl class="facts">{"".join(rows)}</dl>'


def _part(part: Part, names: Mapping[str, str], role: MessageRole) -> str:
    match part:
        case Text(text):
            return f'<div class="text" dir="auto">{rich(text, breaks=role is MessageRole.USER)}</div>'
        case Thinking(text):
            inner = rich(text) if text else "<p>Not readable: encrypted by the API.</p>"
            return _folded("thinking", "Thinking", _gist(text), f'<div class="text" dir="auto">{inner}</div>')
        case ToolCall(name, _, given, gist):
            return _folded("call", name, gist, _arguments(given))
        case ToolResult(call_id, failed, parts):
            name = names.get(call_id, "Tool")
            title = f"{name}: error" if failed else f"{name}: result"
            inner = "\n".join(_plain(inner, names, role) for inner in parts) or '<p class="empty">Nothing.</p>'
            return _folded("result failed" if failed else "result", title, _first_line(parts), inner)
        case Media():
            return _media(part)
        case Other(kind, json):
            return _folded("other", kind, "", code_block(json, "json"))


def _plain(part: Part, names: Mapping[str, str], role: MessageRole) -> str:
    """What a tool gave back is no markdown."""
    return f"<pre><code>{escaped(part.text)}</code></pre>" if isinstance(part, Text) else _part(part, names, role)


def _folded(kind: str, title: str, gist: str, inner: str) -> str:
    words = f' <span class="gist" dir="auto">{escaped(gist)}</span>' if gist else ""
    return (
        f'<details class="{kind}"><summary><span class="title">{escaped(title)}</span>{words}</summary>\n'
        f"{inner}\n</details>"
    )


def _gist(text: str) -> str:
    return one_line(text[: GIST * 4], GIST)


def _first_line(parts: Iterable[Part]) -> str:
    texts = (part.text if isinstance(part, Text) else part.label for part in parts if isinstance(part, (Text, Media)))
    return next((_gist(text.strip().split("\n", 1)[0]) for text in texts if text.strip()), "")


def _arguments(given: Json) -> str:
    """A call's input: each argument under its name, text with its own lines."""
    if not isinstance(given, dict):
        return code_block(as_json(given), "json")
    rows = (f"<dt>{escaped(one_line(name))}</dt><dd>{_argument(value)}</dd>" for name, value in given.items())
    return f'<dl class="arguments">{"".join(rows)}</dl>' if given else '<p class="empty">No arguments.</p>'


def _argument(value: Json) -> str:
    text = value if isinstance(value, str) else as_json(value)
    if "\n" not in text and len(text) <= GIST:
        return f"<code>{escaped(text)}</code>"
    return code_block(text, "" if isinstance(value, str) else "json")


def _media(part: Media) -> str:
    drawn = image(part.data, part.label) if part.data is not None and part.kind == "image" else None
    if drawn is not None:
        return f"<figure>{drawn}<figcaption>{escaped(part.label)}</figcaption></figure>"
    if part.text is not None:
        return _folded("document", part.label, _gist(part.text), f"<pre><code>{escaped(part.text)}</code></pre>")
    return f'<p class="placeholder">[{escaped(part.label)}]</p>'
