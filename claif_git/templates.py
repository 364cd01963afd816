"""Session templates: what a new conversation starts with.

A template gives a system message (the session's first message), metadata that lie under what the caller gives, and
parameters that a call to a model takes where nobody says otherwise. Three are built in; a store keeps further ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model import plain

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
"""Template names become file names in a store."""
KEYS = ("name", "system_message", "default_metadata", "suggested_parameters")

_NAME = re.compile(NAME_PATTERN)
_NUMBERS = {"temperature": (0.0, 1.0), "top_p": (0.0, 1.0)}
_COUNTS = {"max_tokens": 1, "top_k": 0}


@dataclass(frozen=True)
class SessionTemplate:
    """One template.

    name                  letters, digits, `_` and `-`, at most 64
    system_message        the first message of a session, or empty for none
    default_metadata      JSON data by text keys
    suggested_parameters  JSON data by text keys: temperature, max_tokens, model, …
    """

    name: str
    system_message: str = ""
    default_metadata: dict[str, Any] = field(default_factory=dict)
    suggested_parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_data(cls, name: str, data: Mapping[str, Any]) -> SessionTemplate:
        """Check a template given as plain data, and copy it.

        The data may leave out any key; a `name` in it is a label that `name` overrules. None stands for absent.
        InvalidInputError for a name that cannot be a file's, a key nobody knows, or a value of the wrong type or range.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidInputError(f"a template's name is 1 to 64 letters, digits, '_' or '-', not {str(name)[:80]!r}")
        if not isinstance(data, Mapping):
            raise InvalidInputError(f"template {name}: it is a mapping, not {type(data).__name__}")
        unknown = sorted(str(key) for key in data if key not in KEYS)
        if unknown:
            raise InvalidInputError(f"template {name}: unknown key {unknown[0]!r}; known: {', '.join(KEYS)}")
        return cls(
            name=name,
            system_message=_text(name, data.get("system_message")),
            default_metadata=_mapping(name, "default_metadata", data.get("default_metadata")),
            suggested_parameters=_parameters(name, data.get("suggested_parameters")),
        )

    def to_data(self) -> dict[str, Any]:
        """Give the template as plain data, copied, every key there; `from_data` reads it back."""
        return {
            "name": self.name,
            "system_message": self.system_message,
            "default_metadata": plain(self.default_metadata),
            "suggested_parameters": plain(self.suggested_parameters),
        }


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"template {name}: system_message is text, not {type(value).__name__}")
    return str(value)


def _mapping(name: str, key: str, value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"template {name}: {key} is a mapping, not {type(value).__name__}")
    copied: dict[str, Any] = plain(value, f"template {name}: {key}")
    return copied


def _parameters(name: str, value: object) -> dict[str, Any]:
    parameters = _mapping(name, "suggested_parameters", value)
    for key, item in parameters.items():
        if item is not None:
            _check_parameter(f"template {name}: {key}", key, item)
    return parameters


def _check_parameter(what: str, key: str, value: object) -> None:
    """Parameters that every model has are checked here, early; the rest is the model's own business."""
    if key in _NUMBERS:
        low, high = _NUMBERS[key]
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
            raise InvalidInputError(f"{what} is a number from {low:g} to {high:g}, not {value!r}")
    elif key in _COUNTS:
        if not isinstance(value, int) or isinstance(value, bool) or value < _COUNTS[key]:
            raise InvalidInputError(f"{what} is a whole number from {_COUNTS[key]}, not {value!r}")
    elif key == "model":
        if not isinstance(value, str) or not value:
            raise InvalidInputError(f"{what} is a model's name, not {value!r}")
    elif key == "stop_sequences" and not _is_list_of_text(value):
        raise InvalidInputError(f"{what} is a list of texts that are not empty, not {value!r}")


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


_CODING = """\
You are an experienced software engineer who works with the user on their code.

- Read what is there before you change it: keep to its language, version, style and structure.
- Say in a sentence or two what you will do and why, then show the code. Give whole functions or a diff, ready to run, \
with imports; never elide a part that the user would have to guess.
- Prefer the smallest change that solves the problem. Do not add dependencies, options or abstractions nobody asked for.
- When you look for a fault, reason from the evidence: name the likely causes in order, and the quickest check that \
tells them apart. Do not present a guess as a finding.
- Handle errors and edge cases, and point out races, security holes and costs that the user may have missed.
- Say which parts you have not run or are not sure of. If something that decides the answer is missing, ask one \
question; otherwise state your assumption and go on.
"""

_ANALYSIS = """\
You are a careful analyst who helps the user find out what their data and sources really say.

- Start from the question: restate what is to be decided, and what would count as an answer.
- Keep three things apart: what the data show, what you infer from them, and what you assume. Say how sure you are of \
each inference, and why.
- Check the data first: units, time ranges, missing values, duplicates, outliers, and how they were collected. Name \
what could mislead.
- Show the method and the numbers, step by step, so that the user can repeat them. Use a table where it reads better \
than prose.
- Look for what speaks against your conclusion, and for other explanations; correlation is not cause.
- Lead with the finding in plain words, then the evidence, then the limits and the next most useful step. Never invent \
figures or sources.
"""

_CREATIVE = """\
You are a writer and an attentive collaborator in the user's own work.

- Serve the user's vision: keep to their genre, tone, point of view, length and constraints, and to what has been \
established so far; keep names, facts and voices consistent.
- Choose the particular over the general: concrete images, real gestures, dialogue that sounds like its speaker. \
Avoid stock phrases and the first idea that anybody would have.
- Show rather than explain, vary the rhythm, and trust the reader. End where the piece ends, without a moral.
- Asked for ideas, give a few that truly differ, each in a line or two, and say which you would take.
- Asked for feedback, say what works and why, then what does not and how it might, with an example in the user's own \
style.
- Give the piece itself first; keep remarks about it short and apart from it.
"""

BUILT_IN: Mapping[str, SessionTemplate] = {
    template.name: template
    for template in (
        SessionTemplate("coding", _CODING, {"category": "coding"}, {"max_tokens": 16_000}),
        SessionTemplate("analysis", _ANALYSIS, {"category": "analysis"}, {"max_tokens": 16_000}),
        SessionTemplate("creative", _CREATIVE, {"category": "creative"}, {"max_tokens": 16_000}),
    )
}
"""The templates every store has, by name."""
