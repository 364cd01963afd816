"""A file that has grown gives the same turns as before, and more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from claude_lines import call, jsonl, line, reply, result, user
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.importers import ImportedConversation, Parsed, parse

FIXTURES = Path(__file__).parents[2] / "fixtures"
CLAUDE_CODE = ["claude-code-session.jsonl", "claude-code-damaged.jsonl"]
DOCUMENTS = ["anthropic-messages.json", "openai-messages.json"]


def check_grown(before: Parsed, after: Parsed) -> None:
    """Hold that whoever took in `before` only has to add to it to have `after`."""
    later = {(conversation.source, conversation.key): conversation for conversation in after.conversations}
    assert len(later) == len(after.conversations)
    for old in before.conversations:
        check_conversation(old, later[old.source, old.key])


def check_conversation(old: ImportedConversation, new: ImportedConversation) -> None:
    assert new.turns[: len(old.turns)] == old.turns
    assert new.created_at == old.created_at
    assert old.metadata.items() <= new.metadata.items()
    keys = {branch.key: branch for branch in new.branches}
    assert len(keys) == len(new.branches)
    for branch in old.branches:
        line = old.line(branch)
        assert new.line(keys[branch.key])[: len(line)] == line


def check_whole(parsed: Parsed) -> None:
    """Hold what every reader of a conversation relies on."""
    for conversation in parsed.conversations:
        assert conversation.turns
        assert conversation.branches
        assert all(turn.parent is None or turn.parent < index for index, turn in enumerate(conversation.turns))
        names = [turn.message.id for turn in conversation.turns]
        assert len(set(names)) == len(names)
        shown = {turn.message.id for branch in conversation.branches for turn in conversation.line(branch)}
        assert shown == set(names)
        parents = {turn.parent for turn in conversation.turns}
        leaves = {index for index in range(len(names)) if index not in parents}
        assert {branch.leaf for branch in conversation.branches} == leaves


@pytest.mark.parametrize("name", CLAUDE_CODE)
def test_every_beginning_of_a_session_file_is_a_part_of_the_whole(name):
    lines = (FIXTURES / name).read_bytes().splitlines(keepends=True)
    whole = parse(b"".join(lines), source="claude-code")
    check_whole(whole)
    for end in range(len(lines) + 1):
        begun = parse(b"".join(lines[:end]), source="claude-code")
        check_whole(begun)
        check_grown(begun, whole)
        assert begun.problems == whole.problems[: len(begun.problems)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_beginning_of_a_list_of_messages_is_a_part_of_the_whole(name):
    document = json.loads((FIXTURES / name).read_bytes())
    source = name.removesuffix(".json")
    whole = parse(json.dumps(document).encode(), source=source)
    for end in range(2, len(document["messages"]) + 1):
        begun = parse(json.dumps(document | {"messages": document["messages"][:end]}).encode(), source=source)
        check_whole(begun)
        check_grown(begun, whole)


ENVELOPES = [{}, {}, {}, {"isSidechain": True}, {"sessionId": "t"}, {"agentId": "x", "isSidechain": True}]
KINDS = ["user", "reply", "call", "result", "progress", "boundary", "broken"]


@st.composite
def session_lines(draw: st.DrawFn, index: int) -> bytes:
    parent = draw(st.none() | st.sampled_from([f"n{at}" for at in range(index + 2)]))
    uuid = draw(st.just(f"n{index}") | st.sampled_from(["n0", "n1", None]))
    more = draw(st.sampled_from(ENVELOPES))
    tool, name = draw(st.sampled_from(["t1", "t2"])), draw(st.sampled_from(["m1", "m2"]))
    spent = {"id": name, "usage": {"output_tokens": draw(st.integers(0, 9))}}
    made = {
        "user": user(uuid, parent, index, "a prompt", **more),
        "reply": reply(uuid, parent, index, **spent, **more),
        "call": reply(uuid, parent, index, call(tool), **spent, **more),
        "result": result(uuid or "r", parent, index, tool),
        "progress": line("progress", uuid, parent, index, **more),
        "boundary": line("system", uuid, None, index, logicalParentUuid=parent),
        "broken": b'{"type": "user", "uuid": "',
    }
    return jsonl(made[draw(st.sampled_from(KINDS))])


@st.composite
def sessions(draw: st.DrawFn) -> list[bytes]:
    """Draw files in which every line hangs on any other: forks, parallel calls, lost parents, repeats, subagents."""
    return [draw(session_lines(index)) for index in range(draw(st.integers(1, 14)))]


@given(sessions(), st.data())
@settings(max_examples=400)
def test_whatever_shape_a_session_has_its_beginnings_are_parts_of_it(lines, data):
    whole = parse(b"".join(lines), source="claude-code")
    check_whole(whole)
    end = data.draw(st.integers(0, len(lines)))
    check_grown(parse(b"".join(lines[:end]), source="claude-code"), whole)


texts = st.text(max_size=5)
blocks = st.lists(st.builds(lambda text: {"type": "text", "text": text}, texts), min_size=1, max_size=2)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "assistant", "system", "tool"]), "content": texts | blocks},
        optional={"timestamp": st.sampled_from(["2026-01-01T00:00:00", "never", 5])},
    ),
    min_size=1,
    max_size=8,
)


@given(messages, st.sampled_from(["anthropic-messages", "openai-messages"]), st.data())
def test_whatever_a_list_says_its_beginnings_are_parts_of_it(listed, source, data):
    whole = parse(json.dumps(listed).encode(), source=source)
    check_whole(whole)
    spoken = next((at for at, item in enumerate(listed) if item["role"] != "system"), len(listed) - 1)
    end = data.draw(st.integers(spoken + 1, len(listed)))
    check_grown(parse(json.dumps(listed[:end]).encode(), source=source), whole)
