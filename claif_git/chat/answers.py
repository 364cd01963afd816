"""An answer as it grows, event by event of the Messages API. Pure: plain data in, plain data out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from claif_git.model import Block, Content, Json

Event = dict[str, Json]

_FILLED = {"text_delta": "text", "thinking_delta": "thinking"}
_READABLE_HALF = frozenset({"text", "thinking"})
"""Blocks that make sense half-way; half a tool call does not."""
_NO_ANSWER = frozenset({"text", "thinking", "redacted_thinking"})
"""Blocks that alone are no answer; a text is one by what it says."""


@dataclass
class Answer:
    """What a model has said so far.

    usage        the API's, merged from the events that carry it
    stop_reason  why it stopped; None while it has not
    ended        whether it came to its end
    """

    id: str = ""
    model: str = ""
    usage: dict[str, Json] = field(default_factory=dict)
    stop_reason: str | None = None
    ended: bool = False
    _blocks: dict[int, Block] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)
    _inputs: dict[int, str] = field(default_factory=dict)

    def add(self, event: Event) -> str:
        """Take one event in, or a whole `message`; give the text that it added, often none. ValueError for nonsense."""
        try:
            return self._take(event)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"an event that makes no sense: {str(event)[:80]}") from error

    def _take(self, event: Event) -> str:
        match event.get("type"):
            case "message":
                return self._whole(event)
            case "message_start":
                self._head(event["message"])
            case "content_block_start":
                return self._begin(event["index"], event["content_block"])
            case "content_block_delta":
                return self._grow(event["index"], event["delta"])
            case "content_block_stop":
                self._close(event["index"])
            case "message_delta":
                self.stop_reason = event["delta"].get("stop_reason") or self.stop_reason
                self._count(event.get("usage") or {})
            case "message_stop":
                self.ended = True
        return ""

    def _whole(self, message: Event) -> str:
        self._head(message)
        self._blocks = {index: dict(block) for index, block in enumerate(message["content"])}
        self.stop_reason, self.ended = message.get("stop_reason"), True
        return "".join(_text(block) for block in self._blocks.values())

    def _head(self, message: Event) -> None:
        self.id, self.model = str(message.get("id") or ""), str(message.get("model") or "")
        self._count(message.get("usage") or {})

    def _count(self, usage: Mapping[str, Json]) -> None:
        self.usage.update({key: value for key, value in usage.items() if value is not None})

    def _begin(self, index: int, block: Block) -> str:
        self._blocks[index] = dict(block)
        self._open.add(index)
        return _text(block)

    def _grow(self, index: int, delta: Event) -> str:
        block, kind = self._blocks[index], delta["type"]
        if kind in _FILLED:
            block[_FILLED[kind]] = block.get(_FILLED[kind], "") + delta[_FILLED[kind]]
        elif kind == "signature_delta":
            block["signature"] = delta["signature"]
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        elif kind == "input_json_delta":
            self._inputs[index] = self._inputs.get(index, "") + delta["partial_json"]
        return str(delta["text"]) if kind == "text_delta" else ""

    def _close(self, index: int) -> None:
        text = self._inputs.pop(index, "")
        if text:
            self._blocks[index]["input"] = json.loads(text)
        self._open.discard(index)

    @property
    def blocks(self) -> list[Block]:
        """The blocks so far, in order; of unfinished ones only what a person can read."""
        whole = (self._blocks[index] for index in sorted(self._blocks) if self._is_kept(index))
        return [dict(block) for block in whole]

    def _is_kept(self, index: int) -> bool:
        kind = self._blocks[index].get("type")
        return index not in self._open or (kind in _READABLE_HALF and bool(self._blocks[index].get(kind)))

    @property
    def says_something(self) -> bool:
        """Whether there is more than thinking and blanks: something to keep where the rest never came."""
        return any(_text(block).strip() or block.get("type") not in _NO_ANSWER for block in self.blocks)

    @property
    def content(self) -> Content:
        """What to store: a plain text where that is all there is, else the blocks as the API gave them."""
        blocks = self.blocks
        if not blocks:
            return ""
        alone = len(blocks) == 1 and blocks[0].get("type") == "text" and not blocks[0].get("citations")
        return str(blocks[0]["text"]) if alone and set(blocks[0]) <= {"type", "text", "citations"} else blocks

    @property
    def text(self) -> str:
        """Its words alone: all text blocks, put together as they were streamed."""
        return "".join(_text(block) for block in self.blocks)


def _text(block: Block) -> str:
    return str(block.get("text") or "") if block.get("type") == "text" else ""
