"""What a look at a store finds."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, PROBLEM = "ok", "note", "problem"
REINDEX, CLEAN, PACK, MARKS, PACK_INDEX, REFS = "reindex", "clean", "pack", "marks", "pack-index", "refs"


def many(number: int, noun: str) -> str:
    """Say `1 message`, `2,000 messages`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a store.

    area        "index", "objects", "refs", "locks", "drafts", "trash", "marks", "sessions", "config" or "disk"
    level       "ok"; "note": it passes by itself, or is yours to decide; "problem": something is wrong
    message     one line
    hint        what to do about it; often a command
    session_id  the session that it is about, if it is about one
    repair      what `doctor(fix=True)` does about it: "reindex", "clean", "pack", "marks", "pack-index", "refs"; ""
                for nothing
    fixed       whether that was just done
    """

    area: str
    level: str
    message: str
    hint: str = ""
    session_id: str | None = None
    repair: str = ""
    fixed: bool = False

    @property
    def is_wrong(self) -> bool:
        """Whether something is wrong, and still is."""
        return self.level == PROBLEM and not self.fixed
