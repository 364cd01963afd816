"""Claude Code's session files: JSON Lines, one event a line, a tree by `parentUuid`.

A line of type user or assistant with content is a message, and so is a prompt that was queued while the model worked
(it stands in an `attachment` line). Every other line (progress, system, hooks, snapshots) is no message, but what
follows it follows what it followed. Messages that no human typed are kept, and marked in their metadata under `kind`:
meta, command, compact-summary, error, interrupted, queued.

**One message a line.** One reply of the API spans several lines, a block each, with the same `message.id`. Joined,
a message would change while the file grows: its content, and with it all that was made of it. So each line stays a
message, with the reply's id in its metadata under `reply`. Each line repeats the usage, the last one with the final
numbers: the first message has the usage as it came, later ones what it grew by, so that the sum is right at any time.

One session id is one conversation. A subagent's lines (sidechains) are a conversation of their own, marked in its
metadata, whether they stand in the same file or in one beside it. Compaction starts a new root in the file, with a
`logicalParentUuid`: here it goes on in the same line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from claif_git.errors import InvalidInputError
from claif_git.importers.claude_session import ClaudeSession
from claif_git.importers.conversation import ImportedConversation, Parsed, Problem
from claif_git.importers.lines import Line, read_lines
from claif_git.importers.values import EPOCH, content_of, digest, mapping, moment, role_of, word
from claif_git.model import Content, Json, Message, MessageRole, plain

_COMMAND = re.compile(r"\s*<(?:command-(?:name|message|args)|local-command-|bash-(?:input|stdout|stderr)>)")
_INTERRUPTED = "[Request interrupted by user"
_COUNTED = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_TITLES = {"custom-title": "customTitle", "ai-title": "aiTitle", "summary": "summary"}
_TYPES = frozenset({"user", "assistant", "system", "summary", "progress", "attachment", *_TITLES})


def looks_like(data: Json) -> bool:
    """Tell whether an object is a line of such a file."""
    if not isinstance(data, dict) or word(data.get("type")) not in _TYPES:
        return False
    return any(key in data for key in ("sessionId", "uuid", "leafUuid"))


def parse(data: bytes, *, keep_raw: bool = False) -> Parsed:
    """Read a session file. A line that cannot be read is a problem with its number; the others are read."""
    reader = _Reader(keep_raw)
    for line in read_lines(data, reader.problems):
        reader.read(line)
    return Parsed(reader.conversations(), tuple(reader.problems))


@dataclass(slots=True)
class _Reader:
    keep_raw: bool
    problems: list[Problem] = field(default_factory=list)
    sessions: dict[tuple[str, str], ClaudeSession] = field(default_factory=dict)
    summaries: list[tuple[str, str]] = field(default_factory=list)
    homes: dict[str, ClaudeSession] = field(default_factory=dict)
    nameless: dict[str, ClaudeSession] = field(default_factory=dict)
    session_id: str = ""
    time: datetime = EPOCH
    number: int = 0

    def complain(self, reason: str) -> None:
        self.problems.append(Problem(self.number, reason))

    def read(self, line: Line) -> None:
        """Take one line in."""
        self.number = line.number
        kind = word(line.data.get("type"))
        if kind is None:
            self.complain("the line has no type")
        elif kind in _TITLES:
            self._read_title(kind, line.data)
        else:
            self._read_event(kind, line)

    def conversations(self) -> tuple[ImportedConversation, ...]:
        """Give what was read, each conversation with the summaries that are its own."""
        found = [session for session in self.sessions.values() if session.thread.turns]
        mains = [session for session in found if not session.agent]
        strays = [text for leaf, text in self.summaries if leaf not in self.homes]
        for leaf, text in self.summaries:
            if leaf in self.homes:
                self.homes[leaf].summaries[leaf] = text
        if strays and len(mains) == 1:
            mains[0].titles.setdefault("stray", strays[-1])
        return tuple(session.finish() for session in found)

    def _read_title(self, kind: str, data: dict[str, Json]) -> None:
        text = word(data.get(_TITLES[kind]))
        if text is None:
            self.complain(f"the {kind} line has no text")
        elif kind == "summary":
            self.summaries.append((word(data.get("leafUuid")) or "", text))
        else:
            self._session(word(data.get("sessionId")) or self.session_id, "").titles[kind] = text

    def _read_event(self, kind: str, line: Line) -> None:
        data = line.data
        time = moment(data.get("timestamp"))
        self.time = time or self.time
        uuid, spoken = word(data.get("uuid")), _spoken(kind, data)
        if uuid is None and spoken is None:
            return
        session = self._session_of(data, uuid)
        content = self._content(spoken) if spoken else None
        if content is not None and time is None:
            self.complain("the timestamp is missing or no time: the previous line's stands in")
        added = content is not None and self._add(session, line, content)
        if uuid is None:
            return
        self.homes.setdefault(uuid, session)
        if not added:
            session.thread.carry(uuid, session.parent(data, human=False))

    def _content(self, spoken: _Spoken) -> Content | None:
        if spoken.role is None:
            self.complain("the message has no role that is known")
            return None
        return content_of(spoken.content, self.complain)

    def _session_of(self, data: dict[str, Json], uuid: str | None) -> ClaudeSession:
        """Find the conversation of a line; a subagent without a name is known by its first line."""
        self.session_id = word(data.get("sessionId")) or self.session_id
        if data.get("isSidechain") is not True:
            return self._session(self.session_id, "", data)
        agent = word(data.get("agentId"))
        if agent is not None:
            return self._session(self.session_id, agent, data)
        named = word(data.get("parentUuid"))
        home = self.homes.get(named) if named else None
        if home is None and named:
            home = self.nameless.get(self.session_id)
        if home is None or not home.agent or home.session_id != self.session_id:
            home = self._session(self.session_id, uuid or digest(data), data)
        self.nameless[self.session_id] = home
        return home

    def _session(self, session_id: str, agent: str, data: dict[str, Json] | None = None) -> ClaudeSession:
        session = self.sessions.get((session_id, agent))
        if session is None:
            session = self.sessions[session_id, agent] = ClaudeSession(session_id, agent)
        if data is not None:
            session.learn(data)
        return session

    def _add(self, session: ClaudeSession, line: Line, content: Content) -> bool:
        """Add a message to its conversation. False where it is none; its line still carries the chain on."""
        data, answers = line.data, _answers(content)
        spoken, uuid = mapping(data.get("message")), word(data.get("uuid"))
        role = role_of(spoken.get("role")) or ("assistant" if data.get("type") == "assistant" else "user")
        human = data.get("type") == "user" and not answers and data.get("isCompactSummary") is not True
        parent = session.parent(data, human=human)
        name = uuid or digest(session.name_at(parent), role, data.get("timestamp"), content)
        if session.thread.holds(name):
            return True
        metadata = _metadata(data, content) | ({"raw": line.text} if self.keep_raw else {})
        try:
            message = Message(MessageRole(role), content, self.time, metadata, None, name, model=_model(spoken))
        except InvalidInputError as error:
            self.complain(error.message)
            return False
        reply = word(spoken.get("id")) if role == "assistant" else None
        message.tokens = self._usage(session, spoken, reply)
        step = None if answers or uuid is None else (("reply", reply) if reply else ("line", name))
        session.thread.add(message, parent, step=step, answers=answers)
        return True

    def _usage(self, session: ClaudeSession, spoken: dict[str, Json], reply: str | None) -> dict[str, Any] | None:
        """Give what this line adds to the usage of its reply."""
        given = mapping(spoken.get("usage"))
        if not given:
            return None
        try:
            usage: dict[str, Any] = plain(given, "usage")
        except InvalidInputError as error:
            self.complain(error.message)
            return None
        if reply is None:
            return usage
        numbers = {key: usage[key] for key in _COUNTED if type(usage.get(key)) is int and usage[key] > 0}
        counted = session.counted.get(reply)
        if counted is None:
            session.counted[reply] = numbers
            return usage
        grown = {key: value - counted.get(key, 0) for key, value in numbers.items() if value > counted.get(key, 0)}
        counted |= {key: numbers[key] for key in grown}
        return grown or None


class _Spoken(NamedTuple):
    role: str | None
    content: Json


def _spoken(kind: str, data: dict[str, Json]) -> _Spoken | None:
    """Give what a line says, unchecked; None for a line that is no message."""
    if kind in ("user", "assistant"):
        message = mapping(data.get("message"))
        return _Spoken(role_of(message.get("role", kind)), message.get("content"))
    attached = mapping(data.get("attachment")) if kind == "attachment" else {}
    return _Spoken("user", attached.get("prompt")) if attached.get("type") == "queued_command" else None


def _answers(content: Content) -> frozenset[str]:
    """Name the tool calls whose results a message holds."""
    if isinstance(content, str):
        return frozenset()
    found = (word(block.get("tool_use_id")) for block in content if block.get("type") == "tool_result")
    return frozenset(name or "" for name in found)


def _model(spoken: dict[str, Json]) -> str | None:
    model = word(spoken.get("model"))
    return None if model == "<synthetic>" else model


def _metadata(data: dict[str, Json], content: Content) -> dict[str, Json]:
    metadata: dict[str, Json] = {}
    if kind := _kind(data, content):
        metadata["kind"] = kind
    if reply := word(mapping(data.get("message")).get("id")):
        metadata["reply"] = reply
    forked = mapping(data.get("forkedFrom"))
    if session := word(forked.get("sessionId")):
        metadata["forked_from"] = {"session": session, "message": word(forked.get("messageUuid"))}
    return metadata


def _kind(data: dict[str, Json], content: Content) -> str | None:
    if data.get("isCompactSummary") is True:
        return "compact-summary"
    if data.get("isApiErrorMessage") is True:
        return "error"
    if data.get("type") == "attachment":
        return "queued"
    if data.get("isMeta") is True:
        return "meta"
    text = content if isinstance(content, str) else content[0].get("text")
    if data.get("type") != "user" or not isinstance(text, str):
        return None
    if text.startswith(_INTERRUPTED):
        return "interrupted"
    return "command" if _COMMAND.match(text) else None
