"""The shape that chat libraries share, `client.chat.completions.create(…)`, over the Messages API."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, overload

from claif_git import config
from claif_git.chat.answers import Answer, Event
from claif_git.chat.endpoint import Endpoint
from claif_git.chat.listening import Events, take_in
from claif_git.errors import InvalidInputError
from claif_git.model import Block, Message, Session, count, now
from claif_git.prompt import build_prompt

_FINISHED = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. `prompt_tokens` is all input, what came from or went to the cache included.

    total_tokens   prompt_tokens + completion_tokens
    details        the API's own counts
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChatMessage:
    """An answer: `content` is its text, `blocks` everything as the API gave it."""

    role: str
    content: str
    blocks: list[Block]


@dataclass(frozen=True)
class Choice:
    """The one answer; `finish_reason` is stop, length, tool_calls or content_filter."""

    index: int
    message: ChatMessage
    finish_reason: str


@dataclass(frozen=True)
class ChatCompletion:
    """A whole answer. `notes` says what the request left out or supplied, a line each."""

    id: str
    model: str
    choices: list[Choice]
    usage: Usage
    notes: list[str]


@dataclass(frozen=True)
class Delta:
    """What a chunk adds: text, or None in the last one."""

    role: str
    content: str | None


@dataclass(frozen=True)
class ChunkChoice:
    """`finish_reason` is None until the last chunk."""

    index: int
    delta: Delta
    finish_reason: str | None


@dataclass(frozen=True)
class ChatChunk:
    """A piece of an answer; `usage` stands in the last one."""

    id: str
    model: str
    choices: list[ChunkChoice]
    usage: Usage | None = None


class ChatStream:
    """The chunks of an answer as they come; a context manager. Closing it drops the connection."""

    def __init__(self, events: Events) -> None:
        self._answer = Answer()
        self._events = events
        # This waits: a refusal is raised where the call was made, not at the first chunk.
        self._chunks = self._run(next(events, None))

    def __iter__(self) -> Iterator[ChatChunk]:
        return self

    def __next__(self) -> ChatChunk:
        return next(self._chunks)

    def _run(self, first: Event | None) -> Generator[ChatChunk, None, None]:
        answer = self._answer
        for text in take_in(_from(first, self._events), answer):
            yield ChatChunk(answer.id, answer.model, [ChunkChoice(0, Delta("assistant", text), None)])
        last = ChunkChoice(0, Delta("assistant", None), _finish_reason(answer))
        yield ChatChunk(answer.id, answer.model, [last], _usage(answer))

    def close(self) -> None:
        """Stop listening; what is left of the answer is lost."""
        self._chunks.close()
        self._events.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Completions:
    """`client.chat.completions`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @overload
    def create(
        self,
        model: str | None = ...,
        messages: Iterable[Mapping[str, Any] | Message] = ...,
        *,
        max_tokens: int | None = ...,
        temperature: float | None = ...,
        stream: Literal[False] = ...,
        **parameters: Any,
    ) -> ChatCompletion: ...

    @overload
    def create(
        self,
        model: str | None = ...,
        messages: Iterable[Mapping[str, Any] | Message] = ...,
        *,
        max_tokens: int | None = ...,
        temperature: float | None = ...,
        stream: Literal[True],
        **parameters: Any,
    ) -> ChatStream: ...

    def create(
        self,
        model: str | None = None,
        messages: Iterable[Mapping[str, Any] | Message] = (),
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        stream: bool = False,
        **parameters: Any,
    ) -> ChatCompletion | ChatStream:
        """Ask a model, and give its answer; with `stream`, an iterator of chunks.

        messages     mappings with role and content (text or blocks), or Messages, in order; system ones go to the top
        parameters   anything else that the Messages API takes: top_p, tools, stop_sequences, thinking, …; what the
                     model does not take is left out, and the answer's `notes` say so

        MissingKeyError before anything is sent; InvalidInputError for messages that cannot be; ModelError.
        """
        self._endpoint.require_key()
        prompt = build_prompt(_session(messages))
        model = model or config.default_model()
        parameters["temperature"] = temperature
        request = prompt.request(model, max_tokens, **parameters)
        events = self._endpoint.events(request, stream=stream)
        if stream:
            return ChatStream(events)
        answer = Answer()
        for _ in take_in(events, answer):
            pass
        message = ChatMessage("assistant", answer.text, answer.blocks)
        notes = [*prompt.notes, *prompt.left_out(model, max_tokens, **parameters)]
        choice = Choice(0, message, _finish_reason(answer))
        return ChatCompletion(answer.id, answer.model, [choice], _usage(answer), notes)


@dataclass(frozen=True)
class Chat:
    """`client.chat`."""

    completions: Completions


def _from(first: Event | None, rest: Events) -> Events:
    with closing(rest):
        if first is not None:
            yield first
        yield from rest


def _session(messages: Iterable[Mapping[str, Any] | Message]) -> Session:
    moment = now()
    session = Session("", moment, moment)
    session.messages = [_message(message) for message in messages]
    return session


def _message(message: Mapping[str, Any] | Message) -> Message:
    if isinstance(message, Message):
        return message
    if not isinstance(message, Mapping) or not {"role", "content"} <= set(message):
        raise InvalidInputError(f"a message is a mapping with role and content, not {str(message)[:60]}")
    return Message(message["role"], message["content"])


def _finish_reason(answer: Answer) -> str:
    return _FINISHED.get(answer.stop_reason or "", "stop")


def _usage(answer: Answer) -> Usage:
    tokens = count(answer.usage)
    return Usage(tokens.input, tokens.output, tokens.total, dict(answer.usage))
