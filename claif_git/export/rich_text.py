"""A message's markdown as HTML that can do nothing.

Two walls. The renderer passes no HTML through, links only to web and mail addresses, and shows only images that the
text holds itself. Then a sanitiser with a short list of elements goes over what the renderer wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from claif_git.export.containment import LONGEST, MAX_NESTING, parsed
from claif_git.export.highlight import code_block
from claif_git.export.markup import escaped, image
from claif_git.export.parts import decoded
from claif_git.export.readable import visible

_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\"'<>]+", re.IGNORECASE)
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,", re.IGNORECASE)
_CLASS = re.compile(r"[a-z][a-z0-9-]{0,15}")
_OWN_HEADINGS = 2


def rich(text: str, *, breaks: bool = False) -> str:
    """Give markdown as harmless HTML; `breaks` keeps the line ends, as a person's typing wants it."""
    shown = visible(text)
    parser = _parser(breaks)
    env: dict[str, Any] = {"links": []}
    tokens = parsed(parser, shown, env) if len(shown) <= LONGEST else None
    if tokens is None:
        return f'<pre class="plain">{escaped(shown)}</pre>'
    return _sanitised(str(parser.renderer.render(tokens, parser.options, env)))


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 # the parser's own name
        """Let every link through, so that the renderer can show the ones that it does not make."""
        del self, url
        return True


@cache
def _parser(breaks: bool) -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False, "breaks": breaks, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


def _link_open(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, env: dict[str, Any]) -> str:
    target = str(tokens[at].attrGet("href") or "")
    allowed = _ADDRESS.fullmatch(target) is not None
    env["links"].append(None if allowed else target)
    return f'<a href="{escaped(target)}">' if allowed else ""


def _link_close(_: RendererHTML, __: Sequence[Token], ___: int, ____: OptionsDict, env: dict[str, Any]) -> str:
    target = env["links"].pop()
    return "</a>" if target is None else f' <span class="target">({escaped(target)})</span>'


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: dict[str, Any]) -> str:
    label = renderer.renderInlineAsText(tokens[at].children, options, env)
    source = str(tokens[at].attrGet("src") or "")
    if found := _DATA_IMAGE.match(source):
        data = decoded(unquote_to_bytes(source[found.end() :]).decode("ascii", "replace"))
        return (image(data, label) if data else None) or f"[image: {escaped(label)}]"
    words = f"[image: {escaped(label or source[:200])}]"
    if _ADDRESS.fullmatch(source) and not env["links"]:
        return f'<a href="{escaped(source)}">{words}</a>'
    return words


def _code(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: dict[str, Any]) -> str:
    return code_block(tokens[at].content, tokens[at].info) + "\n"


def _cell(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: dict[str, Any]) -> str:
    side = str(tokens[at].attrGet("style") or "").removeprefix("text-align:")
    return f'<{tokens[at].tag} class="{side}">' if side in {"center", "right"} else f"<{tokens[at].tag}>"


def _heading(_: RendererHTML, tokens: Sequence[Token], at: int, __: OptionsDict, ___: dict[str, Any]) -> str:
    level = min(6, int(tokens[at].tag[1:]) + _OWN_HEADINGS)
    return f"<h{level}>" if tokens[at].nesting > 0 else f"</h{level}>\n"


_RULES = {
    "link_open": _link_open,
    "link_close": _link_close,
    "image": _image,
    "fence": _code,
    "code_block": _code,
    "heading_open": _heading,
    "heading_close": _heading,
    "th_open": _cell,
    "td_open": _cell,
}

_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol", "p", "pre", "s", "span"),
    *("strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {
    "a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}, "pre": {"class", "data-language"}, "span": {"class"},
    "td": {"class"}, "th": {"class"},
}  # fmt: skip


def _sanitised(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=_harmless,
        link_rel="noopener noreferrer nofollow",
        url_schemes={"http", "https", "mailto", "data"},
    )


def _harmless(tag: str, attribute: str, value: str) -> str | None:
    """Keep an attribute's value or, by None, drop it: the second look at what the renderer decided."""
    kept = True
    if attribute == "href":
        kept = _ADDRESS.fullmatch(value) is not None
    elif attribute == "src":
        kept = _DATA_IMAGE.match(value) is not None
    elif attribute == "class":
        kept = all(_CLASS.fullmatch(word) for word in value.split())
    del tag
    return value if kept else None
