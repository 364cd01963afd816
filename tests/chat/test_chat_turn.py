from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.messages_api import KEY, Failure, Reply

from claif_git.chat import ClaudeClient, take_turn
from claif_git.errors import InvalidInputError, MissingKeyError, ModelError, SessionNotFoundError
from claif_git.model import Message, MessageRole
from claif_git.prompt import FINGERPRINT

THOUGHT = {"type": "thinking", "thinking": "hm, well", "signature": "c2lnbmVk"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "lines": [1, 2.0]}}


@pytest.fixture
def session(sessions):
    return sessions.create_session()


@pytest.fixture
def impatient(api, sessions):
    with ClaudeClient(KEY, api.url, session_manager=sessions, max_retries=0) as made:
        yield made


def said(sessions, session):
    return [(str(message.role), message.content) for message in sessions.get_session(session).messages]


@pytest.mark.parametrize("stream", [True, False])
def test_a_turn_commits_the_prompt_and_the_answer_with_tokens_and_model(api, sessions, client, session, stream):
    api.answer = lambda _: "Hello there."
    turn = take_turn(sessions, session, "Hi", client=client, model="claude-x", stream=stream)
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "Hello there.")]
    answer = sessions.get_session(session).messages[-1]
    assert (turn.message, turn.text, turn.notes) == (answer, "Hello there.", [])
    assert (answer.model, answer.tokens, answer.metadata) == ("claude-x", api.usages[0], {})
    assert turn.usage.total == sum(api.usages[0].values())
    assert bool(api.requests[0].get("stream")) is stream


def test_the_prompt_is_committed_before_it_is_sent(api, sessions, client, session):
    seen = []

    def answer(_):
        seen.extend(said(sessions, session))
        return "ok"

    api.answer = answer
    take_turn(sessions, session, "Hi", client=client)
    assert seen == [("user", "Hi")]


def test_text_is_handed_on_as_it_comes(api, sessions, client, session):
    api.answer = lambda _: "one two three"
    pieces = []
    take_turn(sessions, session, "Hi", client=client, on_text=pieces.append)
    assert pieces == ["one", " two", " three"]


@pytest.mark.parametrize("stream", [True, False])
def test_thinking_and_calls_are_kept_as_the_api_gave_them(api, sessions, client, session, stream):
    blocks = [THOUGHT, {"type": "text", "text": "Let me look."}, CALL, {"type": "of_the_future", "x": {"y": [1]}}]
    api.answer = lambda _: Reply(blocks, "tool_use")
    turn = take_turn(sessions, session, "Hi", client=client, stream=stream)
    assert turn.message.content == blocks
    assert turn.text == "Let me look."
    assert turn.notes == []


def test_signed_thinking_goes_back_with_the_next_turn(api, sessions, client, session):
    api.script.extend([Reply([THOUGHT, {"type": "text", "text": "Yes."}]), "Good."])
    first = take_turn(sessions, session, "Hi", client=client)
    assert FINGERPRINT in first.message.metadata
    take_turn(sessions, session, "And?", client=client)
    assert api.requests[1]["messages"][1]["content"][0] == THOUGHT


