"""The line to the Messages API: requests out, events in. The only module that imports the anthropic SDK, and late."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from claif_git import config
from claif_git.chat.answers import Event
from claif_git.chat.failures import failure
from claif_git.chat.listening import Events
from claif_git.errors import MissingKeyError, ModelError

if TYPE_CHECKING:
    from anthropic import Anthropic

STREAM_ABOVE = 16_000
"""Output tokens past which a whole answer can take longer than a connection stays open: it is streamed then."""

_FOR_THE_SDK = {"extra_headers": "headers", "extra_query": "params", "timeout": "timeout"}


class Endpoint:
    """Sends requests to one API with one key. Thread-safe; the connection is made on first use.

    api_key, base_url   None takes what the environment says at the first request
    timeout             seconds without a word from the other side
    max_retries         how often a request is sent again that failed before anything came back
    """

    def __init__(
        self,
        api_key: str | None = None,
        base_url: str | None = None,
        *,
        timeout: float = 600.0,
        max_retries: int = 2,
    ) -> None:
        self._given_key, self._base_url = api_key, base_url
        self._timeout, self._max_retries = timeout, max_retries
        self._sdk: Anthropic | None = None
        self._lock = threading.Lock()

    def require_key(self) -> str:
        """Give the key. MissingKeyError if there is none, ModelError if it cannot be one; nothing is sent."""
        key = self._given_key or config.api_key()
        if not key:
            raise MissingKeyError
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError("the API key holds characters that no key has", hint="check ANTHROPIC_API_KEY")
        return key

    def events(self, request: Mapping[str, Any], *, stream: bool = True) -> Events:
        """Send a request, and give the stream's events; without `stream`, one event of type `message`.

        A large `max_tokens` streams all the same. Closing the iterator closes the connection. ModelError.
        """
        key = self.require_key()
        body = {name: value for name, value in request.items() if name not in {*_FOR_THE_SDK, "extra_body"}}
        body.update(request.get("extra_body") or {})
        options = {_FOR_THE_SDK[name]: request[name] for name in _FOR_THE_SDK if request.get(name) is not None}
        streamed = stream or body.get("max_tokens", 0) > STREAM_ABOVE
        try:
            yield from self._sent(key, body, options, streamed=streamed)
        except Exception as error:
            ours = failure(error, key=key)
            if ours is None or ours is error:
                raise
            raise ours from error

    def _sent(self, key: str, body: dict[str, Any], options: Any, *, streamed: bool) -> Events:
        # `post` and not `messages.create`: it gives the API's own JSON, so that what is stored is what was said, and
        # takes every parameter that the API takes, also those that this or that SDK's signature has dropped.
        sdk = self._connected(key)
        if not streamed:
            yield _mapping(sdk.post("/v1/messages", cast_to=object, body=body, options=options))
            return
        from anthropic import Stream

        body["stream"] = True
        with sdk.post(
            "/v1/messages", cast_to=object, body=body, options=options, stream=True, stream_cls=Stream[object]
        ) as stream:
            for event in stream:
                yield _mapping(event)

    def _connected(self, key: str) -> Anthropic:
        with self._lock:
            if self._sdk is None:
                import anthropic

                self._sdk = anthropic.Anthropic(
                    api_key=key,
                    base_url=self._base_url or config.base_url(),
                    timeout=self._timeout,
                    max_retries=self._max_retries,
                )
            return self._sdk

    def close(self) -> None:
        """Close the connection; the next request makes a new one."""
        with self._lock:
            sdk, self._sdk = self._sdk, None
        if sdk is not None:
            sdk.close()


def _mapping(value: object) -> Event:
    if not isinstance(value, dict):
        raise ValueError(f"{str(value)[:80]!r}")  # noqa: TRY004  what came is wrong, not the caller's types
    return value
