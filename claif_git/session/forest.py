"""All sessions as a forest: who was branched from whom and where, and what was merged into each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from claif_git.format import layout
from claif_git.history.lineage import Lineage
from claif_git.history.settings import settings_owner
from claif_git.history.snapshot import Snapshot
from claif_git.model.session import Session
from claif_git.model.times import iso
from claif_git.session.reading import session_of
from claif_git.session.working import Progress, Working, counting


@dataclass(frozen=True, slots=True)
class Fork:
    """Where a session left another, which may be deleted by now.

    commit         the newest commit that it took along
    message_index  the last message that it took along, as the parent numbers it now; None if it took none, or the
                   parent leaves that one out
    """

    parent: str
    commit: str
    message_index: int | None


@dataclass(frozen=True, slots=True)
class Joined:
    """What was merged into a session: another session, and the commit that did it."""

    session_id: str
    commit: str


@dataclass(frozen=True, slots=True)
class ForestNode:
    """A session in the forest.

    depth      how many of its ancestors stand above it: 0 for a session that was branched from none that is there
    fork       where it left its parent; None for one that was made new
    merged     what was merged into it, newest first
    message_count, own_count   the messages that it shows; those among them that its parent does not show
    """

    session_id: str
    title: str | None
    updated_at: datetime
    message_count: int
    own_count: int
    depth: int
    fork: Fork | None = None
    merged: tuple[Joined, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """Give it as JSON data."""
        fork = self.fork
        taken = fork and {"parent": fork.parent, "commit": fork.commit, "message_index": fork.message_index}
        return {
            "id": self.session_id,
            "title": self.title,
            "updated_at": iso(self.updated_at),
            "message_count": self.message_count,
            "own_count": self.own_count,
            "depth": self.depth,
            "fork": taken,
            "merged": [{"id": one.session_id, "commit": one.commit} for one in self.merged],
        }


def forest(working: Working, progress: Progress | None = None) -> list[ForestNode]:
    """Give all sessions, each followed by what was branched from it: trees by their latest change, branches by fork.

    They are gone through twice: for their forks, then for what they show.
    """
    return list(_Forest(working, progress=progress).nodes())


def family(working: Working, session_id: str) -> list[str]:
    """Give the sessions that were branched from one, and from those, and so on."""
    owner = settings_owner(working.read(session_id).root, session_id)
    grown = _Forest(working, within=owner)
    return [name for name, _ in grown.below(session_id)][1:]


class _Forest:
    """The forks between sessions; with `within`, only between those that hold the folder of that one."""

    def __init__(self, working: Working, within: str = "", progress: Progress | None = None) -> None:
        self._working, self._lineage, self._progress = working, Lineage(working.repo), progress
        found = {name: working.peek(name, tip) for name, tip in working.store.ids().items()}
        inside = f"{layout.SESSIONS}/{within}" if within else layout.SESSIONS
        self._sessions = {name: one for name, one in found.items() if one.root.get(inside) is not None}
        self._renamed = self._renamings()
        self._lines = {name: self._own_line(self._sessions[name]) for name in counting(self._sessions, progress)}
        self._forks = {name: self._fork(name) for name in self._sessions}
        self._children: dict[str, list[str]] = defaultdict(list)
        for name, fork in self._forks.items():
            self._children[fork.parent if fork is not None and fork.parent in self._sessions else ""].append(name)

    def _renamings(self) -> dict[str, str]:
        """Give the branches that plain git renamed, by the name that their folder still has."""
        renamed: dict[str, str] = {}
        for name, snapshot in sorted(self._sessions.items()):
            owner = settings_owner(snapshot.root, name)
            if owner not in self._sessions and owner not in ("", name):
                renamed.setdefault(owner, name)
        return renamed

    def _owner(self, commit: str) -> str:
        owner = self._lineage.owner(commit)
        return self._renamed.get(owner, owner)

    def _own_line(self, snapshot: Snapshot) -> tuple[list[str], str | None]:
        """Give the commits along a session's line that are its own, newest first, and the one that it was made on."""
        line, name = self._lineage.first_parents(snapshot.commit), snapshot.session_id
        owners = [self._owner(commit) for commit in line]
        end = len(line)
        if name in owners:
            end -= owners[::-1].index(name)
        elif owners[0] in self._sessions:  # made with plain git: its own is what the other does not have
            bases = self._working.repo.merge_bases(snapshot.commit, self._sessions[owners[0]].commit)
            end = line.index(bases[0]) if bases and bases[0] in line else end
        return line[:end], line[end] if end < len(line) else None

    def _fork(self, name: str) -> Fork | None:
        own, at = self._lines[name]
        parent = self._owner(at) if at is not None else ""
        if at is None or parent in ("", name):
            return None
        # What a branch took along is what its first commit shows: it may stand on more than one commit.
        is_branch = bool(own) and self._lineage.commit(own[-1]).message.startswith("branch:")
        taken = self._working.peek(name, own[-1] if is_branch else at).shown
        there = self._sessions.get(parent)
        shown = {entry.path: index for index, entry in enumerate(there.shown)} if there is not None else {}
        return Fork(parent, at, shown.get(taken[-1].path) if taken else None)

    def below(self, name: str) -> Iterator[tuple[str, int]]:
        """Give a session and all below it, with their depths: each before its branches, these in the order of forks."""
        seen = {name}
        waiting = [(name, 0)]
        while waiting:
            at, depth = waiting.pop()
            yield at, depth
            branches = sorted(set(self._children[at]) - seen, key=self._place, reverse=True)
            seen.update(branches)
            waiting += [(branch, depth + 1) for branch in branches]

    def _place(self, name: str) -> tuple[int, str]:
        fork = self._forks[name]
        return (-1 if fork is None or fork.message_index is None else fork.message_index, name)

    def nodes(self) -> Iterator[ForestNode]:
        """Give the whole forest, the tree with the latest change first."""
        told = {name: session_of(self._sessions[name]) for name in counting(self._sessions, self._progress)}
        trees = [list(self.below(root)) for root in self._children[""]]
        trees.sort(key=lambda tree: max((told[name].updated_at, name) for name, _ in tree), reverse=True)
        for tree in trees:
            yield from (self._node(told[name], depth) for name, depth in tree)

    def _node(self, session: Session, depth: int) -> ForestNode:
        fork, shown = self._forks[session.id], self._sessions[session.id].shown
        parent = self._sessions.get(fork.parent) if fork is not None else None
        held = {entry.path for entry in parent.shown} if parent is not None else set()
        own = sum(entry.path not in held for entry in shown)
        merged = tuple(self._merged(session.id))
        return ForestNode(session.id, session.title, session.updated_at, len(shown), own, depth, fork, merged)

    def _merged(self, name: str) -> Iterator[Joined]:
        for oid in self._lines[name][0]:
            commit = self._lineage.commit(oid)
            # A branch from a merged session may stand on several commits: that merges nothing.
            if len(commit.parents) > 1 and not commit.message.startswith("branch:"):
                others = (self._owner(parent) for parent in commit.parents[1:])
                yield from (Joined(other, oid) for other in others if other not in ("", name))
