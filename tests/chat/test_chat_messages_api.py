"""The stand-in for the API behaves as the API does, as far as tests and the demo lean on it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import anthropic
import pytest
from support.messages_api import KEY, Failure, MessagesApi, Reply, canned

SERVER = Path(__file__).parents[2] / "fixtures" / "messages_api.py"
HELLO = {"model": "claude-x", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
BLOCKS = [
    {"type": "thinking", "thinking": "hm m", "signature": "c2ln"},
    {"type": "text", "text": " a b\n c "},
    {"type": "tool_use", "id": "t1", "name": "x", "input": {"a": 1.5, "b": [1, {}]}},
    {"type": "tool_use", "id": "t2", "name": "x", "input": {}},
]


@pytest.fixture
def sdk(api):
    with anthropic.Anthropic(api_key=KEY, base_url=api.url, max_retries=0) as made:
        yield made


def posted(url, body, headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)  # noqa: S310  our own server
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310  our own server
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_the_sdk_reads_the_same_answer_whole_and_streamed(api, sdk):
    api.answer = lambda _: Reply(BLOCKS, "tool_use")
    whole = sdk.messages.create(**HELLO)
    with sdk.messages.stream(**HELLO) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert [block.model_dump(exclude_unset=True) for block in message.content] == BLOCKS
        assert message.stop_reason == "tool_use"
        assert message.usage.output_tokens == api.usages[0]["output_tokens"]


def test_the_sdk_counts_tokens(sdk):
    few = sdk.messages.count_tokens(model="claude-x", messages=HELLO["messages"])
    many = sdk.messages.count_tokens(model="claude-x", messages=[{"role": "user", "content": "word " * 1000}])
    assert 0 < few.input_tokens < many.input_tokens


def test_a_request_that_breaks_a_rule_is_refused(api, sdk):
    with pytest.raises(anthropic.BadRequestError, match="alternate"):
        sdk.messages.create(**{**HELLO, "messages": HELLO["messages"] * 2})
    assert api.requests == []


@pytest.mark.parametrize("status", [400, 401, 429, 500, 529])
def test_a_scripted_failure_has_the_apis_shape(api, sdk, status):
    api.script.append(Failure(status, "no"))
    with pytest.raises(anthropic.APIStatusError) as caught:
        sdk.messages.create(**HELLO)
    assert (caught.value.status_code, caught.value.body["error"]["message"]) == (status, "no")
    assert sdk.messages.create(**HELLO).content


@pytest.mark.parametrize("headers", [{"x-api-key": KEY}, {"authorization": f"Bearer {KEY}"}])
def test_a_key_may_come_either_way(api, headers):
    assert posted(f"{api.url}/v1/messages", HELLO, headers)[0] == 200


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "other"}, {"authorization": "Bearer "}])
def test_without_the_right_key_nothing_is_answered(api, headers):
    status, body = posted(f"{api.url}/v1/messages", HELLO, headers)
    assert (status, body["type"], body["error"]["type"]) == (401, "error", "authentication_error")


def test_other_addresses_and_bodies_are_refused(api):
    assert posted(f"{api.url}/v1/other", HELLO, {"x-api-key": KEY})[0] == 404
    assert posted(f"{api.url}/v1/messages", {}, {"x-api-key": KEY})[0] == 400
    request = urllib.request.Request(f"{api.url}/v1/messages", b"{", {"x-api-key": KEY})  # noqa: S310  our own server
    with pytest.raises(urllib.error.HTTPError, match="400") as caught:
        urllib.request.urlopen(request)  # noqa: S310  our own server
    caught.value.close()


def marked(text):
    return {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}


def asked(sdk, *blocks, system="You help."):
    message = {"role": "user", "content": list(blocks)}
    return sdk.messages.create(model="claude-x", max_tokens=9, system=system, messages=[message]).usage


def test_a_prefix_is_cached_up_to_its_mark_and_read_again(sdk):
    first = asked(sdk, marked("long " * 100), {"type": "text", "text": "one"})
    again = asked(sdk, marked("long " * 100), {"type": "text", "text": "two"})
    assert (first.cache_read_input_tokens, again.cache_creation_input_tokens) == (0, 0)
    assert again.cache_read_input_tokens == first.cache_creation_input_tokens > 0
    assert again.input_tokens == first.input_tokens > 0


def test_what_changes_before_the_mark_is_not_read(sdk):
    asked(sdk, marked("long " * 100))
    assert asked(sdk, marked("long " * 100), system="You do not.").cache_read_input_tokens == 0
    assert asked(sdk, marked("Long " * 100)).cache_read_input_tokens == 0


def test_without_a_mark_nothing_is_cached(sdk):
    for _ in range(2):
        usage = asked(sdk, {"type": "text", "text": "long " * 100})
        assert (usage.cache_creation_input_tokens, usage.cache_read_input_tokens) == (0, 0)


def test_a_mark_finds_what_ended_up_to_twenty_blocks_back(sdk):
    plain = [{"type": "text", "text": f"block {number}"} for number in range(30)]
    written = asked(sdk, *plain[:5], marked("end"))
    assert written.cache_creation_input_tokens > 0
    near = asked(sdk, *plain[:5], {"type": "text", "text": "end"}, *plain[:18], marked("near"))
    far = asked(sdk, *plain[:5], {"type": "text", "text": "end"}, *plain[:25], marked("far"))
    assert near.cache_read_input_tokens == written.cache_creation_input_tokens
    assert far.cache_read_input_tokens == 0


def test_short_prompts_are_not_cached_unless_told_to():
    with MessagesApi(cache_minimum=1024) as api, anthropic.Anthropic(api_key="any", base_url=api.url) as sdk:
        assert asked(sdk, marked("short")).cache_creation_input_tokens == 0
        assert asked(sdk, marked("long " * 1000)).cache_creation_input_tokens > 1024


def test_canned_answers_are_the_same_every_time():
    assert canned(HELLO).content == canned(HELLO).content == "Hello! What are we working on?"
    other = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Why\nso?"}]}]}
    assert canned(other).content.startswith("About “Why”: 0 messages")
    assert canned({"messages": [{"role": "user", "content": [{"type": "image"}]}]}).content.startswith("About “that”")


def test_it_runs_by_itself_and_prints_its_address():
    with subprocess.Popen([sys.executable, SERVER, "--port", "0"], stdout=subprocess.PIPE, text=True) as server:
        try:
            status, answer = posted(f"{server.stdout.readline().strip()}/v1/messages", HELLO, {"x-api-key": "any"})
        finally:
            server.terminate()
    assert status == 200
    assert answer["content"] == [{"type": "text", "text": "Hello! What are we working on?"}]
