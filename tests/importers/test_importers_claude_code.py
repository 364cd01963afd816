from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from claude_lines import call, ids, jsonl, line, only, read, reply, result, user

from claif_git.importers import parse
from claif_git.model import MessageRole, count

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_a_session_is_read_in_order_with_its_own_ids():
    conversation = only(
        read(
            user("u1", None, 1, cwd="/work", gitBranch="main", version="2.0"),
            reply("a1", "u1", 2, model="claude-sonnet-5-5", id="msg_1", usage={"input_tokens": 3, "output_tokens": 4}),
        )
    )
    assert (conversation.source, conversation.key) == ("claude-code", "s")
    assert conversation.title == "ask u1"
    assert conversation.created_at == datetime(2026, 3, 30, 9, 0, 1, tzinfo=UTC)
    assert conversation.metadata == {
        "source": "claude-code",
        "source_session": "s",
        "cwd": "/work",
        "git_branch": "main",
        "version": "2.0",
    }
    asked, answered = (turn.message for turn in conversation.turns)
    assert (asked.id, asked.role, asked.content) == ("u1", MessageRole.USER, "ask u1")
    assert (answered.id, answered.model, answered.tokens) == (
        "a1",
        "claude-sonnet-5-5",
        {"input_tokens": 3, "output_tokens": 4},
    )
    assert answered.metadata == {"reply": "msg_1"}


def test_a_second_child_of_a_turn_begins_a_branch_and_what_was_said_last_is_the_main_line():
    conversation = only(
        read(
            user("u1", None, 1),
            reply("a1", "u1", 2),
            user("u2", "a1", 3),
            reply("a2", "u2", 4),
            user("u3", "a1", 5, "Try again"),
            reply("a3", "u3", 6),
        )
    )
    assert ids(conversation) == [["u1", "a1", "u3", "a3"], ["u1", "a1", "u2", "a2"]]
    assert [branch.key for branch in conversation.branches] == ["u3", "u1"]
    assert [branch.title for branch in conversation.branches] == ["ask u1", "ask u2"]
    assert conversation.branches[0].metadata == {"forked_at": "a1"}
    assert conversation.branches[1].metadata == {}


def test_a_first_prompt_that_was_asked_anew_is_a_branch_from_the_root():
    conversation = only(read(user("u1", None, 1), reply("a1", "u1", 2), user("u2", None, 3), reply("a2", "u2", 4)))
    assert ids(conversation) == [["u2", "a2"], ["u1", "a1"]]
    assert conversation.turns[2].parent is None


def test_a_file_that_names_no_parents_is_one_line():
    lines = [user("u1", None, 1), reply("a1", None, 2), user("u2", None, 3), reply("a2", None, 4)]
    assert ids(only(read(*lines))) == [["u1", "a1", "u2", "a2"]]
    for item in lines:
        del item["parentUuid"]
    assert ids(only(read(*lines))) == [["u1", "a1", "u2", "a2"]]


def test_results_of_parallel_calls_stay_in_the_line():
    conversation = only(
        read(
            user("u1", None, 1),
            reply("a1", "u1", 2, call("t1"), id="m"),
            reply("a2", "a1", 3, call("t2"), id="m"),
            result("r1", "a1", 4, "t1"),
            result("r2", "a2", 5, "t2"),
            reply("a3", "r1", 6),
        )
    )
    assert ids(conversation) == [["u1", "a1", "a2", "r1", "r2", "a3"]]


def test_a_result_that_came_before_the_rest_of_its_reply_stays_in_the_line():
    conversation = only(
        read(
            user("u1", None, 1),
            reply("a1", "u1", 2, call("t1"), id="m"),
            result("r1", "a1", 3, "t1"),
            reply("a2", "a1", 4, call("t2"), id="m"),
            result("r2", "a2", 5, "t2"),
            reply("a3", "r2", 6, id="n"),
        )
    )
    assert ids(conversation) == [["u1", "a1", "r1", "a2", "r2", "a3"]]