def test_thinking_about_a_prompt_with_other_tools_claims_nothing(api, sessions, client, session):
    api.script.append(Reply([THOUGHT, {"type": "text", "text": "Yes."}]))
    tool = {"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}
    turn = take_turn(sessions, session, "Hi", client=client, tools=[tool])
    assert turn.message.metadata == {}
    assert api.requests[0]["tools"][0]["name"] == "look"


def test_an_open_call_gets_a_result_so_that_the_talk_can_go_on(api, sessions, client, session):
    api.script.extend([Reply([CALL], "tool_use"), "Then without."])
    take_turn(sessions, session, "Hi", client=client)
    turn = take_turn(sessions, session, "Go on without it", client=client)
    assert turn.text == "Then without."
    assert turn.notes != []


def test_an_answer_cut_at_max_tokens_says_so(api, sessions, client, session):
    api.answer = lambda _: Reply("and then", "max_tokens")
    turn = take_turn(sessions, session, "Hi", client=client, max_tokens=2)
    assert turn.message.metadata == {"stop_reason": "max_tokens"}
    assert turn.notes == ["the answer stopped early: max_tokens"]
    assert api.requests[0]["max_tokens"] == 2


def test_a_large_answer_is_streamed_whatever_was_asked(api, sessions, client, session):
    take_turn(sessions, session, "Hi", client=client, stream=False, max_tokens=64_000)
    assert api.requests[0]["stream"] is True


def test_the_sessions_parameters_are_used_and_the_callers_go_over_them(api, sessions, client):
    parameters = {"model": "claude-opus-4-5", "max_tokens": 77, "temperature": 0.3, "stop_sequences": ["END"]}
    session = sessions.create_session(parameters=parameters)
    take_turn(sessions, session, "Hi", client=client)
    take_turn(sessions, session, "Hi", client=client, model="claude-x", max_tokens=88, stop_sequences=["X"])
    first, second = api.requests
    assert (first["model"], first["max_tokens"], first["temperature"]) == ("claude-opus-4-5", 77, 0.3)
    assert (second["model"], second["max_tokens"], second["stop_sequences"]) == ("claude-x", 88, ["X"])


def test_a_parameter_that_the_model_does_not_take_is_left_out_with_a_note(api, sessions, client):
    session = sessions.create_session(parameters={"temperature": 0.3})
    turn = take_turn(sessions, session, "Hi", client=client, model="claude-sonnet-5-5")
    assert "temperature" not in api.requests[0]
    assert any("temperature left out" in note for note in turn.notes)


def test_the_default_model_is_asked_where_nobody_names_one(api, sessions, client, session, monkeypatch):
    take_turn(sessions, session, "Hi", client=client)
    monkeypatch.setenv("CLAIF_GIT_MODEL", "claude-mine")
    take_turn(sessions, session, "Hi", client=client)
    assert [request["model"] for request in api.requests] == ["claude-sonnet-5-5", "claude-mine"]


def test_a_system_text_is_committed_once_and_sent_at_the_top(api, sessions, client, session):
    take_turn(sessions, session, "Hi", client=client, system="Be brief.")
    take_turn(sessions, session, "Hello", client=client, system="Be brief.")
    assert [role for role, _ in said(sessions, session)] == ["system", "user", "assistant", "user", "assistant"]
    assert [block["text"] for block in api.requests[1]["system"]] == ["Be brief."]


def test_what_somebody_else_said_in_between_stays(api, sessions, client, session):
    def answer(_):
        sessions.add_message(session, Message(MessageRole.USER, "Me too"))
        return "Both?"

    api.answer = answer
    take_turn(sessions, session, "Hi", client=client)
    assert said(sessions, session) == [("user", "Hi"), ("user", "Me too"), ("assistant", "Both?")]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 529])
def test_a_failed_call_keeps_the_prompt_and_says_how_to_go_on(api, sessions, impatient, session, status):
    api.script.append(Failure(status, "because"))
    with pytest.raises(ModelError, match=f"the API said {status}: because") as caught:
        take_turn(sessions, session, "Hi", client=impatient)
    assert caught.value.status == status
    assert f"claif-git ask --retry --session {session}" in caught.value.hint
    assert "\n" not in caught.value.hint + str(caught.value)
    assert said(sessions, session) == [("user", "Hi")]


@pytest.mark.parametrize("status", [429, 500, 529])
def test_trouble_that_passes_is_waited_out(api, sessions, client, session, status):
    api.script.extend([Failure(status), Failure(status), "At last."])
    assert take_turn(sessions, session, "Hi", client=client).text == "At last."
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "At last.")]


def test_a_retry_sends_the_prompt_that_has_no_answer(api, sessions, impatient, session):
    api.script.extend([Failure(500), "Now."])
    with pytest.raises(ModelError):
        take_turn(sessions, session, "Hi", client=impatient)
    take_turn(sessions, session, None, client=impatient)
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "Now.")]


def test_a_retry_asks_again_for_an_answer_that_broke_off(api, sessions, client, session):
    api.script.extend([Reply("one two three", cut_after=2), Reply("four five six", cut_after=1), "Whole."])
    with pytest.raises(ModelError) as caught:
        take_turn(sessions, session, "Hi", client=client)
    assert f"claif-git ask --retry --session {session}" in caught.value.hint
    with pytest.raises(ModelError):
        take_turn(sessions, session, None, client=client)
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "one two"), ("assistant", "four")]
    turn = take_turn(sessions, session, None, client=client)
    assert turn.notes == ["what had come of the answer before is left out; it stays in history"]
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "Whole.")]
    assert [[one["role"] for one in request["messages"]] for request in api.requests] == [["user"]] * 3


def test_what_a_person_said_is_no_answer_that_broke_off(api, sessions, client, session):
    sessions.add_message(session, Message(MessageRole.USER, "Q1"))
    sessions.add_message(session, Message(MessageRole.USER, "Q2", metadata={"interrupted": True}))
    api.script.append("Whole.")
    take_turn(sessions, session, None, client=client)
    assert said(sessions, session) == [("user", "Q1"), ("user", "Q2"), ("assistant", "Whole.")]


