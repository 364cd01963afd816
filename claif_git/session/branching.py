"""Branching from a message, and merging two sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from claif_git.errors import InvalidInputError
from claif_git.format.header import SessionHeader
from claif_git.git.trees import Add
from claif_git.history.change import Change
from claif_git.history.commits import one_line
from claif_git.history.settings import CHRONOLOGICAL
from claif_git.history.snapshot import Snapshot
from claif_git.ids import new_session_id
from claif_git.merge.branching import branch_point
from claif_git.merge.result import MergeResult
from claif_git.merge.sessions import Choice, Outcome, candidates, merge_into
from claif_git.merge.strategies import Resolver, Strategy, picked
from claif_git.model.times import now
from claif_git.session.operations import record
from claif_git.session.reading import entry_at, session_of
from claif_git.session.undoing import left_out, taken_back
from claif_git.session.working import Note, Working, refuse_later_format
from claif_git.session.writing import checked_title


def branch(working: Working, session_id: str, index: int, title: str | None) -> str:
    """Make a session that holds messages 0 to `index` of another (negative: from its end); give its id.

    An index of -1 on a session without messages branches from its beginning. MessageIndexError otherwise.
    """
    working.settle(session_id)
    parent = working.read(session_id)
    refuse_later_format(parent)
    last = -1 if index == -1 and not parent.shown else entry_at(parent, index)[0]
    read = session_of(parent)
    named = checked_title(title) or (f"{read.title} (branch)" if read.title else None)
    moment = now()
    branch_id = new_session_id(named, moment)

    def build(add: Add) -> str:
        parents, root = branch_point(working.repo, parent, last, add)
        before = Snapshot(working.repo, branch_id, "", root)
        change = Change(before, working.token(branch_id), add, moment)
        order = CHRONOLOGICAL if parent.settings.order == CHRONOLOGICAL else None
        change.start(SessionHeader(moment, read.template, read.parameters), named, read.metadata, order)
        note = Note(f"branch: {one_line(named or session_id)}", parents=parents)
        return working.commit(change, note).commit

    working.create(branch_id, build)
    return branch_id


@dataclass(frozen=True)
class Wish:
    """What a caller of merge_sessions asks for: see there."""

    strategy: Strategy
    resolver: Resolver | None = None
    picks: Sequence[int] | None = None


def merge(
    working: Working, primary: str, secondary: str, wish: Wish, *, into_primary: bool, title: str | None
) -> MergeResult:
    """Merge two sessions: into a new one, or into the primary. See SessionManager.merge_sessions."""
    if primary == secondary:
        raise InvalidInputError("a session cannot be merged with itself")
    for session_id in (primary, secondary):
        working.settle(session_id)
    ours, theirs = working.read(primary), working.read(secondary)
    for side in (ours, theirs):
        refuse_later_format(side)
    choice = Choice(wish.strategy)
    if wish.strategy is Strategy.MANUAL:
        # Asked before anything is locked: a person may take long to answer.
        past = candidates(working.repo, ours, theirs)
        if not past and into_primary:
            return MergeResult(primary, outcome="up-to-date", commit=ours.commit)
        choice = Choice(wish.strategy, picked(theirs, past, wish.resolver, wish.picks))
    if into_primary:
        return _into(working, primary, theirs, choice)
    return _into_new(working, ours, theirs, choice, title)


def _into(working: Working, primary: str, theirs: Snapshot, choice: Choice) -> MergeResult:
    results: list[tuple[Outcome, str]] = []

    def build(change: Change) -> Note | None:
        ours = change.before
        if working.repo.is_ancestor(theirs.commit, ours.commit):
            results[:] = [(Outcome(), "up-to-date")]
            return None
        ahead = working.repo.is_ancestor(ours.commit, theirs.commit)
        outcome = merge_into(change, working.repo, theirs, choice)
        results[:] = [(outcome, "fast-forward" if ahead else "merged")]
        return Note(_subject(theirs, choice), parents=(theirs.commit,))

    forwarded = _forwarded(working, primary, theirs, choice)
    if forwarded is not None:
        return forwarded
    after = working.write(primary, build)
    outcome, how = results[0]
    lost = _undone_before(working, primary, theirs)
    if lost:
        outcome, how = replace(outcome, dropped=[*outcome.dropped, *lost]), "undone" if how == "up-to-date" else how
    return _result(primary, after.commit, outcome, how)


def _undone_before(working: Working, primary: str, theirs: Snapshot) -> list[str]:
    """Give the messages of the secondary that were merged before, and stay out since that was undone."""
    moves = taken_back(working, frozenset({"merge", "fast-forward"})).get(primary, [])
    shown = {entry.path for entry in theirs.shown}
    return sorted(left_out(working, primary, moves) & shown) if moves else []


def _forwarded(working: Working, primary: str, theirs: Snapshot, choice: Choice) -> MergeResult | None:
    """Move the primary's ref to a secondary that is simply ahead, where nothing is to be chosen or set."""
    if choice.strategy is not Strategy.SMART or working.drafting or primary in working.drafts:
        return None
    with working.lock:
        ours = working.read(primary)
        ahead = theirs.commit != ours.commit and working.repo.is_ancestor(ours.commit, theirs.commit)
        if not ahead or not working.repo.move_ref(working.store.head(primary), ours.commit, theirs.commit):
            return None
        record(working, "fast-forward", primary, ours.commit, theirs.commit)
        after = working.at(primary, theirs.commit)
    mine = {entry.path for entry in ours.shown}
    added = tuple(entry.path for entry in after.shown if entry.path not in mine)
    return MergeResult(primary, outcome="fast-forward", commit=after.commit, added=added)


def _into_new(working: Working, ours: Snapshot, theirs: Snapshot, choice: Choice, title: str | None) -> MergeResult:
    read, other = session_of(ours), session_of(theirs)
    names = " + ".join(name for name in (read.title, other.title) if name)
    named = checked_title(title) or names or None
    moment = now()
    merged_id = new_session_id(named, moment)
    outcomes: list[Outcome] = []

    def build(add: Add) -> str:
        change = Change(ours.renamed(merged_id), working.token(merged_id), add, moment)
        outcomes[:] = [merge_into(change, working.repo, theirs, choice)]
        change.start(SessionHeader(moment, read.template, read.parameters), named, read.metadata)
        if CHRONOLOGICAL in (choice.strategy, read.order):
            change.set_order(CHRONOLOGICAL)
        return working.commit(change, Note(_subject(theirs, choice), parents=(theirs.commit,))).commit

    working.create(merged_id, build)
    return _result(merged_id, working.store.tip(merged_id) or "", outcomes[0], "merged")


def _subject(theirs: Snapshot, choice: Choice) -> str:
    return f"merge: {theirs.session_id} ({choice.strategy or 'pull'})"


def _result(session_id: str, commit: str, outcome: Outcome, how: str) -> MergeResult:
    left_out = set(outcome.dropped)
    return MergeResult(
        session_id,
        outcome=how,
        commit=commit,
        added=tuple(entry.path for entry in outcome.added if entry.path not in left_out),
        dropped=tuple(outcome.dropped),
        conflicts=tuple(outcome.conflicts),
    )
