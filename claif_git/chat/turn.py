"""One turn with a model: the prompt is committed, then sent; what comes back is committed, whole or not."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Protocol

from claif_git import config
from claif_git.chat.answers import Answer
from claif_git.chat.listening import Events, take_in
from claif_git.errors import InvalidInputError, ModelError
from claif_git.model import Block, Message, MessageRole, Session, TokenCount, count
from claif_git.prompt import FINGERPRINT, Prompt, build_prompt

INTERRUPTED = "interrupted"
"""The key in an answer's metadata that says that it broke off."""

_WHOLE = frozenset({"end_turn", "stop_sequence", "tool_use", None})
"""Reasons to stop that leave nothing unsaid."""


class Sessions(Protocol):
    """What a turn needs of a SessionManager."""

    def get_session(self, session_id: str, /) -> Session:
        """Give a session."""
        ...

    def add_message(self, session_id: str, message: Message, /) -> Message:
        """Commit a message, and give it as stored."""
        ...

    def leave_out(self, session_id: str, messages: Sequence[Message], /) -> None:
        """Leave out messages as they were read; one that was changed since stays."""
        ...


class Caller(Protocol):
    """What a turn needs of a client."""

    def require_key(self) -> str:
        """Raise MissingKeyError if there is no key."""
        ...

    def events(self, request: Mapping[str, Any], *, stream: bool = True) -> Events:
        """Send a request and give the answer's events."""
        ...


@dataclass(frozen=True)
class Turn:
    """What came of a turn.

    message      the answer as stored
    text         its words alone
    usage        tokens of the call
    notes        what the request left out or supplied, and what is odd about the answer; a line each
    """

    message: Message
    text: str
    usage: TokenCount
    notes: list[str]


def take_turn(
    manager: Sessions,
    session_id: str,
    content: str | list[Block] | None,
    *,
    client: Caller,
    model: str | None = None,
    stream: bool = True,
    on_text: Callable[[str], None] | None = None,
    **parameters: Any,
) -> Turn:
    """Say `content` in a session, and give the model's answer; both are committed.

    content      text or blocks; None asks once more for the answer to the user's last word. What came of one that broke
                 off is not sent, and left out of the session when the whole one is there
    model        else the one that the session's parameters name, else the default
    on_text      called with each piece of the answer's text as it comes
    parameters   what the call shall hold beside: max_tokens, temperature, …; they go over the session's own.
                 `system` is committed as a system message first, unless the session has the same already

    The prompt is committed before the call. A call that fails, or whose answer says nothing, leaves it there, to be
    sent again with content=None. If the answer breaks off (an error, Ctrl-C, an `on_text` that raises), what came of
    it is committed with the metadata `{"interrupted": true}` if it says something (thinking alone does not), and the
    error raised.
    MissingKeyError, and InvalidInputError for what cannot be sent or needs no retry, before anything is committed;
    SessionNotFoundError; ModelError, whose hint says how to go on.
    """
    client.require_key()
    session = manager.get_session(session_id)
    broken_off = _broken_off(session) if content is None else []
    standing = [message for message in session.messages if not any(message is part for part in broken_off)]
    said = _said(standing, content, parameters.pop("system", None))
    call = _prepare(session, [*standing, *said], model, parameters)
    for message in said:
        manager.add_message(session.id, message)
    answer = Answer()
    try:
        _listen(client.events(call.request, stream=stream), answer, on_text)
    except BaseException as error:
        _keep(manager, session.id, answer, call, error)
        raise
    odd = {} if answer.stop_reason in _WHOLE else {"stop_reason": answer.stop_reason}
    message = manager.add_message(session.id, _message(answer, call, odd | _claim(answer, call)))
    notes = [*call.notes, *(f"the answer stopped early: {reason}" for reason in odd.values())]
    if broken_off:
        manager.leave_out(session.id, broken_off)
        notes.append("what had come of the answer before is left out; it stays in history")
    return Turn(message, answer.text, count(answer.usage), notes)