def test_what_broke_off_stays_part_of_a_talk_that_went_on(api, sessions, client, session):
    api.script.extend([Reply("one two three", cut_after=2), "Yes."])
    with pytest.raises(ModelError):
        take_turn(sessions, session, "Hi", client=client)
    take_turn(sessions, session, "Go on", client=client)
    assert [one["role"] for one in api.requests[1]["messages"]] == ["user", "assistant", "user"]
    with pytest.raises(InvalidInputError, match="nothing to retry"):
        take_turn(sessions, session, None, client=client)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply([]), "the model gave an empty answer"),
        (Reply(" \n"), "the model gave an empty answer"),
        (Reply([THOUGHT], "max_tokens"), "the model gave an empty answer (max_tokens)"),
    ],
)
def test_an_empty_answer_is_a_failed_call(api, sessions, client, session, reply, told, stream):
    api.script.extend([reply, "Now."])
    with pytest.raises(ModelError) as caught:
        take_turn(sessions, session, "Hi", client=client, stream=stream)
    assert str(caught.value) == told
    assert ("--max-tokens" in caught.value.hint) is ("max_tokens" in told)
    assert caught.value.hint.endswith(f"send it again with: claif-git ask --retry --session {session}")
    assert said(sessions, session) == [("user", "Hi")]
    assert take_turn(sessions, session, None, client=client).text == "Now."


def test_a_retry_may_bring_a_system_text(sessions, client, session):
    sessions.add_message(session, Message(MessageRole.USER, "Hi"))
    take_turn(sessions, session, None, client=client, system="Be brief.")
    assert [role for role, _ in said(sessions, session)] == ["user", "system", "assistant"]


@pytest.mark.parametrize("roles", [[], ["system"], ["user", "assistant"], ["user", "assistant", "system"]])
def test_nothing_is_retried_that_has_an_answer(api, sessions, client, session, roles):
    for role in roles:
        sessions.add_message(session, Message(role, "x"))
    with pytest.raises(InvalidInputError, match="nothing to retry"):
        take_turn(sessions, session, None, client=client)
    assert api.requests == []


@pytest.mark.parametrize("content", ["", " \n", []])
def test_an_empty_prompt_is_refused_and_not_committed(sessions, client, session, content):
    with pytest.raises(InvalidInputError, match="empty"):
        take_turn(sessions, session, content, client=client)
    assert said(sessions, session) == []


def test_what_cannot_be_sent_is_refused_and_not_committed(sessions, client, session):
    with pytest.raises(InvalidInputError, match="max_tokens"):
        take_turn(sessions, session, "Hi", client=client, max_tokens=-1)
    assert said(sessions, session) == []


def test_without_a_key_nothing_is_committed_or_sent(api, sessions, session):
    with ClaudeClient(base_url=api.url) as keyless, pytest.raises(MissingKeyError, match="ANTHROPIC_API_KEY"):
        take_turn(sessions, session, "Hi", client=keyless)
    assert (said(sessions, session), api.requests) == ([], [])


def test_an_unknown_session_is_an_error(sessions, client):
    with pytest.raises(SessionNotFoundError):
        take_turn(sessions, "nowhere", "Hi", client=client)


@pytest.mark.parametrize("reply", [Reply("one two three", cut_after=2), Reply("one two three", error_after=2)])
def test_a_broken_stream_keeps_what_came_marked(api, sessions, client, session, reply):
    api.script.append(reply)
    with pytest.raises(ModelError) as caught:
        take_turn(sessions, session, "Hi", client=client, model="claude-x")
    assert said(sessions, session) == [("user", "Hi"), ("assistant", "one two")]
    kept = sessions.get_session(session).messages[-1]
    assert (kept.metadata, kept.model) == ({"interrupted": True}, "claude-x")
    assert kept.tokens["input_tokens"] == api.usages[0]["input_tokens"]
    assert f"claif-git ask --session {session}" in caught.value.hint


def test_an_error_event_has_the_status_that_its_type_stands_for(api, sessions, client, session):
    api.script.append(Reply("one two", error_after=1))
    with pytest.raises(ModelError, match="the API said 529: Overloaded") as caught:
        take_turn(sessions, session, "Hi", client=client)
    assert caught.value.status == 529


def test_the_talk_goes_on_after_a_broken_stream(api, sessions, client, session):
    api.script.extend([Reply([THOUGHT, CALL, {"type": "text", "text": "one two"}], cut_after=5), "three"])
    with pytest.raises(ModelError):
        take_turn(sessions, session, "Hi", client=client)
    assert said(sessions, session)[-1][1] == [THOUGHT, CALL]
    assert take_turn(sessions, session, "Go on", client=client).text == "three"


