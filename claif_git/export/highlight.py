"""Code as HTML with Pygments' class names; the page's style sheet gives them colours."""

from __future__ import annotations

import re
from functools import cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name

from claif_git.export.markup import escaped

LONGEST = 50_000
"""Characters of code that are coloured; longer code stays plain, since some lexers take their time."""

_LANGUAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+#._-]{0,30}")
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True)


def code_block(code: str, info: str = "") -> str:
    """Give a `<pre>` of the code, coloured where `info` begins with a language that Pygments knows."""
    found = _LANGUAGE.match(info.strip())
    language = found[0].lower() if found else ""
    lexer = _lexer(language) if language and len(code) <= LONGEST else None
    inner = escaped(code) if lexer is None else highlight(code, lexer, _FORMATTER)
    label = f' data-language="{language}"' if language else ""
    return f'<pre class="code"{label}><code>{inner}</code></pre>'


@cache
def _languages() -> frozenset[str]:
    return frozenset(alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases)


@cache
def _lexer(language: str) -> Lexer | None:
    return get_lexer_by_name(language, stripnl=False) if language in _languages() else None
