"""The tree of one conversation, built line by line.

Where a turn goes is decided when it is read and from what stands before it alone: so a file that has grown gives the
same tree as before, and more.

The tree is cut into lines: the first child of a turn goes on with its line, every later one begins a line of its own.
A line only grows at its end, and its name, the id of its first own turn, stays.

One reply of a model and the results of its tool calls are one *step*. Parallel calls fork the recorded chain (each
result names the call that it answers, while the next call of the same reply names the one before): within a step there
is no branching, whatever comes is put at its end.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from claif_git.importers.conversation import ImportedTurn
from claif_git.model import Message

ROOT = -1
"""The place before the first turn."""


@dataclass(slots=True)
class Path:
    """One line: its first own turn, its last, and the tool calls that were answered on it."""

    first: int
    tip: int
    answered: set[str] = field(default_factory=set)


class Thread:
    """A conversation under construction."""

    def __init__(self) -> None:
        self.turns: list[ImportedTurn] = []
        self.paths: list[Path] = []
        self._path_of: list[Path] = []
        self._steps: list[Hashable] = []
        self._places: dict[str, int] = {}
        self._ids: set[str] = set()

    def holds(self, message_id: str) -> bool:
        """Tell whether a message with that id is here already."""
        return message_id in self._ids

    def place(self, name: str) -> int | None:
        """Give the turn that a line with that id is, or hangs on; None if it was not seen."""
        return self._places.get(name)

    @property
    def last(self) -> int:
        """The turn that was read last; ROOT if there is none."""
        return len(self.turns) - 1

    def carry(self, name: str, parent: int) -> None:
        """Note a line that is no message, so that what follows it follows `parent`."""
        self._places.setdefault(name, parent)

    def add(
        self, message: Message, parent: int, *, step: Hashable = None, answers: frozenset[str] = frozenset()
    ) -> int:
        """Add a turn after `parent`, or further down in its line where that is the same step. Gives its index.

        step     what the turn is a part of; None: of its parent's step
        answers  the tool calls whose results it holds
        """
        parent = self._settle(parent, answers)
        index = len(self.turns)
        path = self._path_of[parent] if parent != ROOT else None
        if path is None or path.tip != parent:
            path = Path(index, index)
            self.paths.append(path)
        path.tip = index
        path.answered |= answers
        self._path_of.append(path)
        self.turns.append(ImportedTurn(message, None if parent == ROOT else parent))
        self._steps.append(self._steps[parent] if step is None and parent != ROOT else (step or index))
        name = message.id or ""
        self._ids.add(name)
        self._places[name] = index
        return index

    def _settle(self, parent: int, answers: frozenset[str]) -> int:
        if parent == ROOT:
            return ROOT
        path = self._path_of[parent]
        late_result = bool(answers) and not answers & path.answered
        return path.tip if late_result or self._steps[parent] == self._steps[path.tip] else parent