@pytest.mark.parametrize("blocks", [[THOUGHT], [{"type": "text", "text": "  x"}], [CALL]])
def test_a_stream_that_broke_before_it_said_anything_can_be_retried(api, sessions, client, session, blocks):
    api.script.extend([Reply(blocks, cut_after=0), "Now."])
    with pytest.raises(ModelError, match="no answer from the API") as caught:
        take_turn(sessions, session, "Hi", client=client)
    assert "--retry" in caught.value.hint
    assert take_turn(sessions, session, None, client=client).text == "Now."


@pytest.mark.parametrize("kind", [KeyboardInterrupt, BrokenPipeError])
def test_a_reader_who_breaks_off_keeps_what_came_marked(api, sessions, client, session, kind):
    api.answer = lambda _: Reply("one two three")
    pieces = []

    def read(text):
        pieces.append(text)
        if len(pieces) == 2:
            raise kind

    with pytest.raises(kind):
        take_turn(sessions, session, "Hi", client=client, on_text=read)
    kept = sessions.get_session(session).messages[-1]
    assert (kept.content, kept.metadata) == ("one two", {"interrupted": True})


INTERRUPTED = """
import sys
from support.memory_sessions import MemorySessions
from claif_git.chat import ClaudeClient, take_turn
sessions = MemorySessions()
session = sessions.create_session()
try:
    client = ClaudeClient(sys.argv[1], sys.argv[2])
    take_turn(sessions, session, "Hi", client=client, on_text=lambda text: print(text, flush=True))
except KeyboardInterrupt:
    kept = sessions.get_session(session).messages[-1]
    print(repr(kept.content), kept.metadata)
"""


def test_ctrl_c_while_waiting_keeps_what_came_marked(api):
    api.answer = lambda _: Reply([{"type": "text", "text": "one" + " more" * 500}], delay=0.02)
    command = [sys.executable, "-c", INTERRUPTED, KEY, api.url]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as asking:
        assert asking.stdout.readline() == "one\n"
        asking.send_signal(signal.SIGINT)
        *_, last = asking.stdout.read().splitlines()
    assert last.startswith("'one")
    assert last.endswith("{'interrupted': True}")


def test_a_whole_answer_that_is_cut_leaves_only_the_prompt(api, sessions, impatient, session):
    api.script.append(Reply("one two three", cut_after=0))
    with pytest.raises(ModelError, match="no answer from the API"):
        take_turn(sessions, session, "Hi", client=impatient, stream=False)
    assert said(sessions, session) == [("user", "Hi")]


def test_a_stream_that_ends_before_the_answer_does_is_broken(sessions, client, session, monkeypatch):
    import fixtures_messages_api

    whole = fixtures_messages_api.events
    monkeypatch.setattr(fixtures_messages_api, "events", lambda *given: list(whole(*given))[:-1])
    with pytest.raises(ModelError, match="broke off before its end"):
        take_turn(sessions, session, "hello", client=client)
    assert sessions.get_session(session).messages[-1].metadata == {"interrupted": True}


def test_a_long_session_is_mostly_read_from_the_prompt_cache(api, sessions, client, session):
    api.answer = lambda request: "An answer of some length. " * (5 + len(request["messages"]))
    for number in range(12):
        take_turn(
            sessions, session, f"Question {number}: " + "what about this? " * 20, client=client, system="Help. " * 40
        )
    first, *later = api.usages
    assert first["cache_read_input_tokens"] == 0
    for before, usage in zip(api.usages, later, strict=False):
        written = before["cache_read_input_tokens"] + before["cache_creation_input_tokens"]
        assert usage["cache_read_input_tokens"] >= written > 0
    total = sum(sum(usage.values()) - usage["output_tokens"] for usage in later)
    assert sum(usage["cache_read_input_tokens"] for usage in later) / total > 0.75


def test_a_branch_reads_its_parents_history_from_the_cache(api, sessions, client, session):
    for number in range(4):
        take_turn(sessions, session, f"Question {number}: " + "what about this? " * 20, client=client)
    branch = sessions.create_session()
    for message in sessions.get_session(session).messages:
        sessions.add_message(branch, message)
    take_turn(sessions, session, "On the one hand", client=client)
    take_turn(sessions, branch, "On the other hand", client=client)
    usage = api.usages[-1]
    assert usage["cache_read_input_tokens"] > 0.8 * (sum(usage.values()) - usage["output_tokens"])
