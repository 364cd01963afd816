"""What a search gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from claif_git.model.message import MessageRole


class Snippet(str):  # noqa: SLOT000 - a str cannot have slots that hold anything
    """A few words around a match, in one line of plain text; `spans` are the [start, end) of what matched in it."""

    spans: tuple[tuple[int, int], ...]

    def __new__(cls, text: str, spans: tuple[tuple[int, int], ...] = ()) -> Self:
        """Give a text its spans."""
        snippet = super().__new__(cls, text)
        snippet.spans = spans
        return snippet


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that a search found, in one session that shows it.

    message_index   where it stands there
    snippet         from the message; from the session's title where only that matched
    score           higher is better; only to be compared within one search
    """

    session_id: str
    title: str | None
    message_index: int
    role: MessageRole
    timestamp: datetime
    snippet: Snippet
    score: float


def best_first(hits: Iterable[SearchHit], limit: int | None) -> list[SearchHit]:
    """Order hits, the best first, then the latest; give the first `limit`, all for None."""
    ordered = sorted(hits, key=lambda hit: (hit.session_id, hit.message_index))
    ordered.sort(key=lambda hit: (hit.score, hit.timestamp), reverse=True)
    return ordered[:limit]
