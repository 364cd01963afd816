"""Sessions as they come out of merging, trimming, cutting off and importing: with everything that can be wrong."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from claif_git.model import Message, Session

START = datetime(2026, 11, 24, 21, 32, tzinfo=UTC)
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
JPEG = base64.b64encode(b"\xff\xd8\xffrest").decode()
PDF = base64.b64encode(b"%PDF-1.7 rest").decode()


def session_of(*said: tuple[str, Any] | Message, **fields: Any) -> Session:
    messages = [
        one if isinstance(one, Message) else Message(one[0], one[1], START + timedelta(seconds=index))  # type: ignore[arg-type]
        for index, one in enumerate(said)
    ]
    session = Session("s-1", START, START, **fields)
    session.messages = messages
    return session


def use(call: str, name: str = "read", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": call, "name": name, "input": given}


def result(call: str, content: Any = "done", **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": call, "content": content, **more}


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def thought(said: str = "hm", signature: str = "c2ln") -> dict[str, Any]:
    return {"type": "thinking", "thinking": said, "signature": signature}


def image(data: str = PNG, media: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": media, "data": data}}


any_text = st.text(st.characters(exclude_categories=[]), max_size=8) | st.sampled_from(
    ["", " \n", "Yes.", "\ud800", "x "]
)
_ids = st.sampled_from(["a", "b", "a-2", "call 1", "", "toolu_01", "ä"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | any_text,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(any_text, inner, max_size=2),
    max_leaves=4,
)
_maybe = {"cache_control": st.just({"type": "ephemeral"}), "citations": st.just([{"type": "char_location"}])}


def _block(kind: str, optional: dict[str, Any] | None = None, **keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **keys}, optional={**_maybe, **(optional or {})})


_texts = _block("text", text=any_text)
_sources = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("base64"),
            "media_type": st.sampled_from(["image/png", "image/jpeg", "image/tiff", "application/pdf"]),
            "data": st.sampled_from([PNG, JPEG, PDF, "", "!", "AAAA"]) | any_text,
        }
    ),
    st.fixed_dictionaries({"type": st.just("url"), "url": st.sampled_from(["https://x.org/a.png", "file:///etc", ""])}),
    st.fixed_dictionaries({"type": st.just("file"), "file_id": any_text}),
    st.fixed_dictionaries({"type": st.just("text"), "media_type": st.just("text/plain"), "data": any_text}),
    st.fixed_dictionaries(
        {"type": st.just("content"), "content": any_text | st.lists(_texts | st.just(image()), max_size=2)}
    ),
    _json,
)
_media = st.one_of(
    _block("image", source=_sources), _block("document", {"title": any_text, "context": _json}, source=_sources)
)
_searches = _block("search_result", source=any_text, title=any_text, content=st.lists(_texts, max_size=2))
_results = _block(
    "tool_result",
    {
        "is_error": st.booleans() | st.just("yes"),
        "content": any_text | _json | st.lists(_texts | _media | _searches, max_size=3),
    },
    tool_use_id=_ids,
)
_blocks = st.one_of(
    _texts,
    _texts,
    _media,
    _searches,
    _results,
    _results,
    _block("tool_use", {"input": _json}, id=_ids, name=any_text | st.sampled_from(["read", "mcp.x", "w" * 90])),
    _block("thinking", {"signature": any_text}, thinking=any_text),
    _block("redacted_thinking", {"data": any_text}),
    _block("server_tool_use", id=st.just("srvtoolu_1"), name=st.just("web_search"), input=_json),
    _block("web_search_tool_result", tool_use_id=st.just("srvtoolu_1"), content=_json),
    _block("reasoning_of_the_future", x=_json),
    st.dictionaries(any_text, _json, max_size=2),
)
_messages = st.tuples(
    st.sampled_from(["user", "assistant", "user", "assistant", "system"]),
    any_text | st.lists(_blocks, max_size=4),
    st.sampled_from([{}, {"interrupted": True}, {"prompt_fingerprint": "0" * 32}, {"prompt_fingerprint": 3}]),
)
_exchanges = st.sampled_from(
    [
        [
            ("user", "Read it."),
            ("assistant", [text("I look."), use("a")]),
            ("user", [result("a")]),
            ("assistant", "It says x."),
        ],
        [("assistant", [use("a"), use("b", "write")]), ("user", [result("b")]), ("user", [result("a"), text("and?")])],
        [("assistant", [use("b")]), ("assistant", "Never mind."), ("user", [result("b", [text("late"), image()])])],
        [("user", "Why?"), ("assistant", [thought(), text("Because.")])],
    ]
)


@st.composite
def spoken(draw: st.DrawFn) -> list[Message]:
    """A list of messages: random ones and real exchanges, cut and spliced."""
    parts: list[tuple[str, Any, dict[str, Any]]] = []
    for _ in range(draw(st.integers(0, 4))):
        if draw(st.booleans()):
            parts += [(role, content, {}) for role, content in draw(_exchanges)]
        else:
            parts += draw(st.lists(_messages, max_size=3))
    if parts and draw(st.booleans()):
        first, second = sorted(draw(st.lists(st.integers(0, len(parts)), min_size=2, max_size=2)))
        parts = draw(
            st.sampled_from(
                [parts[:second], parts[first:], parts[:first] + parts[second:], parts + parts[first:second]]
            )
        )
    return [
        Message(role, content, START + timedelta(seconds=index), metadata)  # type: ignore[arg-type]
        for index, (role, content, metadata) in enumerate(parts)
    ]


parameters = st.dictionaries(
    st.sampled_from(
        ["temperature", "top_p", "top_k", "max_tokens", "model", "stop_sequences", "thinking", "odd", "service_tier"]
    ),
    st.sampled_from(
        [
            None,
            0.3,
            1,
            7,
            "high",
            [],
            ["END"],
            [" "],
            True,
            {"type": "adaptive"},
            {"type": "enabled", "budget_tokens": 2000},
        ]
    ),
)
models = st.sampled_from(
    [
        *(
            "claude-opus-5-5",
            "claude-sonnet-4-5-20250929",
            "claude-opus-4-6",
            "claude-opus-4-20250514",
            "claude-sonnet-5",
        ),
        *("claude-3-5-haiku-20241022", "claude-mythos-preview", "claude-haiku-4-5", "claude-opus-4-7", "local-llama"),
    ]
)
