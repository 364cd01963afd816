from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from zlib import compress, crc32

from hypothesis import strategies as st

from claif_git.model import Message, Session

START = datetime(2026, 11, 24, 21, 32, 5, 123456, tzinfo=UTC)


def _chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + crc32(kind + data).to_bytes(4)


PIXEL = b"\x89PNG\r\n\x1a\n" + b"".join((
    _chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])),
    _chunk(b"IDAT", compress(bytes([0, 255, 0, 0]))),
    _chunk(b"IEND", b""),
))  # fmt: skip


def session(*messages, **about) -> Session:
    given = {
        "id": "fix-parser-0123456789ab",
        "created_at": START,
        "updated_at": START,
        "title": "Fix the parser",
    } | about
    made = Session(**given)
    made.messages = list(messages)
    return made


def said(role, content, minutes=0, **more) -> Message:
    return Message(role, content, START + timedelta(minutes=minutes), **more)


def picture(data=PIXEL, media_type="image/png"):
    source = {"type": "base64", "media_type": media_type, "data": b64encode(data).decode()}
    return {"type": "image", "source": source}


TOOL_ROUND = (
    said("user", "Run the tests"),
    said(
        "assistant",
        [
            {"type": "thinking", "thinking": "They may *fail*.", "signature": "c2ln"},
            {"type": "text", "text": "On it."},
            {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "make test", "timeout": 5}},
        ],
        1,
        tokens={"input_tokens": 20, "output_tokens": 7},
        model="claude-sonnet-5-5",
    ),
    said("user", [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "1 failed", "is_error": True}], 1),
    said("assistant", "It fails.", 2, tokens=90, metadata={"confidence": 0.95}),
)

SHARP = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<img src=http://beacon.example/a.png>",
    "![a](http://beacon.example/b.png)", "[x](javascript:alert(1))", "[x](JaVaScRiPt&#58;alert(1))",
    "<javascript:alert(1)>", "[x](data:text/html;base64,PHNjcmlwdD4=)", "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](data:image/png;base64,AAAA)", "![x](data:image/png;base64,%22%3E%3Cscript%3E)", "<iframe src=//a.example>",
    "<svg/onload=alert(1)>", "</pre></code></div></details></article>", "<!--", "-->", "<![CDATA[", "]]>", "<style>",
    "</style><script>", "<base href=//a.example>", "<meta http-equiv=refresh content=0>", "<form action=//a.example>",
    "<object data=//a.example>", "<details open ontoggle=alert(1)>", "<details>", "</details>", "# ", "## User (2026)",
    "\n", "\n\n", "    ", "---\n", "===\n", "```\n", "````html\n", "~~~\n", '```" onload="x\n', "> ", "- ", "1. ",
    "|a|b|\n|-|-|\n", "`", "``", "*", "[", "](", ")", "\\", "&lt;script&gt;", "&#x3c;script&#x3e;", "\x1b[31m", "\x00",
    "\u202e", "\u2066", "\ud800", "\udfff", "\x9b", "\r", "\ufffe", "[x]: http://a.example 'y'\n", "[x]",
    '" onmouseover="',
    "<a href=javascript:alert(1) style=x>", "[a](//a.example)", "[a](file:///etc/passwd)", "[a](x \"' onclick='y\")",
    "<b", "<x:", "<?php", "word", "$$\n", "[![a](http://b.example/x.png)](http://c.example)", "<https://ok.example>",
)  # fmt: skip
"""Pieces that have opened, closed or smuggled something somewhere."""

HOSTILE = st.lists(st.sampled_from(SHARP) | st.text(max_size=6), max_size=14).map("".join)

_JSON = st.recursive(
    HOSTILE | st.integers() | st.none(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE,
    inner, max_size=3),
    max_leaves=6,
)  # fmt: skip

_FLAT = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": HOSTILE}),
    st.fixed_dictionaries({"type": st.just("thinking"), "thinking": HOSTILE}),
    st.fixed_dictionaries({"type": st.just("tool_use"), "id": HOSTILE, "name": HOSTILE, "input": _JSON}),
    st.fixed_dictionaries({"type": HOSTILE, "what": _JSON}),
    st.sampled_from([picture(), picture(b"<svg onload=alert(1)>", "image/svg+xml"), picture(b"<script>", "image/png")]),
    st.fixed_dictionaries({
        "type": st.sampled_from(["image", "document"]),
        "title": HOSTILE,
        "source": st.fixed_dictionaries({
            "type": st.sampled_from(["base64", "url", "text"]), "media_type": HOSTILE, "data": HOSTILE, "url": HOSTILE,
        }),
    }),
)  # fmt: skip

BLOCKS = st.one_of(
    _FLAT,
    st.fixed_dictionaries({
        "type": st.just("tool_result"), "tool_use_id": HOSTILE, "content": HOSTILE | st.lists(_FLAT, max_size=3),
    }),
)  # fmt: skip

CONTENT = HOSTILE | st.lists(BLOCKS, max_size=4)

SESSIONS = st.builds(
    lambda contents, title, metadata, model: session(
        *(
            said(role, content, at, metadata=metadata, model=model or None, tokens=at)
            for at, (role, content) in enumerate(contents)
        ),
        title=title, metadata=metadata, template=title or None,
    ),
    st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), CONTENT), max_size=4),
    HOSTILE,
    st.dictionaries(HOSTILE, _JSON, max_size=2),
    HOSTILE,
)  # fmt: skip
