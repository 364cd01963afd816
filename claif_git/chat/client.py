"""A client for Claude in the shape that chat libraries share, which also keeps its conversations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from claif_git.chat.completions import Chat, Completions
from claif_git.chat.endpoint import Endpoint
from claif_git.chat.listening import Events
from claif_git.chat.turn import Sessions, take_turn
from claif_git.model import Block


class Keeper(Sessions, Protocol):
    """What the client needs of a SessionManager beside what a turn needs."""

    def create_session(self) -> str:
        """Make a session without a title, and give its id."""
        ...


class ClaudeClient:
    """Asks Claude: `client.chat.completions.create(model=…, messages=[…])`, or in a session: `chat_with_session`.

    api_key, base_url   None takes $ANTHROPIC_API_KEY and $ANTHROPIC_BASE_URL, when the first request is made
    session_manager     where conversations are kept; None opens the default store when one is first needed
    timeout             seconds without a word from the other side
    max_retries         how often a request is sent again that failed before anything came back

    A context manager with `close()`. Thread-safe. Making one loads nothing and sends nothing.
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        session_manager: Keeper | None = None,
        timeout: float = 600.0,
        max_retries: int = 2,
    ) -> None:
        self._endpoint = Endpoint(api_key, base_url, timeout=timeout, max_retries=max_retries)
        self._manager = session_manager
        self._owns_manager = False
        self._lock = threading.Lock()
        self.chat = Chat(Completions(self._endpoint))

    def chat_with_session(
        self,
        content: str | list[Block],
        session_id: str | None = None,
        *,
        model: str | None = None,
        on_text: Callable[[str], None] | None = None,
        **parameters: Any,
    ) -> tuple[str, str]:
        """Say `content` in a session, and give the answer's text and the session's id.

        session_id   None starts a session; a unique prefix will do
        on_text      called with each piece of the answer as it comes
        parameters   as `take_turn` takes them: max_tokens, system, …

        The prompt is committed before the call, the answer after it. Raises as `take_turn` does, SessionNotFoundError.
        """
        self.require_key()
        manager = self._sessions()
        session_id = manager.get_session(session_id).id if session_id else manager.create_session()
        turn = take_turn(manager, session_id, content, client=self, model=model, on_text=on_text, **parameters)
        return turn.text, session_id

    def require_key(self) -> str:
        """Give the API key. MissingKeyError if there is none; nothing is sent."""
        return self._endpoint.require_key()

    def events(self, request: Mapping[str, Any], *, stream: bool = True) -> Events:
        """Send the arguments of `messages.create`, and give the events of the answer as plain data. ModelError."""
        return self._endpoint.events(request, stream=stream)

    def _sessions(self) -> Keeper:
        with self._lock:
            if self._manager is None:
                from claif_git.session import SessionManager

                self._manager, self._owns_manager = SessionManager(), True
            return self._manager

    def close(self) -> None:
        """Close the connection, and the store if the client opened it."""
        self._endpoint.close()
        with self._lock:
            manager = self._manager if self._owns_manager else None
            if manager is not None:
                self._manager, self._owns_manager = None, False
        close = getattr(manager, "close", None)
        if close is not None:
            close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
