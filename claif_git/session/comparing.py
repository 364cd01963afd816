"""Two sessions side by side: where they parted, and what each has that the other has not."""

from __future__ import annotations

from claif_git.diff import SessionDiff, compare
from claif_git.history.snapshot import Snapshot
from claif_git.merge.bases import Scratch, base_tree
from claif_git.session.working import Working


def diff(working: Working, a: Snapshot, b: Snapshot) -> SessionDiff:
    """Compare two snapshots over the commit where they parted, if they have a past in common."""
    bases = working.repo.merge_bases(a.commit, b.commit)
    base = base_tree(working.repo, a.commit, b.commit, Scratch(working.repo))
    return compare(a, b, bases[0] if bases else None, base)
