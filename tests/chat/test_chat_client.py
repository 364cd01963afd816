from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest
from support.messages_api import KEY, Failure, Reply

from claif_git.chat import ClaudeClient
from claif_git.errors import InvalidInputError, MissingKeyError, ModelError
from claif_git.model import Message, MessageRole

HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def impatient(api):
    with ClaudeClient(KEY, api.url, max_retries=0) as made:
        yield made


def test_an_answer_has_the_shape_that_chat_libraries_share(api, client):
    api.answer = lambda _: "Hi."
    response = client.chat.completions.create(model="claude-x", messages=HELLO)
    choice = response.choices[0]
    assert (choice.message.content, choice.message.role, choice.finish_reason) == ("Hi.", "assistant", "stop")
    assert response.model == "claude-x"
    assert response.id.startswith("msg_")
    usage = response.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens == sum(api.usages[0].values())
    assert usage.details == api.usages[0]


def test_input_from_the_cache_counts_as_input(client):
    long = [{"role": "user", "content": "word " * 1000}]
    first = client.chat.completions.create("claude-x", long)
    again = client.chat.completions.create("claude-x", long)
    assert again.usage.details["cache_read_input_tokens"] > 0
    assert again.usage.total_tokens == first.usage.total_tokens


def test_system_messages_go_to_the_top_and_roles_alternate(api, client):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "One"},
        {"role": "user", "content": [{"type": "text", "text": "Two"}]},
        {"role": "assistant", "content": "Three"},
        Message(MessageRole.SYSTEM, "Be kind."),
        Message(MessageRole.USER, "Four"),
    ]
    client.chat.completions.create("claude-x", messages)
    request = api.requests[0]
    assert [block["text"] for block in request["system"]] == ["Be brief.", "Be kind."]
    assert [message["role"] for message in request["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in request["messages"][0]["content"]] == ["One", "Two"]


def test_parameters_reach_the_api(api, client):
    client.chat.completions.create(
        "claude-opus-4-5", HELLO, max_tokens=9, temperature=0.2, stop_sequences=["X"], metadata={"user_id": "u"}
    )
    request = api.requests[0]
    assert (request["max_tokens"], request["temperature"], request["stop_sequences"]) == (9, 0.2, ["X"])
    assert request["metadata"] == {"user_id": "u"}


def test_a_parameter_that_the_model_does_not_take_is_left_out_with_a_note(api, client):
    response = client.chat.completions.create("claude-sonnet-5-5", HELLO, temperature=0.2)
    assert "temperature" not in api.requests[0]
    assert response.notes == ["temperature left out: claude-sonnet-5-5 takes no sampling parameters"]


def test_the_default_model_is_asked_where_none_is_named(api, client, monkeypatch):
    monkeypatch.setenv("CLAIF_GIT_MODEL", "claude-mine")
    client.chat.completions.create(messages=HELLO)
    assert api.requests[0]["model"] == "claude-mine"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("tool_use", "tool_calls"),
     ("refusal", "content_filter")],
)  # fmt: skip
def test_why_it_stopped_is_said_in_the_words_of_chat_libraries(api, client, reason, finish):
    api.answer = lambda _: Reply("x", reason)
    assert client.chat.completions.create("claude-x", HELLO).choices[0].finish_reason == finish


def test_blocks_beside_the_text_are_there_too(api, client):
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "c2ln"}, {"type": "text", "text": "Yes."}]
    api.answer = lambda _: Reply(blocks)
    message = client.chat.completions.create("claude-x", HELLO).choices[0].message
    assert (message.content, message.blocks) == ("Yes.", blocks)


def test_a_stream_gives_the_text_in_chunks_and_ends_with_the_reason(api, client):
    api.answer = lambda _: "one two three"
    chunks = list(client.chat.completions.create(model="claude-x", messages=HELLO, stream=True))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["one", " two", " three", None]
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None, None, None, "stop"]
    assert chunks[-1].usage.total_tokens == sum(api.usages[0].values())
    assert {(chunk.id, chunk.model) for chunk in chunks} == {(chunks[0].id, "claude-x")}


def test_a_stream_can_be_closed_half_way_or_before_it_is_read(api, client):
    api.answer = lambda _: "one two three"
    with client.chat.completions.create("claude-x", HELLO, stream=True) as stream:
        assert next(stream).choices[0].delta.content == "one"
    assert list(stream) == []
    unread = client.chat.completions.create("claude-x", HELLO, stream=True)
    unread.close()
    assert list(unread) == []
    assert client.chat.completions.create("claude-x", HELLO).choices[0].message.content == "one two three"


def test_a_stream_is_refused_where_it_is_asked_for(api, impatient):
    api.script.append(Failure(529, "Overloaded"))
    with pytest.raises(ModelError, match="529"):
        impatient.chat.completions.create("claude-x", HELLO, stream=True)


def test_a_cut_stream_is_an_error_after_what_came(api, client):
    api.script.append(Reply("one two", cut_after=1))
    stream = client.chat.completions.create("claude-x", HELLO, stream=True)
    assert next(stream).choices[0].delta.content == "one"
    with pytest.raises(ModelError, match="no answer from the API: peer closed connection"):
        next(stream)


@pytest.mark.parametrize("stream", [True, False])
def test_without_a_key_nothing_is_sent(api, stream):
    with ClaudeClient(base_url=api.url) as keyless, pytest.raises(MissingKeyError) as caught:
        keyless.chat.completions.create("claude-x", HELLO, stream=stream)
    assert "ANTHROPIC_API_KEY" in str(caught.value)
    assert api.requests == []


