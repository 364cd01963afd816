"""Whatever the bytes are, parse gives conversations and problems, and the same ones again."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest
from claude_lines import jsonl, reply, user
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_importers_growth import check_whole

from claif_git.errors import UnknownNameError
from claif_git.importers import KNOWN_SOURCES, Parsed, detect, parse

FIXTURES = Path(__file__).parents[2] / "fixtures"
SHIPPED = [
    "claude-code-session.jsonl",
    "claude-code-damaged.jsonl",
    "anthropic-messages.json",
    "openai-messages.json",
]
sources = st.none() | st.sampled_from(KNOWN_SOURCES)


def check(data: bytes, source: str | None = None) -> Parsed:
    parsed = parse(data, source=source, keep_raw=True)
    check_whole(parsed)
    assert parsed == parse(data, source=source, keep_raw=True)
    assert all(problem.reason and "\n" not in problem.reason for problem in parsed.problems)
    return parsed


@given(st.binary(max_size=200), sources)
@example(b"", None)
@example(b"\xef\xbb\xbf", "claude-code")
@example(b"\xff\xfe{\x00}\x00", None)
def test_any_bytes_are_taken(data, source):
    check(data, source)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
KEYS = """
    type role content messages message uuid parentUuid sessionId timestamp usage id model name text tool_calls function
    arguments image_url url tool_call_id format session metadata title isSidechain agentId leafUuid summary forkedFrom
    attachment prompt system request response choices created_at input_tokens output_tokens tokens parameters
"""
WORDS = """
    user assistant system tool developer function summary custom-title attachment queued_command claif-git/1 tool_use
    tool_result image_url data:image/png;base64,AA== 2026-01-01T00:00:00Z
