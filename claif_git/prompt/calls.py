"""Tool calls and their results: which belongs to which, and ids that are unique in the whole prompt."""

from __future__ import annotations

import re

from claif_git.model import Block
from claif_git.prompt.notes import Notes
from claif_git.prompt.said import THINKING, Said

_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
_MISSING = "No result: the conversation was cut off, branched or trimmed before this call returned."


def match_calls(said: list[Said], notes: Notes) -> dict[str, Block]:
    """Take the results out of the messages and give them by the id of their call; calls get their final ids.

    A result belongs to the nearest call before it that has its id and no result yet. So an exchange that stands twice,
    as after a merge of two branches that both hold it, keeps its pairs; the later one's ids get a number. Whatever is
    appended later changes no id, and no result but a missing one.
    """
    matcher = _Matcher(notes)
    for one in said:
        one.blocks = [block for raw in one.blocks if (block := matcher.take(one, raw)) is not None]
    return matcher.results


def missing_result(call: str) -> Block:
    """Make the result of a call that has none."""
    return {"type": "tool_result", "tool_use_id": call, "content": _MISSING, "is_error": True}


class _Matcher:
    def __init__(self, notes: Notes) -> None:
        self.results: dict[str, Block] = {}
        self._notes = notes
        self._open: dict[str, list[tuple[str, int]]] = {}
        self._taken: set[str] = set()
        self._spoken = 0

    def take(self, one: Said, block: Block) -> Block | None:
        if block["type"] == "tool_use":
            return self._call(one, block)
        if block["type"] == "tool_result":
            self._result(one, block)
            return None
        self._spoken += block["type"] not in THINKING
        return block

    def _call(self, one: Said, block: Block) -> Block:
        given = block["id"]
        call = self._unique(_NOT_IN_IDS.sub("_", given) or "call")
        self._taken.add(call)
        self._open.setdefault(given, []).append((call, self._spoken))
        if call != given:
            self._notes.add("a tool call's id changed, since ids are unique and plain", one.index)
            one.whole = False
        return {**block, "id": call}

    def _unique(self, wanted: str) -> str:
        call, number = wanted, 1
        while call in self._taken:
            number += 1
            call = f"{wanted}-{number}"
        return call

    def _result(self, one: Said, block: Block) -> None:
        waiting = self._open.get(block["tool_use_id"])
        if not waiting:
            self._notes.add("a tool result whose call is not before it, or has one already, left out", one.index)
            return
        call, spoken = waiting.pop()
        one.answers = True
        if spoken != self._spoken:
            self._notes.add("a tool result moved up to its call", one.index)
        self.results[call] = {**block, "tool_use_id": call}
