"""What two states of conversations have in common, and what each has alone. Works on the snapshots it is given."""

from claif_git.diff.compare import compare
from claif_git.diff.result import Changed, Only, SessionDiff, SettingChange
from claif_git.diff.words import Run, word_diff

__all__ = ["Changed", "Only", "Run", "SessionDiff", "SettingChange", "compare", "word_diff"]
