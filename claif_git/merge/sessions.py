"""Merging two sessions, or two histories of one: the tree that a merge commit gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from claif_git.git import Repository
from claif_git.history.change import Change
from claif_git.history.placing import Entry
from claif_git.history.removed import put_back
from claif_git.history.settings import CHRONOLOGICAL
from claif_git.history.snapshot import Snapshot
from claif_git.merge.bases import Scratch, base_tree
from claif_git.merge.settling import settle
from claif_git.merge.strategies import Strategy, keep_picked, past_fork, said_twice
from claif_git.merge.trees import Conflict, unite


@dataclass
class Choice:
    """What the caller wants of a merge. `strategy` None is a pull: the union as it is, with nothing left out.

    `kept` are, for a manual merge, the paths of the secondary's messages that stay, in the caller's order.
    """

    strategy: Strategy | None = None
    kept: Sequence[str] = ()


@dataclass
class Outcome:
    """What a merge did to a change: see MergeResult."""

    added: list[Entry] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def candidates(repo: Repository, ours: Snapshot, theirs: Snapshot) -> list[Entry]:
    """Give the messages of `theirs` past the fork: those that a merge would add."""
    return past_fork(theirs, base_tree(repo, ours.commit, theirs.commit, Scratch(repo)), ours)


def merge_into(change: Change, repo: Repository, theirs: Snapshot, choice: Choice) -> Outcome:
    """Merge `theirs` into a change that stands on ours: the union of both, less what the strategy leaves out."""
    ours = change.before
    scratch = Scratch(repo)
    base = base_tree(repo, ours.commit, theirs.commit, scratch)
    united = unite(base, ours.root, theirs.root, scratch.read_blob, change.add)
    settle(repo, united, ours, theirs)
    mine, yours = past_fork(ours, base, theirs), past_fork(theirs, base, ours)
    change.take_root(united.root, max(ours.latest, theirs.latest))
    put_back(change, united.removed)
    outcome = Outcome(yours, conflicts=united.conflicts)
    if choice.strategy is Strategy.MANUAL:
        outcome.dropped = keep_picked(change, theirs, yours, choice.kept)
    elif choice.strategy is not None:
        outcome.dropped = said_twice(ours, mine, theirs, yours)
        change.drop(outcome.dropped)
    if choice.strategy is Strategy.CHRONOLOGICAL:
        change.set_order(CHRONOLOGICAL)
    return outcome