@dataclass(frozen=True)
class _Call:
    """A request, what it was built from, and what there is to say about it."""

    request: dict[str, Any]
    prompt: Prompt
    notes: list[str]


def _spoken(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message.role != MessageRole.SYSTEM]


def _broken_off(session: Session) -> list[Message]:
    """Give the answers at the end of a session that broke off, the last first."""
    return list(takewhile(_is_broken_off, reversed(_spoken(session.messages))))


def _is_broken_off(message: Message) -> bool:
    return message.role == MessageRole.ASSISTANT and message.metadata.get(INTERRUPTED) is True


def _said(standing: Sequence[Message], content: str | list[Block] | None, system: str | None) -> list[Message]:
    """Give the messages that this turn adds before the answer."""
    added = []
    if system is not None and not any(
        message.role == MessageRole.SYSTEM and message.content == system for message in standing
    ):
        added.append(Message(MessageRole.SYSTEM, system))
    if content is None:
        spoken = _spoken(standing)
        if not spoken or spoken[-1].role != MessageRole.USER:
            raise InvalidInputError("nothing to retry: the last message is not a question", hint="ask something")
    elif not content or (isinstance(content, str) and not content.strip()):
        raise InvalidInputError("there is nothing to ask: the prompt is empty")
    else:
        added.append(Message(MessageRole.USER, content))
    return added


def _prepare(session: Session, sent: list[Message], model: str | None, parameters: dict[str, Any]) -> _Call:
    """Build the request before anything is committed: what cannot be sent is refused without a trace."""
    grown = copy.copy(session)
    grown.messages = sent
    prompt = build_prompt(grown)
    chosen = model or session.parameters.get("model") or config.default_model()
    request = prompt.request(chosen, **parameters)
    return _Call(request, prompt, [*prompt.notes, *prompt.left_out(chosen, **parameters)])


def _listen(events: Events, answer: Answer, on_text: Callable[[str], None] | None) -> None:
    """Take an answer in, and hand its text on. ModelError, also for one that says nothing: it could not be retried."""
    with closing(take_in(events, answer)) as pieces:
        for text in pieces:
            if on_text is not None:
                on_text(text)
    if answer.says_something:
        return
    reason = "" if answer.stop_reason in _WHOLE else f" ({answer.stop_reason})"
    raise ModelError(
        f"the model gave an empty answer{reason}",
        hint="let it say more: --max-tokens" if answer.stop_reason == "max_tokens" else "",
    )


def _keep(manager: Sessions, session_id: str, answer: Answer, call: _Call, error: BaseException) -> None:
    """Commit what came before the answer broke off, and have the error say how to go on."""
    kept = answer.says_something
    if kept:
        manager.add_message(session_id, _message(answer, call, {INTERRUPTED: True}))
    if isinstance(error, ModelError):
        error.hint = _how_to_go_on(error.hint, session_id, kept=kept)


def _message(answer: Answer, call: _Call, metadata: dict[str, Any]) -> Message:
    return Message(
        MessageRole.ASSISTANT,
        answer.content,
        metadata=metadata,
        tokens=answer.usage or None,
        model=answer.model or call.request["model"],
    )


def _claim(answer: Answer, call: _Call) -> dict[str, Any]:
    """Say which prompt the answer's thinking was about, so that it may be sent back; not if the call brought tools."""
    thinks = any(block.get("type") in {"thinking", "redacted_thinking"} for block in answer.blocks)
    own_tools = call.request.get("tools", []) == call.prompt.tools
    return {FINGERPRINT: call.prompt.fingerprint} if thinks and own_tools else {}


def _how_to_go_on(hint: str, session_id: str, *, kept: bool) -> str:
    step = (
        f"what came of the answer is kept; go on with: claif-git ask --session {session_id} …,"
        f" or ask for it again: claif-git ask --retry --session {session_id}"
        if kept
        else f"the prompt is kept; send it again with: claif-git ask --retry --session {session_id}"
    )
    return f"{hint}; {step}" if hint else step