def test_a_result_that_came_late_goes_to_the_end_of_the_line_but_a_second_one_is_a_branch():
    lines = [
        user("u1", None, 1),
        reply("a1", "u1", 2, call("t1"), id="m"),
        user("u2", "a1", 3),
        reply("a2", "u2", 4, id="n"),
        result("r1", "a1", 5, "t1"),
    ]
    assert ids(only(read(*lines))) == [["u1", "a1", "u2", "a2", "r1"]]
    again = only(read(*lines, result("r2", "a1", 6, "t1")))
    assert ids(again) == [["u1", "a1", "r2"], ["u1", "a1", "u2", "a2", "r1"]]


def test_the_usage_of_one_reply_is_counted_once_and_is_right_at_any_time():
    early = {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 2, "service_tier": "standard"}
    lines = [
        user("u1", None, 1),
        reply("a1", "u1", 2, id="m", usage=early),
        reply("a2", "a1", 3, id="m", usage=early),
        reply("a3", "a2", 4, id="m", usage=early | {"output_tokens": 50}),
    ]
    messages = [turn.message for turn in only(read(*lines)).turns]
    assert [message.tokens for message in messages[1:]] == [early, None, {"output_tokens": 48}]
    assert sum(count(message.tokens).total for message in messages) == 150
    assert [turn.message.tokens for turn in only(read(*lines[:3])).turns[1:]] == [early, None]


def test_usage_that_cannot_be_stored_is_a_problem_and_the_message_stays():
    parsed = read(user("u1", None, 1), reply("a1", "u1", 2, usage={"input_tokens": float("nan")}))
    assert only(parsed).turns[1].message.tokens is None
    assert [problem.line for problem in parsed.problems] == [2]
    assert only(read(reply("a1", None, 2, usage=[1]))).turns[0].message.tokens is None


def test_the_usage_of_a_reply_without_an_id_is_that_of_its_line():
    lines = [reply(name, None, 2, usage={"output_tokens": 3}) for name in ("a1", "a2")]
    assert [turn.message.tokens for turn in only(read(*lines)).turns] == [{"output_tokens": 3}] * 2


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (user("x", "u1", 2, "notes", isMeta=True), "meta"),
        (user("x", "u1", 2, "<command-name>/status</command-name>"), "command"),
        (user("x", "u1", 2, [{"type": "text", "text": "<local-command-stdout>ok</local-command-stdout>"}]), "command"),
        (user("x", "u1", 2, "[Request interrupted by user]"), "interrupted"),
        (user("x", "u1", 2, "All so far: …", isCompactSummary=True), "compact-summary"),
        (reply("x", "u1", 2, "API Error", isApiErrorMessage=True, model="<synthetic>"), "error"),
        (line("attachment", "x", "u1", 2, attachment={"type": "queued_command", "prompt": "and then?"}), "queued"),
        (user("x", "u1", 2, "a human"), None),
        (user("x", "u1", 2, [{"type": "image", "source": {}}]), None),
    ],
)
def test_what_no_human_typed_is_kept_and_marked(item, kind):
    conversation = only(read(user("u1", None, 1), item, reply("a1", "x", 3)))
    assert ids(conversation) == [["u1", "x", "a1"]]
    marked = conversation.turns[1].message
    assert marked.metadata.get("kind") == kind
    assert marked.model is None


@pytest.mark.parametrize(
    "item",
    [
        line("progress", "p", "u1", 2, data={"type": "hook_progress"}),
        line("system", "p", "u1", 2, subtype="turn_duration"),
        line("attachment", "p", "u1", 2, attachment={"type": "skill_listing"}),
        line("something-new", "p", "u1", 2),
        user("p", "u1", 2, []),
    ],
)
def test_lines_that_are_no_messages_carry_the_chain_on(item):
    parsed = read(user("u0", None, 0), user("u1", "u0", 1), item, reply("a1", "p", 3), reply("b1", "u0", 4))
    assert ids(only(parsed)) == [["u0", "b1"], ["u0", "u1", "a1"]]
    assert not parsed.problems


