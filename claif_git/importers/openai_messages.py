"""The chat messages of OpenAI and of all who took over their shape, turned into content blocks.

A tool call becomes a tool_use block, a message of role tool a user's with a tool_result block, a developer's message a
system message, a picture an image block. Parts of an unknown type stay as they are.
"""

from __future__ import annotations

import re

from claif_git.errors import InvalidInputError
from claif_git.importers.chain import Chain, entries
from claif_git.importers.conversation import Parsed
from claif_git.importers.values import load, mapping, role_of, word
from claif_git.model import Block, Content, Json

SOURCE = "openai-messages"

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+);base64,(.*)", re.DOTALL)


def parse(document: Json, *, keep_raw: bool = False) -> Parsed:
    """Read one conversation. A message that cannot be read is a problem; the others are read."""
    about, found = entries(document)
    reader = _Reader(Chain(about, keep_raw=keep_raw))
    for where, item in [*found, *_choice(document)]:
        reader.read(where, mapping(item))
    conversation = reader.chain.finish(SOURCE)
    return Parsed((conversation,) if conversation else (), tuple(reader.chain.problems))


def _choice(document: Json) -> list[tuple[str, Json]]:
    """Give the message of a response that was saved in the same object as its request."""
    choices = mapping(document).get("choices")
    if not isinstance(choices, list) or not choices:
        return []
    more = {key: mapping(document)[key] for key in ("usage", "model") if key in mapping(document)}
    return [("choices[0]", more | mapping(mapping(choices[0]).get("message")))]


class _Reader:
    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self._calls: dict[str, str] = {}

    def read(self, where: str, data: dict[str, Json]) -> None:
        """Take one message in."""
        if where == "response":
            data = next((item for _, item in _choice(data)), data)
        role = role_of(data.get("role"))
        if role is None:
            self.chain.complain(where, "no role that is known")
            return
        content = self._content(where, data)
        if content is None:
            self.chain.complain(where, "the message says nothing")
            return
        name = word(data.get("name"))
        self.chain.add(
            where,
            role,
            content,
            data,
            tokens=_usage(mapping(data.get("usage"))) or None,
            model=word(data.get("model")),
            metadata={"name": name} if name and role == "user" else {},
        )

    def _content(self, where: str, data: dict[str, Json]) -> Content | None:
        if data.get("role") in ("tool", "function"):
            return [self._result(data)]
        said = data.get("content")
        called = self._called(where, data)
        if isinstance(said, str) and not called and not word(data.get("refusal")):
            return said
        blocks = [{"type": "text", "text": said}] if word(said) else []
        if isinstance(said, (list, dict)):
            blocks = [_part(block) for block in self.chain.content(where, said) or [] if isinstance(block, dict)]
        if refusal := word(data.get("refusal")):
            blocks.append({"type": "text", "text": refusal})
        return blocks + called or None

    def _called(self, where: str, data: dict[str, Json]) -> list[Block]:
        calls = data.get("tool_calls")
        found = [
            self._call(where, mapping(call), at) for at, call in enumerate(calls if isinstance(calls, list) else [])
        ]
        if isinstance(data.get("function_call"), dict):
            found.append(self._call(where, {"function": data["function_call"]}, len(found)))
        return found

    def _call(self, where: str, call: dict[str, Json], at: int) -> Block:
        """Turn a call into a block; one without an id (the oldest shape) is known by where it stands."""
        kind = "custom" if "custom" in call else "function"
        function = mapping(call.get(kind))
        name = word(function.get("name")) or "unknown"
        identity = word(call.get("id")) or f"call-{where}-{at}".replace("[", "-").replace("]", "")
        self._calls[name] = identity
        given = function.get("input" if kind == "custom" else "arguments")
        return {"type": "tool_use", "id": identity, "name": name, "input": _arguments(given)}

    def _result(self, data: dict[str, Json]) -> Block:
        answered = word(data.get("tool_call_id")) or self._calls.get(str(data.get("name")), "unknown")
        said = data.get("content")
        if isinstance(said, (list, dict)):
            parts = said if isinstance(said, list) else [said]
            said = [_part(item) if isinstance(item, dict) else {"type": "text", "text": str(item)} for item in parts]
        elif not isinstance(said, str):
            said = "" if said is None else str(said)
        return {"type": "tool_result", "tool_use_id": answered, "content": said}


def _arguments(given: Json) -> dict[str, Json]:
    """Give a call's arguments as an object; what is none stands under one key, as it came."""
    if isinstance(given, dict):
        return given
    if isinstance(given, str):
        try:
            value = load(given)
        except InvalidInputError:
            value = None
        if isinstance(value, dict):
            return value
    return {"arguments": given} if given else {}


def _part(part: Block) -> Block:
    kind = part.get("type")
    if kind in ("text", "input_text", "output_text") and isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": part["refusal"]}
    if kind not in ("image_url", "input_image"):
        return part
    shown = part.get("image_url")
    address = word(shown.get("url") if isinstance(shown, dict) else shown)
    if address is None:
        return part
    if data := _DATA_URL.fullmatch(address):
        return {"type": "image", "source": {"type": "base64", "media_type": data[1], "data": data[2]}}
    return {"type": "image", "source": {"type": "url", "url": address}}


def _usage(usage: dict[str, Json]) -> dict[str, Json]:
    """Name the counts as the Messages API does; there the cached part is no part of the input."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if type(prompt) is not int or type(completion) is not int:
        return usage
    cached = mapping(usage.get("prompt_tokens_details")).get("cached_tokens")
    cached = cached if type(cached) is int and 0 < cached <= prompt else 0
    return {"input_tokens": prompt - cached, "output_tokens": completion, "cache_read_input_tokens": cached}
