"""What a merge gives back: the session's id, with all that happened."""

from __future__ import annotations

from typing import Self

from claif_git.merge.trees import Conflict


class MergeResult(str):
    """The merged session's id, as text, that also says what the merge did.

    outcome    "merged", "fast-forward", "up-to-date" (the primary held all of it already), or "undone" (it does, but an
               undo took it out again: `redo` or a reset brings it back, a merge does not)
    commit     the tip it gave
    added      paths of messages that the primary did not have
    dropped    paths of messages that were left out: said on both sides, not picked, or taken out by an undo before
    conflicts  what both sides had changed; the primary's version stands, and both are listed
    """

    __slots__ = ("added", "commit", "conflicts", "dropped", "outcome")

    def __new__(
        cls,
        session_id: str,
        *,
        outcome: str = "merged",
        commit: str = "",
        added: tuple[str, ...] = (),
        dropped: tuple[str, ...] = (),
        conflicts: tuple[Conflict, ...] = (),
    ) -> Self:
        """Give the id with its report."""
        result = super().__new__(cls, session_id)
        result.outcome, result.commit = outcome, commit
        result.added, result.dropped, result.conflicts = added, dropped, conflicts
        return result

    outcome: str
    commit: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
