"""Other tools' conversations, read from bytes. Pure: the same bytes give the same conversations on every machine."""

from claif_git.importers.conversation import (
    ImportedBranch,
    ImportedConversation,
    ImportedTurn,
    Parsed,
    Problem,
)
from claif_git.importers.detect import KNOWN_SOURCES, detect, parse

__all__ = [
    "KNOWN_SOURCES",
    "ImportedBranch",
    "ImportedConversation",
    "ImportedTurn",
    "Parsed",
    "Problem",
    "detect",
    "parse",
]
