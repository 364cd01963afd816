"""Parameters of a call: which of those that a session suggests its model takes.

Since the API's version 2026-10-21, which the SDK sends, no request carries temperature, top_p or top_k. Models before
4.7 still sample as they are told when the request names the version before; later ones refuse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from claif_git.prompt.said import THINKING

DEFAULT_MAX_TOKENS = 16_000
"""Room for thinking and an answer, and short enough for the SDK to let it go without streaming."""
SAMPLING_VERSION = "2023-06-01"
"""The last version of the API that has sampling parameters."""

_SAMPLING = {"temperature": 1.0, "top_p": 1.0, "top_k": float("inf")}
_MIN_BUDGET = 1024
_NAMED = re.compile(r"claude-[a-z]+-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_OLD = re.compile(r"claude-(\d)(?:-(\d{1,2}))?(?!\d)")

Generation = tuple[int, int]
NEWEST: Generation = (99, 0)


def generation(model: str) -> Generation | None:
    """Give a Claude model's generation, (4, 6) for `claude-opus-4-6`; NEWEST if unclear; None for other models."""
    name = model.rpartition("/")[2].rpartition("anthropic.")[2]
    if not name.startswith("claude"):
        return None
    found = _NAMED.match(name) or _OLD.match(name)
    return (int(found[1]), int(found[2] or 0)) if found else NEWEST


def fit_parameters(
    wanted: Mapping[str, Any], model: str, max_tokens: int, messages: list[dict[str, Any]], given: set[str]
) -> tuple[dict[str, Any], list[str]]:
    """Give the arguments that carry the parameters, and one line for each that was left out.

    given   names that the caller gave by hand: those that are no parameter of a model go through unchecked
    """
    fit = _Fit(model, max_tokens, messages)
    for key, value in wanted.items():
        if value is None or key in {"model", "max_tokens", *_SAMPLING}:
            continue
        if key in _CHECKS:
            fit.checked(key, value)
        elif key in given:
            fit.arguments[key] = value
        else:
            fit.notes.append(f"{key} left out: the Messages API has no such parameter")
    fit.sample({key: wanted[key] for key in _SAMPLING if wanted.get(key) is not None})
    return fit.arguments, fit.notes


class _Fit:
    def __init__(self, model: str, max_tokens: int, messages: list[dict[str, Any]]) -> None:
        self.arguments: dict[str, Any] = {"max_tokens": max_tokens}
        self.notes: list[str] = []
        self.model, self.generation, self.messages = model, generation(model), messages

    def checked(self, key: str, value: Any) -> None:
        if key == "thinking" and not self._thinks(value):
            self.notes.append(f"thinking left out: {self.model} does not think so, or not after this conversation")
        elif key != "thinking" and not _CHECKS[key](value):
            self.notes.append(f"{key} left out: {value!r} is no value for it")
        else:
            self.arguments[key] = value

    def _thinks(self, value: Any) -> bool:
        kind = value.get("type") if isinstance(value, Mapping) else None
        made = self.generation or NEWEST
        if kind == "adaptive":
            return made >= (4, 6)
        if kind == "disabled":
            return made < (5, 0)
        budget = value.get("budget_tokens") if kind == "enabled" else None
        fits = isinstance(budget, int) and _MIN_BUDGET <= budget < self.arguments["max_tokens"]
        return fits and made <= (4, 6) and not self._answers_without_thinking()

    def _answers_without_thinking(self) -> bool:
        """Manual thinking wants the last calls to begin with the thinking that led to them."""
        if self.messages[-1]["content"][0]["type"] != "tool_result":
            return False
        return self.messages[-2]["content"][0]["type"] not in THINKING

    def sample(self, wanted: dict[str, Any]) -> None:
        """Take what of the sampling parameters the model takes, and note the rest."""
        taken = {key: value for key, value in wanted.items() if _is_between(value, _SAMPLING[key])}
        self.notes += [f"{key} left out: {wanted[key]!r} is no value for it" for key in wanted if key not in taken]
        reason = self._no_sampling()
        if reason:
            self.notes += [f"{key} left out: {reason}" for key in taken]
            return
        if "temperature" in taken and taken.pop("top_p", None) is not None:
            self.notes.append("top_p left out: temperature is given, and models take one of the two")
        if taken:
            self.arguments["extra_body"] = {**taken, **(self.arguments.get("extra_body") or {})}
            headers = self.arguments.get("extra_headers") or {}
            self.arguments["extra_headers"] = {"anthropic-version": SAMPLING_VERSION, **headers}

    def _no_sampling(self) -> str:
        if self.generation and self.generation > (4, 6):
            return f"{self.model} takes no sampling parameters"
        thinking = self.arguments.get("thinking")
        return "not taken while thinking" if thinking and thinking.get("type") != "disabled" else ""


def _is_between(value: Any, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= high


def _is_stops(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(stop, str) and stop.strip() for stop in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "thinking": lambda _: True,
    "stop_sequences": _is_stops,
    "output_config": lambda value: isinstance(value, Mapping),
    "service_tier": lambda value: value in ("auto", "standard_only"),
}
