"""A session as one HTML file that needs nothing else and can do nothing.

No script, no handler, nothing fetched: a Content-Security-Policy says so to the browser once more. Tool calls, their
results and thinking are folded; a message's number is its index, as everywhere else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.resources import files

from claif_git.errors import UnknownNameError
from claif_git.export.html_message import Shown, article, facts, tool_names
from claif_git.export.markup import escaped, time
from claif_git.export.readable import one_line, tokens_line
from claif_git.model import Session, TokenCount, count

THEMES = ("dark", "default")


def to_html(
    session: Session,
    *,
    include_css: bool,
    theme: str,
    include_metadata: bool,
    include_timestamps: bool,
    include_tokens: bool,
) -> str:
    """Write `session` as an HTML page. UnknownNameError for a theme that nobody knows."""
    if theme not in THEMES:
        raise UnknownNameError("theme", theme, THEMES)
    names = tool_names([message for _, message in session.readable])
    shown = Shown(include_metadata, include_timestamps, include_tokens)
    articles = [article(index, message, names, shown) for index, message in session.readable]
    lines = [
        "<!DOCTYPE html>",
        f'<html lang="en" data-theme="{theme}">',
        *_head(_title(session), theme, _style() if include_css else ""),
        "<body>",
        *_header(session, shown),
        "<main>",
        *(articles or ['<p class="empty">This session holds no messages yet.</p>']),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


@cache
def _style() -> str:
    return files("claif_git.export").joinpath("assets/page.css").read_text(encoding="utf-8")


def _head(title: str, theme: str, style: str) -> Iterator[str]:
    digest = b64encode(sha256(style.encode()).digest()).decode()
    allowed = f"'sha256-{digest}'" if style else "'unsafe-inline'"
    policy = f"default-src 'none'; style-src {allowed}; img-src data:; base-uri 'none'; form-action 'none'"
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="generator" content="claif-git">'
    yield f'<meta name="color-scheme" content="{"dark" if theme == "dark" else "light"}">'
    yield f"<title>{escaped(title)}</title>"
    if style:
        yield f"<style>{style}</style>"
    yield "</head>"


def _title(session: Session) -> str:
    return one_line(session.title or "") or "Untitled session"


def _header(session: Session, shown: Shown) -> Iterator[str]:
    yield "<header>"
    yield f'<h1 dir="auto">{escaped(_title(session))}</h1>'
    yield f'<p class="summary">{" <span>·</span> ".join(_summary(session, shown))}</p>'
    if shown.metadata:
        own = {"session": session.id, "template": session.template} if session.template else {"session": session.id}
        yield facts(own | session.parameters | session.metadata)
    yield "</header>"


def _summary(session: Session, shown: Shown) -> Iterator[str]:
    messages = len(session.readable)
    yield "1 message" if messages == 1 else f"{messages:,} messages"
    if shown.timestamps:
        yield time(session.created_at)
        if session.updated_at.date() != session.created_at.date():
            yield f"updated {time(session.updated_at)}"
    if shown.tokens:
        yield escaped(tokens_line(sum((count(message.tokens) for _, message in session.readable), TokenCount())))