def test_lines_about_other_things_are_passed_over():
    parsed = read(
        {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {}},
        user("u1", None, 1),
        {"type": "queue-operation", "operation": "enqueue", "sessionId": "s", "content": "x"},
    )
    assert ids(only(parsed)) == [["u1"]]
    assert not parsed.problems


def test_compaction_goes_on_in_the_same_line():
    conversation = only(
        read(
            user("u1", None, 1),
            reply("a1", "u1", 2),
            line("system", "c", None, 3, subtype="compact_boundary", logicalParentUuid="a1"),
            user("u2", "c", 4, "Summary", isCompactSummary=True),
            reply("a2", "u2", 5),
        )
    )
    assert ids(conversation) == [["u1", "a1", "u2", "a2"]]
    lost = only(
        read(
            line("system", "c", None, 3, subtype="compact_boundary", logicalParentUuid="gone"),
            user("u2", "c", 4, "Summary", isCompactSummary=True),
        )
    )
    assert ids(lost) == [["u2"]]


def test_the_raw_line_is_kept_on_request():
    item = user("u1", None, 1)
    assert only(read(item, keep_raw=True)).turns[0].message.metadata["raw"] == jsonl(item).decode().rstrip("\n")
    assert "raw" not in only(read(item)).turns[0].message.metadata


def test_damaged_lines_are_named_by_their_number_and_the_others_are_read():
    parsed = parse((FIXTURES / "claude-code-damaged.jsonl").read_bytes())
    assert [turn.message.id for turn in only(parsed).turns] == ["u1", "a2", "u2", "a3"]
    assert [problem.line for problem in parsed.problems] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 13]
    assert all(problem.reason for problem in parsed.problems)
    answered = only(parsed).turns[1].message
    assert answered.content == [
        {"type": "text", "text": "I will count them."},
        {"type": "text", "text": "The table is short."},
    ]
    assert only(parsed).turns[2].message.timestamp == answered.timestamp


@pytest.mark.parametrize(
    "stamp", ["2026-13-99T00:00:00Z", "1512-01-01T00:00:00Z", "9999-01-01T00:00:00Z", 1e300, True, []]
)
def test_a_time_out_of_range_is_the_time_of_the_line_before(stamp):
    parsed = read(user("u1", None, 5), reply("a1", "u1", 6, timestamp=stamp))
    first, second = (turn.message.timestamp for turn in only(parsed).turns)
    assert first == second
    assert [problem.line for problem in parsed.problems] == [2]
    alone = only(read(user("u1", None, 5, timestamp=stamp)))
    assert alone.created_at == datetime(2000, 1, 1, tzinfo=UTC)


def test_a_message_that_no_store_could_hold_is_a_problem():
    parsed = read(
        user("u1", None, 1),
        jsonl(user("u2", "u1", 2, [{"n": 1}])).strip().replace(b'"n": 1', b'"n": NaN'),
        jsonl(user("u3", "u2", 3, [{"n": 1}])).strip().replace(b'"n": 1', b'"n": ' + b"9" * 5000),
        user("u4", "u3", 4, None, message={"role": "user", "content": {"type": "text", "text": "one block"}}),
        {"type": "summary", "leafUuid": "u1"},
    )
    assert ids(only(parsed)) == [["u1", "u4"]]
    assert [problem.line for problem in parsed.problems] == [2, 3, 5]


def test_the_conversation_for_the_tutorial_reads_as_it_should():
    parsed = parse((FIXTURES / "claude-code-session.jsonl").read_bytes())
    conversation = only(parsed)
    assert not parsed.problems
    assert conversation.title == "Departure parser drops the time zone"
    assert [branch.title for branch in conversation.branches] == [
        conversation.title,
        "Keep strptime and use %z, please.",
    ]
    main, other = map(conversation.line, conversation.branches)
    assert (len(main), len(other)) == (17, 13)
    assert main[:9] == other[:9]
    names = {
        block["id"] for turn in main for block in turn.message.content if isinstance(block, dict) and "input" in block
    }
    answered = {block.get("tool_use_id") for turn in main for block in turn.message.content if isinstance(block, dict)}
    assert names
    assert names <= answered
