"""Two sessions side by side: where they parted, and what each has that the other has not."""

from __future__ import annotations

from claif_git.diff import SessionDiff, compare
from claif_git.merge.bases import Scratch, base_tree
from claif_git.session.revisions import Revision
from claif_git.session.working import Working


def diff(working: Working, a: Revision, b: Revision) -> SessionDiff:
    """Compare two sessions, each as it stood at a commit, over the commit where they parted if there is one."""
    one, other = (working.peek(side.session_id, side.commit) for side in (a, b))
    bases = working.repo.merge_bases(a.commit, b.commit)
    base = base_tree(working.repo, a.commit, b.commit, Scratch(working.repo))
    return compare(one, other, bases[0] if bases else None, base)
