"""Our own JSON export, read back without loss. Its shape stands in `claif_git.format.interchange`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.format.interchange import FAMILY, FORMAT, message_from_data
from claif_git.importers.conversation import ImportedBranch, ImportedConversation, ImportedTurn, Parsed, Problem
from claif_git.importers.values import EPOCH, digest, key_of, mapping, moment, word
from claif_git.model import Json, iso, plain

SOURCE = "claif-json"

_TIME_STEP = timedelta(seconds=1)


def looks_like(document: Json) -> bool:
    """Tell whether a document is such an export, of this version or another."""
    return isinstance(document, dict) and str(document.get("format", "")).startswith(FAMILY)


def parse(document: Json, *, keep_raw: bool = False) -> Parsed:  # noqa: ARG001  # the same shape as its siblings
    """Read one session. A message that cannot be read is a problem; the others are read.

    A message that the export gave no time has the one before it plus a second. Nothing is kept raw: nothing is lost.
    """
    data = mapping(document)
    if data.get("format") != FORMAT:
        return Parsed((), (Problem(None, f"format: {FORMAT!r} is read, not {str(data.get('format'))[:40]!r}"),))
    reader = _Reader(mapping(data.get("session")))
    reader.read(data.get("messages"))
    if not reader.turns:
        reader.problems.append(Problem(None, "messages: there is none that can be read"))
        return Parsed((), tuple(reader.problems))
    return Parsed((reader.finish(),), tuple(reader.problems))


class _Reader:
    def __init__(self, about: dict[str, Json]) -> None:
        self.about = about
        self.turns: list[ImportedTurn] = []
        self.problems: list[Problem] = []

    def read(self, messages: Json) -> None:
        """Read the messages, in order."""
        at = moment(self.about.get("created_at")) or EPOCH
        for index, item in enumerate(messages if isinstance(messages, list) else []):
            timed = {**item, "timestamp": iso(at)} if isinstance(item, dict) and item.get("timestamp") is None else item
            try:
                message = message_from_data(timed, f"messages[{index}]")
            except InvalidInputError as error:
                self.problems.append(Problem(None, error.message))
                continue
            at = message.timestamp + _TIME_STEP
            self.turns.append(ImportedTurn(message, len(self.turns) - 1 if self.turns else None))

    def finish(self) -> ImportedConversation:
        """Give the conversation, everything about it checked."""
        first = self.turns[0].message
        title = self._field("title", str)
        return ImportedConversation(
            source=SOURCE,
            key=key_of(word(self.about.get("id")) or digest(first.role, first.content, iso(first.timestamp))),
            title=title,
            created_at=moment(self.about.get("created_at")) or first.timestamp,
            metadata=self._field("metadata", dict) or {},
            turns=tuple(self.turns),
            branches=(ImportedBranch("main", title, len(self.turns) - 1),),
            template=self._field("template", str),
            parameters=self._field("parameters", dict) or {},
            order=self._field("order", str) or "path",
        )

    def _field(self, name: str, kind: type[Any]) -> Any:
        value = self.about.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, kind):
                return plain(value, name)
            self.problems.append(Problem(None, f"session.{name}: cannot be {type(value).__name__}"))
        except InvalidInputError as error:
            self.problems.append(Problem(None, f"session.{error.message}"))
        return None
