"""The Messages API's rules on a request, written down from its documentation and from what it refuses.

`check_request` is the strict reading: what the API takes on some models or endpoints only is a violation too, so that
a request without violations passes everywhere. It shares no code with `claif_git.prompt`, on purpose.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from support.messages_blocks import TOOL_NAME, UNCACHEABLE, Found, check_block, is_count, is_server_result

LATEST_VERSION = "2026-10-21"
"""The anthropic-version that the SDK sends since 2.0; it takes no sampling parameters."""

_SAMPLING = ("temperature", "top_p", "top_k")
_TAKES_SAMPLING = re.compile(r"claude-(3|2|instant|(opus|sonnet|haiku)-4(-[0-6])?(-\d{8})?$|(opus|sonnet)-4-0$)")
_TOP = {
    *("model", "max_tokens", "messages", "system", "tools", "tool_choice", "stream", "metadata", "stop_sequences"),
    *("thinking", "output_config", "service_tier", "container", "cache_control", "inference_geo", "speed"),
    *("context_management", "mcp_servers", *_SAMPLING),
}
_NOT_IN_THE_BODY = {"extra_headers", "extra_query", "extra_body", "timeout"}
_USER_BLOCKS = {"text", "image", "document", "search_result", "tool_result", "container_upload"}
_ASSISTANT_BLOCKS = {"text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"}


def check_request(request: dict[str, Any], *, version: str = LATEST_VERSION) -> list[str]:
    """List what the API would refuse in a request, one line each; an empty list is a valid request.

    request   the JSON body, or the keyword arguments of `messages.create`: `extra_body` is laid over them, and an
              `anthropic-version` in `extra_headers` overrules `version`
    """
    headers = {key.lower(): value for key, value in (request.get("extra_headers") or {}).items()}
    body = {key: value for key, value in request.items() if key not in _NOT_IN_THE_BODY}
    body |= request.get("extra_body") or {}
    return list(_check(body, headers.get("anthropic-version", version)))


def _check(body: dict[str, Any], version: str) -> Found:
    try:
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        yield f"the body is not JSON in UTF-8: {error}"
        return
    yield from _top(body, version)
    yield from _system(body.get("system"))
    yield from _tools(body)
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        yield "messages: at least one message is required"
        return
    yield from _turns(messages)
    for index, message in enumerate(messages):
        yield from _message(f"messages.{index}", message)
    yield from _pairs(messages)
    yield from _thinking(body, messages)
    marks = sum(1 for _ in _marks(body))
    if marks > 4:
        yield f"a maximum of 4 blocks with cache_control may be provided; found {marks}"


def _top(body: dict[str, Any], version: str) -> Found:
    for key in sorted(set(body) - _TOP):
        yield f"{key}: extra inputs are not permitted"
    model = body.get("model")
    if not isinstance(model, str) or not model:
        yield "model: a string of at least 1 character is required"
    if not is_count(body.get("max_tokens"), 1):
        yield "max_tokens: an integer of at least 1 is required"
    yield from _sampling(body, version)
    stops = body.get("stop_sequences", [])
    if not isinstance(stops, list) or not all(isinstance(stop, str) and stop.strip() for stop in stops):
        yield "stop_sequences: each stop sequence must contain non-whitespace"


def _sampling(body: dict[str, Any], version: str) -> Found:
    model = body.get("model")
    sampling = [key for key in _SAMPLING if key in body]
    if sampling and version >= LATEST_VERSION:
        yield f"{sampling[0]}: not supported since {LATEST_VERSION}"
    elif sampling and str(model).startswith("claude") and not _TAKES_SAMPLING.match(str(model)):
        yield f"`{sampling[0]}` is deprecated for this model"
    if "temperature" in sampling and "top_p" in sampling:
        yield "`temperature` and `top_p` cannot both be specified"
    for key in sampling:
        value = body[key]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            yield f"{key}: a number is required"
        elif key != "top_k" and value > 1:
            yield f"{key}: at most 1"


def _system(system: object) -> Found:
    if system is None or isinstance(system, str):
        return
    if not isinstance(system, list):
        yield "system: a string or a list of text blocks is required"
        return
    for index, block in enumerate(system):
        where = f"system.{index}"
        if not isinstance(block, dict) or block.get("type") != "text":
            yield f"{where}.type: input should be 'text'"
        else:
            yield from check_block(where, block)


def _tools(body: dict[str, Any]) -> Found:
    tools = body.get("tools", [])
    if not isinstance(tools, list):
        yield "tools: a list is required"
        return
    names = []
    for index, tool in enumerate(tools):
        name = tool.get("name")
        names.append(name)
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            yield f"tools.{index}.name: does not match ^[a-zA-Z0-9_-]{{1,64}}$"
        schema = tool.get("input_schema")
        if tool.get("type", "custom") == "custom" and (not isinstance(schema, dict) or schema.get("type") != "object"):
            yield f"tools.{index}.input_schema.type: input should be 'object'"
    if len(set(names)) < len(names):
        yield "tools: tool names must be unique"
    used = [block for block in _blocks(body.get("messages")) if block.get("type") in {"tool_use", "tool_result"}]
    if used and not tools:
        yield "tools: requests which include tool_use or tool_result blocks must define tools"
    yield from (
        f"tool_use.name: {block['name']!r} is not defined in tools"
        for block in used
        if tools and block.get("type") == "tool_use" and block.get("name") not in names
    )
    choice = body.get("tool_choice")
    if choice is not None and (not tools or choice.get("type") not in {"auto", "any", "tool", "none"}):
        yield "tool_choice: may only be specified with tools, and is auto, any, tool or none"


def _turns(messages: list[Any]) -> Found:
    if len(messages) > 100_000:
        yield "messages: at most 100,000 messages"
    roles = [message.get("role") if isinstance(message, dict) else None for message in messages]
    for index, role in enumerate(roles):
        if role not in {"user", "assistant"}:
            yield f"messages.{index}.role: unexpected role {role!r}"
    if roles[0] != "user":
        yield "messages: first message must use the user role"
    if roles[-1] != "user":
        yield "messages: this model does not support prefill; the conversation must end with a user message"
        yield from _no_whitespace_at_the_end(messages[-1])
    for index, (before, after) in enumerate(pairwise(roles)):
        if before == after:
            yield f"messages.{index + 1}: roles must alternate"


def _no_whitespace_at_the_end(message: dict[str, Any]) -> Found:
    content = message.get("content")
    last = content[-1].get("text") if isinstance(content, list) and content else content
    if isinstance(last, str) and last != last.rstrip():
        yield "messages: final assistant content cannot end with trailing whitespace"


def _message(where: str, message: object) -> Found:
    if not isinstance(message, dict):
        yield f"{where}: a mapping is required"
        return
    for key in sorted(set(message) - {"role", "content"}):
        yield f"{where}.{key}: extra inputs are not permitted"
    content = message.get("content")
    if isinstance(content, str):
        if not content.strip():
            yield f"{where}: text content blocks must contain non-whitespace text"
        return
    if not isinstance(content, list) or not content:
        yield f"{where}: all messages must have non-empty content"
        return
    user = message.get("role") == "user"
    for index, block in enumerate(content):
        here = f"{where}.content.{index}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _USER_BLOCKS if user else kind not in _ASSISTANT_BLOCKS and not is_server_result(kind):
            yield f"{here}.type: {kind!r} is not permitted in a message of role {message.get('role')!r}"
        else:
            yield from check_block(here, block)
            if user and (block.get("citations") or _cited(block.get("content"))):
                yield f"{here}.citations: not permitted in a user message"
    if not user and isinstance(content[-1], dict) and content[-1].get("type") in UNCACHEABLE:
        yield f"{where}: the final block in an assistant message cannot be thinking"


def _cited(content: object) -> bool:
    return isinstance(content, list) and any(isinstance(one, dict) and one.get("citations") for one in content)


def _pairs(messages: list[Any]) -> Found:
    seen: set[str] = set()
    asked: list[str] = []
    for index, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
        yield from _results(f"messages.{index}", blocks, asked)
        asked = [block.get("id", "") for block in blocks if block.get("type") == "tool_use"]
        yield from _server_pairs(f"messages.{index}", blocks)
        for call in asked:
            if call in seen:
                yield f"messages.{index}: `tool_use` ids must be unique: {call}"
            seen.add(call)
    if asked:
        yield f"messages.{len(messages) - 1}: `tool_use` ids were found without `tool_result` blocks: {asked}"


def _results(where: str, blocks: list[dict[str, Any]], asked: list[str]) -> Found:
    answered = [block.get("tool_use_id") for block in blocks if block.get("type") == "tool_result"]
    for call in answered:
        if call not in asked:
            yield f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: {call}"
    if len(set(answered)) < len(answered):
        yield f"{where}: each tool_use must have a single result"
    missing = [call for call in asked if call not in answered]
    if missing:
        yield f"{where}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}"
    kinds = [block.get("type") == "tool_result" for block in blocks]
    if kinds != sorted(kinds, reverse=True):
        yield f"{where}: tool_result blocks must come first in the content"


def _server_pairs(where: str, blocks: list[dict[str, Any]]) -> Found:
    open_calls: set[str] = set()
    for block in blocks:
        if block.get("type") == "server_tool_use":
            open_calls.add(block.get("id", ""))
        elif is_server_result(block.get("type")):
            if block.get("tool_use_id") not in open_calls:
                yield f"{where}: a `{block['type']}` must have a corresponding `server_tool_use` block before it"
            open_calls.discard(block.get("tool_use_id", ""))
    if open_calls:
        yield f"{where}: `server_tool_use` without a result: {sorted(open_calls)}"


def _thinking(body: dict[str, Any], messages: list[Any]) -> Found:
    thinking = body.get("thinking") or {}
    if thinking.get("type") != "enabled":
        return
    if not is_count(thinking.get("budget_tokens"), 1024) or thinking["budget_tokens"] >= body.get("max_tokens", 0):
        yield "thinking.budget_tokens: at least 1024, and less than max_tokens"
    if body.get("temperature", 1) != 1:
        yield "`temperature` may only be set to 1 when thinking is enabled"
    last = messages[-1].get("content")
    answers = isinstance(last, list) and any(block.get("type") == "tool_result" for block in last)
    if answers and len(messages) > 1 and messages[-2]["content"][0].get("type") not in UNCACHEABLE:
        yield f"messages.{len(messages) - 2}.content.0.type: expected thinking or redacted_thinking"


def _marks(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        if value.get("cache_control") is not None:
            yield value
        for key, item in value.items():
            if key not in {"input", "input_schema"}:
                yield from _marks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _marks(item)


def _blocks(messages: object) -> Iterator[dict[str, Any]]:
    for message in messages if isinstance(messages, list) else []:
        content = message.get("content") if isinstance(message, dict) else None
        yield from (block for block in (content if isinstance(content, list) else []) if isinstance(block, dict))
