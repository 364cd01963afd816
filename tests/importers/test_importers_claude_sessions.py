"""Several conversations in one file of Claude Code: which turn is whose, by what key, under what title."""

from __future__ import annotations

import pytest
from claude_lines import call, ids, line, only, read, reply, result, user


def test_a_subagent_in_the_same_file_is_a_conversation_of_its_own():
    parsed = read(
        user("u1", None, 1),
        reply("a1", "u1", 2, call("t1")),
        user("s1", None, 3, "Look around", isSidechain=True),
        reply("s2", "s1", 4, isSidechain=True),
        user("z1", "a1", 5, "Elsewhere", isSidechain=True),
        reply("z2", "lost", 6, isSidechain=True),
        result("r1", "a1", 7, "t1"),
    )
    assert [ids(conversation) for conversation in parsed.conversations] == [
        [["u1", "a1", "r1"]],
        [["s1", "s2"]],
        [["z1", "z2"]],
    ]
    agent = parsed.conversations[1]
    assert (agent.key, agent.title) == ("s/s1", "Look around")
    assert agent.metadata == {"source": "claude-code", "source_session": "s", "sidechain": True, "agent": "s1"}


def test_a_subagent_with_a_name_has_the_same_key_in_a_file_of_its_own():
    lines = [
        user("s1", None, 3, "Look", isSidechain=True, agentId="af1"),
        reply("s2", "s1", 4, isSidechain=True, agentId="af1"),
    ]
    inside = read(user("u1", None, 1), *lines).conversations[1]
    beside = only(read(*lines))
    assert inside == beside
    assert beside.key == "s/af1"


def test_several_sessions_in_one_file_are_several_conversations():
    parsed = read(
        user("u1", None, 1),
        user("v1", None, 2, sessionId="t"),
        reply("a1", "u1", 3),
        reply("b1", "v1", 4, sessionId="t"),
        user("u1", None, 5, "copied", sessionId="t"),
    )
    assert {conversation.key: ids(conversation) for conversation in parsed.conversations} == {
        "s": [["u1", "a1"]],
        "t": [["u1"], ["v1", "b1"]],
    }


def test_a_fork_of_another_session_says_so():
    forked = {"forkedFrom": {"sessionId": "r", "messageUuid": "u1"}}
    conversation = only(read(user("u1", None, 1, **forked), reply("a1", "u1", 2, forkedFrom={"sessionId": 3})))
    assert conversation.metadata["forked_from"] == "r"
    assert conversation.turns[0].message.metadata == {"forked_from": {"session": "r", "message": "u1"}}
    assert conversation.turns[1].message.metadata == {}


def test_the_first_of_two_lines_with_the_same_uuid_stands():
    conversation = only(read(user("u1", None, 1), reply("a1", "u1", 2), user("u1", None, 3, "another")))
    assert [turn.message.text for turn in conversation.turns] == ["ask u1", "answer a1"]
    mended = only(read(line("user", "u1", None, 1), user("u1", None, 2, "now whole"), reply("a1", "u1", 3)))
    assert ids(mended) == [["u1", "a1"]]


def test_a_message_without_a_uuid_has_an_id_of_its_own_and_stays_in_the_line():
    lines = [
        user("u1", None, 1),
        user(None, "u1", 2, "stop"),
        user(None, "u1", 2, "stop"),
        user(None, "u1", 2, "no, go on"),
        reply("a1", "u1", 3),
    ]
    conversation = only(read(*lines))
    texts = [turn.message.text for turn in conversation.turns]
    assert texts == ["ask u1", "stop", "no, go on", "answer a1"]
    assert len(conversation.branches) == 1
    assert conversation == only(read(*lines))


def test_a_parent_that_was_lost_is_the_line_before():
    assert ids(only(read(user("u1", "gone", 1), reply("a1", "gone too", 2)))) == [["u1", "a1"]]


def test_a_file_without_session_ids_has_a_key_all_the_same():
    lines = [user("u1", None, 1), reply("a1", "u1", 2)]
    for item in lines:
        del item["sessionId"]
    conversation = only(read(*lines))
    assert conversation.key
    assert conversation.key == only(read(lines[0])).key


def test_keys_are_printable_ascii_whatever_the_source_calls_things():
    conversation = only(read(user("\ud800" * 200, None, 1, sessionId="a\nb/é")))
    assert all(key.isascii() and key.isprintable() for key in (conversation.key, conversation.branches[0].key))


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ([], "ask u1"),
        ([{"type": "summary", "summary": "Summed up", "leafUuid": "a1"}], "Summed up"),
        ([{"type": "summary", "summary": "Of another file", "leafUuid": "zzz"}], "Of another file"),
        ([{"type": "summary", "summary": leaf, "leafUuid": leaf} for leaf in ("u1", "a1")], "a1"),
        ([{"type": "ai-title", "aiTitle": "By the tool", "sessionId": "s"}], "By the tool"),
        (
            [
                {"type": "custom-title", "customTitle": "By the user", "sessionId": "s"},
                {"type": "ai-title", "aiTitle": "By the tool", "sessionId": "s"},
            ],
            "By the user",
        ),
        ([{"type": "custom-title", "customTitle": " \n ", "sessionId": "s"}], "ask u1"),
        ([{"type": "summary", "summary": "x" * 100, "leafUuid": "a1"}], "x" * 79 + "…"),
    ],
)  # fmt: skip
def test_the_title_is_the_best_there_is(more, title):
    lines = [user("m", None, 0, "notes", isMeta=True), user("u1", "m", 1), reply("a1", "u1", 2)]
    assert only(read(*lines, *more)).title == title
    assert only(read(*more, *lines)).title == title


def test_a_stray_summary_titles_nothing_where_there_are_several_sessions():
    parsed = read(
        {"type": "summary", "summary": "Whose?", "leafUuid": "zzz"},
        user("u1", None, 1),
        user("v", None, 2, sessionId="t"),
    )
    assert [conversation.title for conversation in parsed.conversations] == ["ask u1", "ask v"]