def test_key_and_address_come_from_the_environment(api, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", f"{KEY}\n")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
    with ClaudeClient() as from_environment:
        assert from_environment.chat.completions.create("claude-x", HELLO).choices


@pytest.mark.parametrize("key", ["sk ant", "sk-änt", "sk\x00"])
def test_what_cannot_be_a_key_is_refused_unsaid_and_unsent(api, key):
    with ClaudeClient(key, api.url) as broken, pytest.raises(ModelError) as caught:
        broken.chat.completions.create("claude-x", HELLO)
    assert key not in str(caught.value)
    assert api.requests == []


def test_a_wrong_key_is_said_to_be_wrong_and_not_told(api):
    with ClaudeClient("sk-wrong", api.url) as wrong, pytest.raises(ModelError, match="invalid x-api-key") as caught:
        wrong.chat.completions.create("claude-x", HELLO)
    assert (caught.value.status, caught.value.hint) == (401, "check ANTHROPIC_API_KEY")
    assert "sk-wrong" not in str(caught.value)


def test_a_key_that_an_endpoint_echoes_is_not_told(api, impatient):
    api.script.append(Failure(400, f"bad\nthing \x1b[31m with {KEY}" + " x" * 400))
    with pytest.raises(ModelError) as caught:
        impatient.chat.completions.create("claude-x", HELLO)
    text = str(caught.value)
    assert KEY not in text
    assert text.isprintable()
    assert len(text) < 400


def test_a_server_that_is_not_there_is_an_error_with_a_hint():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with ClaudeClient(KEY, f"http://127.0.0.1:{port}", max_retries=0) as client:
        with pytest.raises(ModelError, match="no answer from the API") as caught:
            client.chat.completions.create("claude-x", HELLO)
        assert caught.value.status is None
        assert "ANTHROPIC_BASE_URL" in caught.value.hint


def test_a_server_that_says_nothing_is_given_up_on(api):
    api.answer = lambda _: Reply("late", delay=5)
    with (
        ClaudeClient(KEY, api.url, max_retries=0, timeout=0.05) as client,
        pytest.raises(ModelError, match="no answer"),
    ):
        list(client.chat.completions.create("claude-x", HELLO, stream=True))


@pytest.mark.parametrize("stream", [True, False])
def test_an_endpoint_that_speaks_something_else_is_an_error(client, stream, monkeypatch):
    import fixtures_messages_api

    def page(handler, *_):
        handler.send_response(200)
        handler.send_header("content-type", "text/html")
        handler.send_header("content-length", "6")
        handler.end_headers()
        handler.wfile.write(b"<html>")

    monkeypatch.setattr(fixtures_messages_api._Handler, "_whole", page)
    monkeypatch.setattr(fixtures_messages_api._Handler, "_stream", page)
    with pytest.raises(ModelError, match=r"broke off|no answer of the Messages API"):
        list(client.chat.completions.create("claude-x", HELLO, stream=stream))


def test_json_of_another_api_is_an_error(client, monkeypatch):
    import fixtures_messages_api

    monkeypatch.setattr(fixtures_messages_api.MessagesServer, "message", lambda *_: {"type": "message"})
    with pytest.raises(ModelError, match="no answer of the Messages API"):
        client.chat.completions.create("claude-x", HELLO)


def test_a_fault_that_is_not_the_apis_stays_what_it_is(api, client):
    with pytest.raises(TypeError, match="not JSON serializable"):
        next(client.events({"model": "claude-x", "max_tokens": 1, "messages": [object()]}))
    assert api.requests == []


@pytest.mark.parametrize("messages", [["hello"], [{"role": "user"}], [{"role": "tool", "content": "x"}], []])
def test_messages_that_cannot_be_are_refused(api, client, messages):
    with pytest.raises(InvalidInputError):
        client.chat.completions.create("claude-x", messages)
    assert api.requests == []


def test_a_talk_in_a_session_goes_on_where_it_was(api, sessions, client):
    api.answer = lambda request: f"answer {len(request['messages'])}"
    text, session_id = client.chat_with_session("Hello!")
    assert text == "answer 1"
    assert client.chat_with_session("How are you?", session_id) == ("answer 3", session_id)
    messages = sessions.get_session(session_id).messages
    assert [message.text for message in messages] == ["Hello!", "answer 1", "How are you?", "answer 3"]


def test_a_talk_in_a_session_can_be_read_as_it_comes_from_any_model(api, client):
    api.answer = lambda _: "one two"
    pieces = []
    client.chat_with_session("Hello!", model="claude-y", on_text=pieces.append, max_tokens=5)
    assert pieces == ["one", " two"]
    assert (api.requests[0]["model"], api.requests[0]["max_tokens"]) == ("claude-y", 5)


def test_a_prefix_names_a_session(sessions, client):
    session_id = sessions.create_session()
    assert client.chat_with_session("Hello!", session_id[:-1])[1] == session_id


def test_without_a_key_no_session_is_made(api, sessions):
    with ClaudeClient(base_url=api.url, session_manager=sessions) as keyless, pytest.raises(MissingKeyError):
        keyless.chat_with_session("Hello!")
    assert sessions._sessions == {}


def test_one_client_serves_many_threads(api, client):
    api.answer = lambda request: request["messages"][0]["content"][0]["text"]
    answers = {}

    def ask(number):
        response = client.chat.completions.create("claude-x", [{"role": "user", "content": f"number {number}"}])
        answers[number] = response.choices[0].message.content

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: f"number {number}" for number in range(8)}


def test_a_closed_client_connects_again(client):
    client.chat.completions.create("claude-x", HELLO)
    client.close()
    assert client.chat.completions.create("claude-x", HELLO).choices


def test_importing_chat_loads_no_sdk():
    heavy = "{'anthropic', 'pydantic', 'dulwich', 'jinja2', 'rich'}"
    code = f"import sys, claif_git.chat; print(sorted({heavy} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
