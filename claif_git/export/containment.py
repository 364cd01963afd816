"""Markdown that cannot be taken for the document around it.

A message may hold headings that look like the next message's, a code fence or an HTML comment that it never closes and
that would swallow what follows, a link definition that would reach into other messages. `contained` gives the same text
with its headings moved below the document's own, its fences closed, its HTML and its link definitions shown as written.
Code is left alone.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

DEEPEST = 6
LONGEST = 500_000
"""Characters that are parsed as markdown (about a second); longer texts are shown as they are."""
MAX_NESTING = 100
"""Levels of quotes and lists; the parser leaves out what stands deeper."""
_PASSES = 12
_ATX = re.compile(r"^( {0,3})#{1,6}(?=[ \t]|$)")
_TAG = re.compile(
    r"(?P<keep>\\.|(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|<[a-z][a-z0-9+.-]*:[^\s<>]*>)|<(?=[a-z/!?])",
    re.IGNORECASE | re.DOTALL,
)
_BRACKET = re.compile(r"(?P<keep>\\.)|\[", re.DOTALL)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"maxNesting": MAX_NESTING})


def contained(text: str, own_levels: int) -> str:
    """Give visible markdown `text` with every heading more than `own_levels` deep, and nothing left open at its end."""
    lines, tokens = _inert(text) if len(text) <= LONGEST else (None, [])
    if lines is None:
        return fenced(text)
    for token in tokens:
        if token.level == 0 and token.map is not None:
            _settle(lines, token, own_levels)
    return "\n".join(line for line in lines if line is not None).strip("\n")


def parsed(parser: MarkdownIt, text: str, env: dict[str, Any]) -> list[Token] | None:
    """Parse, or None where a text nests so deeply that the parser would leave some of it out."""
    try:
        tokens = parser.parse(text, env)
    except RecursionError:
        return None
    return None if any(token.level >= MAX_NESTING - 1 for token in tokens) else tokens


def fenced(text: str, language: str = "") -> str:
    """Give `text` as a code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.removesuffix(chr(10))}\n{fence}"


def code_span(text: str) -> str:
    """Give one line of text as inline code, whatever backticks it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks, space = "`" * (longest + 1), " " if text[:1] == "`" or text[-1:] == "`" else ""
    return f"{ticks}{space}{text}{space}{ticks}" if text.strip() else '`""`'


def _inert(text: str) -> tuple[list[str | None] | None, list[Token]]:
    """Escape HTML and link definitions until a parser sees none: what stood in a comment is markdown afterwards."""
    for _ in range(_PASSES):
        env: dict[str, Any] = {}
        tokens = parsed(_parser(), text, env)
        if tokens is None:
            break
        definitions = [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]
        spans = [(token.map, _TAG) for token in tokens if token.map is not None and _holds_html(token)]
        spans += [(definition["map"], _BRACKET) for definition in definitions]
        lines = text.split("\n")
        if not spans:
            return [*lines], tokens
        for (start, end), pattern in spans:
            escaped = pattern.sub(_escaped, "\n".join(lines[start:end]))
            lines[start:end] = escaped.split("\n")
        text = "\n".join(lines)
    return None, []


def _holds_html(token: Token) -> bool:
    return token.type == "html_block" or any(child.type == "html_inline" for child in token.children or ())


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match["keep"] else "\\" + match[0]


def _settle(lines: list[str | None], token: Token, own_levels: int) -> None:
    start, end = token.map or (0, 0)
    if token.type == "fence" and not _is_closed(lines, token):
        lines[end - 1] = f"{lines[end - 1]}\n{token.markup}"
    elif token.type == "heading_open":
        hashes = "#" * min(DEEPEST, int(token.tag[1:]) + own_levels)
        if token.markup.startswith("#"):
            lines[start] = _ATX.sub(rf"\g<1>{hashes}", lines[start] or "")
        else:  # underlined: its text may have several lines, its underline goes
            title = " ".join((line or "").strip() for line in lines[start : end - 1])
            lines[start:end] = [f"{hashes} {title}", *[None] * (end - start - 1)]


def _is_closed(lines: list[str | None], token: Token) -> bool:
    start, end = token.map or (0, 0)
    last = (lines[end - 1] or "").strip()
    return end - 1 > start and set(last) == {token.markup[0]} and len(last) >= len(token.markup)
