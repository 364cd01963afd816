"""The conversations that every backend is given: the same ones in every run, made from a seed.

Two kinds. `text`: a person's messages of about 200 characters, answers of about 1,200. `blocks`: as an agent works, a
question, a tool call, its result of 20 kB, an answer.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SEED = 20_261_124
START = datetime(2026, 1, 5, 9, 0, 0, tzinfo=UTC)
ASKED, ANSWERED, RESULT = 200, 1_200, 20_000
"""Characters, about."""
RARE, COMMON = "zyzzogeton", "review"
"""Words to search: one that a message in a thousand holds, one that a message in four holds."""
PROJECTS = 10
_CONSONANTS, _VOWELS = "bcdfghjklmnprstvwz", "aeiou"


@dataclass(frozen=True, slots=True)
class Said:
    """One message. `blocks` is its content where that is more than `text`; the role of a tool's result is "user"."""

    role: str
    text: str
    time: datetime
    metadata: dict[str, str]
    tokens: int
    blocks: list[dict[str, object]] | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A session to be: `number` makes its content, `length` messages of it are there from the start."""

    number: int
    length: int
    kind: str = "text"

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.number:06d}-{self.length}"

    @property
    def title(self) -> str:
        return " ".join(_picker(self.number, -1).choices(_words(), k=5)).capitalize()

    @property
    def metadata(self) -> dict[str, str]:
        return {"project": f"project-{self.number % PROJECTS}", "model": "claude-sonnet-5-5"}

    def said(self, index: int) -> Said:
        """Give message `index`, which may be past `length`: that is what will be appended."""
        return _said(self.number, index, self.kind)

    def __iter__(self) -> Iterator[Said]:
        return (self.said(index) for index in range(self.length))


def _said(number: int, index: int, kind: str) -> Said:
    picker = _picker(number, index)
    time = START + timedelta(minutes=number % 100_000, seconds=7 * index, microseconds=picker.randrange(1_000_000))
    role = "assistant" if index % 2 else "user"
    if kind == "blocks":
        text, blocks = _agent_step(picker, index)
    else:
        text, blocks = prose(picker, ANSWERED if index % 2 else ASKED), None
    return Said(role, text, time, {"file": f"src/{picker.choice(_words())}.py"}, len(text) // 4, blocks)


def _agent_step(picker: random.Random, index: int) -> tuple[str, list[dict[str, object]] | None]:
    step, call = index % 4, f"toolu_{index // 4:08x}"
    if step == 1:
        text = prose(picker, ASKED)
        use = {"type": "tool_use", "id": call, "name": "read_file", "input": {"path": f"src/{index}.py", "limit": 400}}
        return text, [{"type": "text", "text": text}, use]
    if step == 2:
        words = prose(picker, RESULT).split(" ")
        text = "\n".join(" ".join(words[at : at + 12]) for at in range(0, len(words), 12))
        return text, [{"type": "tool_result", "tool_use_id": call, "content": text}]
    return prose(picker, ANSWERED if step == 3 else ASKED), None


def prose(picker: random.Random, length: int) -> str:
    """Give words, a few of them often and most seldom, of about `length` characters."""
    wanted = int(length * picker.uniform(0.8, 1.2))
    words = [RARE] if picker.random() < 0.001 else []
    words += [COMMON] if picker.random() < 0.25 else []
    text = " ".join(words)
    while len(text) < wanted:
        text = " ".join([text, *picker.choices(_words(), cum_weights=_weights(), k=length // 5)])
    return text[:wanted].strip()


def _picker(number: int, index: int) -> random.Random:
    return random.Random(f"{SEED}/{number}/{index}")


@functools.cache
def _words() -> list[str]:
    picker = random.Random(SEED)
    return [
        "".join(picker.choice(_CONSONANTS) + picker.choice(_VOWELS) for _ in range(picker.randint(1, 4)))
        for _ in range(4_000)
    ]


@functools.cache
def _weights() -> list[float]:
    total, sums = 0.0, list[float]()
    for rank in range(1, len(_words()) + 1):
        total += 1 / rank
        sums.append(total)
    return sums


def as_json_line(said: Said) -> bytes:
    """Give a message as a line of JSON, with all its fields: what the files of lines and of whole sessions hold."""
    return json.dumps(plain(said), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def plain(said: Said) -> dict[str, object]:
    """Give a message as JSON data."""
    return {
        "role": said.role,
        "content": said.blocks or said.text,
        "timestamp": said.time.isoformat(),
        "metadata": said.metadata,
        "tokens": said.tokens,
    }


def touched(message: dict[str, object]) -> int:
    """Read every field of a message that `plain` made; give how many characters it said."""
    used(message["role"], message["metadata"], message["tokens"], datetime.fromisoformat(str(message["timestamp"])))
    return characters(message["content"])


def used(*_values: object) -> None:
    """Take values that had to be read, so that nothing which is read only when asked for stays unread."""


def characters(content: object) -> int:
    """Give how many characters a content has: text, or blocks."""
    if isinstance(content, str):
        return len(content)
    return sum(len(str(block.get("text") or block.get("content") or "")) for block in content)  # type: ignore[attr-defined]
