"""Conversations without ids and times: a plain list of messages, as the chat APIs take it.

A message's id is a hash of what it says and of all that was said before it, so a list that has grown gives the same
ids, and more. What a system message says is left out of the ids of those after it: programs put the date in there.
Cache marks are no part of a conversation (they move on with every turn) and are taken off.

Times start at a fixed moment, or at the list's own, and go on by a second a message.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.importers.conversation import ImportedBranch, ImportedConversation, ImportedTurn, Problem
from claif_git.importers.values import EPOCH, content_of, digest, key_of, mapping, moment, title_from, word
from claif_git.model import Content, Json, Message, MessageRole, plain

_PARAMETERS = frozenset({
    "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "stop_sequences", "thinking",
    "reasoning_effort", "seed", "frequency_penalty", "presence_penalty", "model",
})  # fmt: skip
_KEPT = frozenset({"tools", "tool_choice", "response_format", "metadata"})
_NAMES = ("conversation_id", "session_id", "id")
_TIME_STEP = timedelta(seconds=1)


class Chain:
    """A list of messages under construction."""

    def __init__(self, about: dict[str, Json], *, keep_raw: bool) -> None:
        self.problems: list[Problem] = []
        self.turns: list[ImportedTurn] = []
        self._about = about
        self._keep_raw = keep_raw
        self._said = ""
        self._key = ""
        self._ids: set[str] = set()
        started = moment(about.get("created_at")) or moment(about.get("create_time")) or EPOCH
        self._next = started

    def complain(self, where: str, reason: str) -> None:
        """Note something that could not be read."""
        self.problems.append(Problem(None, f"{where}: {reason}"))

    def content(self, where: str, value: Json) -> Content | None:
        """Read content as the Messages API has it. None, and a problem, where there is none."""
        content = content_of(value, lambda reason: self.complain(where, reason))
        return content if isinstance(content, str) or content is None else [_unmarked(block) for block in content]

    def add(self, where: str, role: str, content: Content, source: dict[str, Json], **more: Any) -> None:
        """Add a message; `source` is the object that it was read from, `more` goes to Message as it is."""
        metadata = more.pop("metadata", {}) | ({"raw": _text(source)} if self._keep_raw else {})
        name = self._name(role, content)
        at = moment(source.get("created_at")) or moment(source.get("timestamp")) or self._next
        try:
            message = Message(MessageRole(role), content, at, metadata, id=name, **more)
        except InvalidInputError as error:
            self.complain(where, error.message)
            return
        self._ids.add(name)
        if role != "system":
            self._said = name
            self._key = self._key or name
        self._next = at + _TIME_STEP
        self.turns.append(ImportedTurn(message, len(self.turns) - 1 if self.turns else None))

    def finish(self, source: str) -> ImportedConversation | None:
        """Give the conversation; None if it has no message."""
        if not self.turns:
            return None
        given = next((name for name in map(self._about.get, _NAMES) if word(name)), None)
        first = self.turns[0].message
        return ImportedConversation(
            source=source,
            key=key_of(given or self._key or str(first.id)),
            title=self._title(),
            created_at=first.timestamp,
            metadata={"source": source, **({"source_session": given} if given else {}), **self._taken(_KEPT)},
            turns=tuple(self.turns),
            branches=(ImportedBranch("main", self._title(), len(self.turns) - 1),),
            parameters=self._taken(_PARAMETERS),
        )

    def _name(self, role: str, content: Content) -> str:
        name = digest(self._said, role, content)
        while name in self._ids:
            name = digest(name)
        return name

    def _title(self) -> str | None:
        own = word(self._about.get("title")) or word(self._about.get("name"))
        texts = [turn.message.text for turn in self.turns if turn.message.role is MessageRole.USER]
        return next(filter(None, map(title_from, [own or "", *texts])), None)

    def _taken(self, names: frozenset[str]) -> dict[str, Json]:
        taken = {}
        for name in sorted(names & self._about.keys()):
            try:
                taken[name] = plain(self._about[name], name)
            except InvalidInputError as error:
                self.problems.append(Problem(None, error.message))
        return taken


def entries(document: Json) -> tuple[dict[str, Json], list[tuple[str, Json]]]:
    """Give what a document says about the conversation, and its messages, each with where it stands.

    A document is a list of messages, a request that holds one, or both a request and its response.
    """
    if isinstance(document, list):
        return {}, [(f"messages[{index}]", item) for index, item in enumerate(document)]
    document = mapping(document)
    about = mapping(document.get("request")) or document
    listed = about.get("messages")
    found = [(f"messages[{index}]", item) for index, item in enumerate(listed if isinstance(listed, list) else [])]
    if isinstance(document.get("response"), dict):
        found.append(("response", document["response"]))
    return about, found


def _unmarked(block: dict[str, Json]) -> dict[str, Json]:
    block = {key: value for key, value in block.items() if key != "cache_control"}
    inner = block.get("content")
    if block.get("type") == "tool_result" and isinstance(inner, list):
        block["content"] = [_unmarked(item) if isinstance(item, dict) else item for item in inner]
    return block


def _text(source: dict[str, Json]) -> str:
    return json.dumps(source, ensure_ascii=False, separators=(",", ":"))
