"""A built prompt, and the keyword arguments that send it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model import Block, plain
from claif_git.prompt.parameters import DEFAULT_MAX_TOKENS, fit_parameters
from claif_git.prompt.said import without_thinking
from claif_git.prompt.thinking import Prefix

_OWN = ("messages", "system")


@dataclass(frozen=True)
class Prompt:
    """A conversation as the Messages API takes it. Treat it as immutable.

    system      text blocks
    messages    role and content, users and assistants in alternation, a user first and last
    parameters  what the session suggests for calls, as it stands there
    notes       what was left out or supplied, one line each
    tools       definitions of the tools that the conversation has used; they are named, not offered
    """

    system: list[Block]
    messages: list[dict[str, Any]]
    parameters: dict[str, Any]
    notes: list[str]
    tools: list[Block] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """What an answer that holds thinking is stored with (see `claif_git.prompt.thinking`): 32 hex digits."""
        prefix = Prefix(self.tools, self.system)
        for message in self.messages:
            prefix.add(message["role"], message["content"])
        return prefix.fingerprint()

    def request(self, model: str | None = None, max_tokens: int | None = None, **overrides: Any) -> dict[str, Any]:
        """Give the keyword arguments of `client.messages.create` (or `.stream`).

        model, max_tokens   where None, the session's own; then DEFAULT_MAX_TOKENS. No model at all: InvalidInputError
        overrides           go over the session's parameters; None takes one away. What is no parameter of a model
                            (`stream`, `timeout`, …) goes through as it is. `tools` come before the prompt's own

        A parameter that the model does not take is left out; `left_out` says which.
        """
        return self._fit(model, max_tokens, overrides)[0]

    def left_out(self, model: str | None = None, max_tokens: int | None = None, **overrides: Any) -> list[str]:
        """Say which of the parameters `request` leaves out, given the same arguments; one line each."""
        return self._fit(model, max_tokens, overrides)[1]

    def _fit(
        self, model: str | None, max_tokens: int | None, overrides: dict[str, Any]
    ) -> tuple[dict[str, Any], list[str]]:
        for key in _OWN:
            if key in overrides:
                raise InvalidInputError(f"{key} come from the session; change them there")
        wanted = {**self.parameters, **{key: item for key, item in overrides.items() if key != "tools"}}
        chosen = model or wanted.get("model")
        if not isinstance(chosen, str) or not chosen:
            raise InvalidInputError("no model is named, neither by the caller nor by the session")
        limit, notes = _limit(max_tokens, wanted.get("max_tokens"))
        offered = plain(overrides.get("tools") or [], "tools")
        body = self._body(offered)
        fitted, more = fit_parameters(wanted, chosen, limit, body["messages"], set(overrides))
        return {"model": chosen, **fitted, **body}, notes + more

    def _body(self, offered: list[Block]) -> dict[str, Any]:
        names = {tool.get("name") for tool in offered}
        tools = [*offered, *(tool for tool in self.tools if tool["name"] not in names)]
        body: dict[str, Any] = {"messages": plain(self.messages)}
        if self.system:
            body["system"] = plain(self.system)
        if tools:
            body["tools"] = plain(tools)
        if offered:
            # Other tools are another prompt, to which no thinking in it is an answer.
            for message in body["messages"]:
                message["content"] = without_thinking(message["content"])
        elif tools:
            body["tool_choice"] = {"type": "none"}
        return body


def _limit(asked: int | None, suggested: Any) -> tuple[int, list[str]]:
    if asked is not None:
        if not _is_count(asked):
            raise InvalidInputError(f"max_tokens is a whole number from 1, not {asked!r}")
        return asked, []
    if suggested is None or _is_count(suggested):
        return suggested or DEFAULT_MAX_TOKENS, []
    return DEFAULT_MAX_TOKENS, [f"max_tokens left out: {suggested!r} is no value for it"]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