"""
keys, words = st.sampled_from(KEYS.split()), st.sampled_from(WORDS.split())
values = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=15,
)
objects = st.dictionaries(keys, values, max_size=6)


@given(st.lists(objects, max_size=5), st.sampled_from(["claude-code", None]))
def test_any_json_lines_are_taken(lines, source):
    check(jsonl(*lines), source)


said = st.fixed_dictionaries({}, optional={"role": words | scalars, "content": values, "id": values, "usage": values})
lines = st.fixed_dictionaries(
    {"type": st.sampled_from(["user", "assistant", "attachment", "system", "summary", "ai-title"])},
    optional=dict.fromkeys(("parentUuid", "timestamp", "isSidechain", "agentId", "attachment", "leafUuid"), values)
    | {"uuid": st.sampled_from(["a", "b", "c"]) | values, "sessionId": words | values, "message": said | values},
)


@given(st.lists(lines, max_size=6))
def test_wrong_types_in_session_lines_are_taken(found):
    check(jsonl(*found), "claude-code")


@given(objects | st.lists(said | objects, max_size=4), sources)
def test_any_document_is_taken(document, source):
    check(json.dumps(document).encode(), source)


@given(
    st.fixed_dictionaries(
        {"messages": st.lists(said | objects, max_size=4)}, optional={"system": values, "id": values}
    ),
    sources,
)
def test_wrong_types_in_messages_are_taken(document, source):
    check(json.dumps(document).encode(), source)


@given(
    st.fixed_dictionaries(
        {"format": st.just("claif-git/1"), "session": objects | values},
        optional={"messages": st.lists(said | objects, max_size=3) | values},
    )
)
def test_wrong_types_in_our_own_export_are_taken(document):
    parsed = parse(json.dumps(document).encode())
    assert parsed.conversations or parsed.problems


@pytest.mark.parametrize("name", SHIPPED)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=40)
def test_mutated_files_are_taken(name, seed):
    data = bytearray((FIXTURES / name).read_bytes())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(data))
        change = chance.randrange(4)
        if change == 0:
            data[at] = chance.randrange(256)
        elif change == 1:
            del data[at : at + chance.randint(1, 60)]
        elif change == 2:
            data[at:at] = data[chance.randrange(len(data)) :][: chance.randint(1, 200)]
        else:
            data[at:at] = chance.choice([b"[", b"{", b'"', b"\n", b"null", b"1e999", b"\\ud800", b"\x00"])
    check(bytes(data), name.rsplit(".", 1)[0] if name.endswith("messages.json") else "claude-code")


@pytest.mark.parametrize("source", KNOWN_SOURCES)
@pytest.mark.parametrize("depth", [101, 1000, 100_000])
@pytest.mark.parametrize("pair", ["[]", ["{"], ['{"a":', "}"]])
def test_deep_nesting_is_a_problem(source, depth, pair):
    text = pair[0] * depth + (pair[1] * depth if len(pair) > 1 else "")
    parsed = check(text.encode(), source)
    assert not parsed.conversations
    assert parsed.problems


def test_deep_nesting_within_one_line_costs_that_line_only():
    deep: list = []
    for _ in range(120):
        deep = [deep]
    parsed = check(jsonl(user("u1", None, 1), user("u2", "u1", 2, [{"a": deep}]), reply("a1", "u2", 3)))
    assert [turn.message.id for turn in parsed.conversations[0].turns] == ["u1", "a1"]
    assert [(problem.line, problem.reason) for problem in parsed.problems] == [(2, "nested more than 100 deep")]


def test_what_is_as_deep_as_allowed_is_read_even_deep_in_the_stack():
    deep: list = []
    for _ in range(90):
        deep = [deep]
    data = jsonl(user("u1", None, 1, [{"a": deep}]))

    def dig(depth: int) -> Parsed:
        return dig(depth - 1) if depth else parse(data)

    assert dig(sys.getrecursionlimit() // 3).conversations


def test_half_surrogate_pairs_are_kept():
    parsed = check(b'{"type":"user","uuid":"\\udc00","sessionId":"s","message":{"role":"user","content":"a\\ud800b"}}')
    assert parsed.conversations[0].turns[0].message.content == "a\ud800b"
    parsed = check(b'[{"role":"user","content":"a\\ud800b"}]')
    assert parsed.conversations[0].turns[0].message.content == "a\ud800b"


def test_an_unknown_source_is_an_error_that_lists_the_known():
    with pytest.raises(UnknownNameError) as caught:
        parse(b"", source="word-perfect")
    assert caught.value.known == sorted(KNOWN_SOURCES)


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (b'[{"role":"user","content":"hi"}]', "anthropic-messages"),
        (b'{"request":{"messages":[{"role":"user","content":"hi"}]}}', "anthropic-messages"),
        (b'{"messages":[{"role":"system","content":"hi"}]}', "openai-messages"),
        (b'{"messages":[{"role":"user","content":"hi"}],"choices":[]}', "openai-messages"),
        (b'[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]', "openai-messages"),
        (b'[{"role":"assistant","tool_calls":[]}]', "openai-messages"),
        (b'{"format":"claif-git/1"}', "claif-json"),
        (b'{"format":"claif-git/7"}', "claif-json"),
        (b'{"type":"user","uuid":"u","message":{}}', "claude-code"),
        (b'rubbish\n42\n{"type":"summary","leafUuid":"u","summary":"x"}', "claude-code"),
        (b'{"type":[],"uuid":"u"}', None),
        (b'{"messages":[]}', None),
        (b'[{"role":{}}]', "anthropic-messages"),
        (b"", None),
    ],
)
def test_sources_are_told_by_content(data, source):
    assert detect(data) == source


def test_what_nobody_knows_is_a_problem_that_names_the_file():
    for data in (b'{"hello":"world"}', b'{"a":1}\n{"b":2}\n'):
        parsed = parse(data, name="notes.json")
        assert parsed == Parsed((), parsed.problems)
        assert "notes.json" in parsed.problems[0].reason
    assert "line 3 column" in parse(b'{\n"messages": [\n{"role":').problems[0].reason
    assert "UTF-8" in parse(b'{"messages": "\xff"}').problems[0].reason


@pytest.mark.parametrize("name", SHIPPED)
def test_the_name_of_a_file_and_its_byte_order_mark_change_nothing(name):
    data = (FIXTURES / name).read_bytes()
    assert parse(data, name=name) == parse(data) == parse(b"\xef\xbb\xbf" + data) == parse(data.replace(b"\n", b"\r\n"))
