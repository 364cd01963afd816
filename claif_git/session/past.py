"""What this store did, in order, and on which change each session stands: what `undo` and `redo` decide by.

A session's branch may stand at a commit of its own (a turn: that commit is the change), where an operation put it (a
pull: the operation is), or where an undo did, which says on which earlier change it stands since. What came from
elsewhere without an operation of ours is nobody's change here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from claif_git.format import layout
from claif_git.format.layout import moment_of
from claif_git.git import Commit
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import HIDDEN_TRACKING, PLAIN_HEADS, PLAIN_TRACKING
from claif_git.session.operations import STEPS, Move, Operation, operations
from claif_git.session.order import mark_of
from claif_git.session.working import Working

_SECOND = 10**9
Key = tuple[int, int]
"""When a change was made: nanoseconds, and a number that tells those apart that have the same."""


@dataclass(frozen=True, slots=True)
class Done:
    """A change to one session, which stands.

    id       an operation's, or the commit's that made it
    before   where the session stood before it; None: there was none
    after    where it brought the session
    limit    how many operations there were, at most, when it was made
    is_ours  whether it is known that this store made it; else a person has to name the session
    """

    id: str
    session_id: str
    before: str | None
    after: str | None
    verb: str
    about: str
    limit: int
    key: Key
    stone: str | None = None
    is_ours: bool = True


class Past:
    """A store's past, as it was when this was made."""

    def __init__(self, working: Working) -> None:
        self._working, self._repo = working, working.repo
        self.operations = list(operations(working))[::-1]
        self._places = working.order.read()
        self._since = next(iter(self._places.values())).at if self._places else 0
        self._keys = self._operations_keys()
        self._by_id = {operation.id: at for at, operation in enumerate(self.operations)}
        self._moves: dict[str, list[tuple[int, Move]]] = {}
        for at, operation in enumerate(self.operations):
            for move in operation.moves:
                self._moves.setdefault(move.session_id, []).append((at, move))

    def _operations_keys(self) -> list[Key]:
        """Give each operation's place; one that is not in the order comes after the one before it in the log."""
        keys: list[Key] = []
        latest = (0, 0)
        for operation in self.operations:
            place = self._places.get(operation.id)
            latest = (place.at, place.line) if place is not None else max(latest, (operation.at, 0))
            keys.append(latest)
        return keys

    def key_of(self, operation: Operation) -> Key:
        """Say when an operation was done."""
        return self._keys[self._by_id[operation.id]]

    # where sessions stand

    @cached_property
    def tips(self) -> dict[str, str]:
        """Where the sessions stand, this manager's unsaved turns included."""
        tips = self._working.store.ids()
        drafts = {name: self._working.read(name).commit for name in self._working.drafts & tips.keys()}
        return {**tips, **drafts}

    def made_in(self, oid: str) -> str | None:
        """Name the session in which a commit was made here; None where the order does not know, or it is gone."""
        place = self._places.get(oid)
        return self._marked.get(place.mark) if place is not None else None

    @cached_property
    def _marked(self) -> dict[str, str]:
        return {mark_of(name): name for name in self.tips}

    def standing(self, change: str) -> list[Done]:
        """Give what stands of a change, session by session."""
        at = self._by_id.get(change)
        names = [move.session_id for move in self.operations[at].moves] if at is not None else []
        found = (self.top(name) for name in names if name in self._names())
        return [done for done in found if done is not None and done.id == change]

    def top(self, session_id: str) -> Done | None:
        """Give the change on which a session stands; None if it is none of ours."""
        return self._at(session_id, self.tips.get(session_id), len(self.operations))

    def under(self, done: Done) -> Done | None:
        """Give the change on which the session stood before."""
        if done.before is None and done.id not in self._by_id:
            return None  # a commit that made its session: no operation can have come before it
        return self._at(done.session_id, done.before, done.limit)

    def stands_at(self, move: Move) -> bool:
        """Say whether a session stands where an undo brought it: there, or where a redo brought it back to that."""
        tip, limit = self.tips.get(move.session_id), len(self.operations)
        while tip != move.new:
            arrival = self.arrival(move.session_id, tip, limit)
            if arrival is None or self.operations[arrival[0]].verb != "redo":
                return False
            limit = self._by_id.get(self.operations[arrival[0]].again or "", 0)
            found = (one for one in self.operations[limit].moves if one.session_id == move.session_id)
            undone = next(found, None)
            if undone is None:
                return False
            tip = undone.old
        return True

    def _at(self, session_id: str, tip: str | None, limit: int) -> Done | None:
        arrival = self.arrival(session_id, tip, limit)
        if arrival is None:
            return self._commit(session_id, tip, limit) if tip is not None else None
        at, move = arrival
        is_step = self.operations[at].verb in STEPS
        return self._named(session_id, move.pos, at) if is_step else self._operation(at, move)

    def _named(self, session_id: str, change: str | None, limit: int) -> Done | None:
        """Give the change of that id; None if it is not known any more."""
        at = self._by_id.get(change or "")
        if at is not None:
            found = (move for move in self.operations[at].moves if move.session_id == session_id)
            move = next(found, None)
            return self._operation(at, move) if move is not None else None
        return self._commit(session_id, change, limit) if change and self._repo.has(change) else None

    def _operation(self, at: int, move: Move) -> Done | None:
        operation = self.operations[at]
        if operation.verb == "clone":
            return None  # nothing was here before
        told = (operation.verb, operation.about, at, self._keys[at], move.stone)
        return Done(operation.id, move.session_id, move.old, move.new, *told)

    # changes that are commits

    def _commit(self, session_id: str, oid: str, limit: int) -> Done | None:
        commit = self._repo.read_commit(oid)
        subject = commit.message.partition("\n")[0]
        if subject.startswith("undo: ") and commit.parents:  # one that died before it could tell of it
            undone = self._at(session_id, commit.parents[0], limit)
            return self.under(undone) if undone is not None else None
        place = self._places.get(oid)
        if place is not None and place.mark == mark_of(session_id):
            about, key = (subject.partition(":")[0], subject, limit), (place.at, place.line)
            return Done(oid, session_id, place.old, oid, *about, key)
        if self._came(session_id, oid):
            return None
        return self._unplaced(session_id, oid, commit, limit)

    def _unplaced(self, session_id: str, oid: str, commit: Commit, limit: int) -> Done:
        """Judge a commit of which the order says nothing in this session: plain git's, or one from long ago."""
        subject = commit.message.partition("\n")[0]
        is_pull = subject == f"merge: {session_id}" and any(self._came(session_id, one) for one in commit.parents[1:])
        before = commit.parents[0] if is_pull else self._before(session_id, commit)
        verb = "pull" if is_pull else subject.partition(":")[0]
        is_ours = oid not in self._places and commit.committer == str(self._working.who)
        key = self.made_at(session_id, oid)
        return Done(oid, session_id, before, oid, verb, subject, limit, key, is_ours=is_ours)

    def _before(self, session_id: str, commit: Commit) -> str | None:
        """Give the commit before one of a session's; None if that is the one that made the session."""
        own = layout.session_folder(session_id)
        for parent in commit.parents:
            if self._has_folder(self._repo.read_commit(parent), own):
                return parent
        return None if self._has_folder(commit, own) else (commit.parents[0] if commit.parents else None)

    def _has_folder(self, commit: Commit, own: str) -> bool:
        return isinstance(folder_at(self._repo, commit.tree).get(own), Folder)

    def made_at(self, session_id: str, oid: str) -> Key:
        """Say when a commit became a session's: by its place, or its date and what tells more within that second."""
        place = self._places.get(oid)
        if place is not None and place.mark == mark_of(session_id):
            return place.at, place.line
        first = int(self._repo.read_commit(oid).commit_time) * _SECOND
        if first + _SECOND <= self._since:
            return first, 0  # from before all that the order knows: there may be thousands
        snapshot = self._working.peek(session_id, oid)
        told = self._ref_written(session_id) if self.tips.get(session_id) == oid else 0
        if not told and snapshot.latest:
            told = int(moment_of(snapshot.latest).timestamp() * 10**6) * 1_000
        return told if first <= told < first + _SECOND else first, 0

    def _ref_written(self, session_id: str) -> int:
        try:
            return (self._repo.path / self._working.store.head(session_id)).stat().st_mtime_ns
        except OSError:
            return 0

    def _came(self, session_id: str, oid: str) -> bool:
        """Say whether a remote has had a commit: it may be from there."""
        return any(tip == oid or self._repo.is_ancestor(oid, tip) for tip in self._tracked.get(session_id, ()))

    @cached_property
    def _tracked(self) -> dict[str, list[str]]:
        prefix = PLAIN_TRACKING if self._working.store.heads == PLAIN_HEADS else HIDDEN_TRACKING
        found: dict[str, list[str]] = {}
        for ref, tip in self._repo.refs(prefix).items():
            if self._repo.has(tip):
                found.setdefault(ref.rpartition("/")[2], []).append(tip)
        return found

    # when

    def latest(self) -> Done | None:
        """Give the change that this store made last, of those that stand."""
        best: Done | None = None
        names = self._names()
        for name in sorted(names, key=self._is_placed, reverse=True):
            if best is not None and not self._is_placed(name) and self._latest_at(name) < best.key[0]:
                continue  # no need to look closer: there may be thousands
            done = self.top(name)
            if done is not None and done.is_ours and (best is None or done.key > best.key):
                best = done
        return best

    def _latest_at(self, session_id: str) -> int:
        return int(self._repo.read_commit(self.tips[session_id]).commit_time + 1) * _SECOND

    def _names(self) -> set[str]:
        """Name the sessions that there are, and those in the trash that an operation put there."""
        return self.tips.keys() | (self._moves.keys() & self._working.store.trashed().keys())

    def _is_placed(self, session_id: str) -> bool:
        return session_id in self._moves or self.tips.get(session_id) in self._places

    def arrival(self, session_id: str, oid: str | None, limit: int) -> tuple[int, Move] | None:
        """Give the operation, by its number, that last brought a session to where it stands; None: its own commit."""
        found = ((at, move) for at, move in reversed(self._moves.get(session_id, [])) if at < limit)
        return next(((at, move) for at, move in found if move.new == oid), None)
