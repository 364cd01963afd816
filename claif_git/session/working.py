"""Reading and writing sessions: the tips that a manager sees, and how its changes become commits."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from claif_git.errors import AmbiguousIdError, InvalidInputError, SessionNotFoundError, StoreError
from claif_git.git import Repository
from claif_git.git.trees import Add
from claif_git.history.change import Change
from claif_git.history.commits import Signature, commit_of
from claif_git.history.removed import put_back
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.history.transact import Act, transact
from claif_git.ids import writer_token
from claif_git.model.times import now
from claif_git.session.batch import Batch
from claif_git.session.checked import Checked
from claif_git.session.order import Order
from claif_git.session.store import DRAFTS, Store, unique
from claif_git.session.upkeep import Upkeep

if TYPE_CHECKING:
    from claif_git.merge.trees import Conflict
    from claif_git.session.operations import Operation

KEPT_SNAPSHOTS = 64
Progress = Callable[[int, int], None]
"""Called with (done, in all)."""
_T = TypeVar("_T")


def counting(items: Collection[_T], progress: Progress | None) -> Iterator[_T]:
    """Give the items, and say after each how many are done."""
    for done, item in enumerate(items, start=1):
        yield item
        if progress is not None:
            progress(done, len(items))


@dataclass(frozen=True, slots=True)
class Note:
    """What a commit says of a change. `author` None is whoever runs this; `parents` are those beside the tip."""

    subject: str
    author: Signature | None = None
    said: datetime | None = None
    parents: tuple[str, ...] = ()


Build = Callable[[Change], "Note | None"]
"""Changes a session; None for «nothing to do»."""


def refuse_later_format(snapshot: Snapshot) -> None:
    """Leave alone what a later version wrote: it may mean things that we do not know of. StoreError."""
    if snapshot.settings.later_format:
        raise StoreError(snapshot.settings.later_format, hint="upgrade claif-git")


class Working:
    """One manager's view of a store. All methods are thread-safe; a writer holds `lock`."""

    def __init__(self, store: Store, who: Signature, *, durable: bool = True) -> None:
        self.store, self.who, self.durable = store, who, durable
        self.lock = threading.RLock()
        self.manager_id = secrets.token_hex(6)
        self.drafting = False
        self.drafts: set[str] = set()
        self._batch: Batch | None = None
        self._checked = Checked(self.repo)
        self._conflicts: list[Conflict] = []
        self.upkeep = Upkeep(self.repo)
        self.order = Order(self.repo.path)
        self.operations_read: tuple[str | None, list[Operation]] = None, []
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()

    @property
    def repo(self) -> Repository:
        """The store's repository. StoreError once the store is closed."""
        return self.store.repo

    def close(self) -> None:
        """Leave word for the next process, and stop what runs in the background."""
        self._checked.close()
        self.upkeep.close()

    # reading

    def resolve(self, prefix: str) -> str:
        """Give the full id that a unique prefix stands for. SessionNotFoundError, AmbiguousIdError."""
        if not isinstance(prefix, str):
            raise InvalidInputError(f"a session's id is text, not {type(prefix).__name__}")
        if self._batch is not None:
            with self.lock:
                held = self._batch is not None and self._batch.holds(self.store.head(prefix))
                if held or self.store.tip(prefix) is not None:
                    return str(prefix)
                self.flush()  # a prefix may be that of a session which the batch has made
        try:
            return self.store.resolve(prefix)
        except AmbiguousIdError as error:
            names = {name: tip for name in error.candidates if (tip := self.store.tip(name))}
            return unique(prefix, {name: tip for name, tip in names.items() if self.peek(name, tip).is_session})

    def read(self, session_id: str) -> Snapshot:
        """Give a session as it stands now, this manager's unsaved turns included. SessionNotFoundError."""
        with self.lock:
            self.flush()
            if session_id in self.drafts:
                return self._own_draft(session_id)
            tip = self.store.tip(session_id)
            snapshot = self.at(session_id, tip) if tip else None
        if snapshot is None or not snapshot.is_session:
            raise SessionNotFoundError(session_id)
        return snapshot

    def at(self, session_id: str, commit: str) -> Snapshot:
        """Give a session as it stood at a commit."""
        with self.lock:
            known = self._snapshots.get(session_id)
            if known is not None and known.commit == commit:
                self._snapshots.move_to_end(session_id)
                return known
            snapshot = self._later(known, commit) or self.peek(session_id, commit)
            self._keep(snapshot)
            return snapshot

    def _later(self, known: Snapshot | None, commit: str) -> Snapshot | None:
        """Give a session where others brought it, if that is what is known of it and more messages."""
        if known is None or not known.is_session:
            return None
        read = self.repo.read_commit(commit)
        later = known.grown_to(commit, folder_at(self.repo, read.tree), read.commit_time)
        if later is not None and read.parents == (known.commit,):
            self._checked.grew(known.session_id, known.commit, commit)
        return later

    def peek(self, session_id: str, commit: str) -> Snapshot:
        """Give a session as it stood at a commit, without keeping it: for a look back, or at another's tip."""
        read = self.repo.read_commit(commit)
        return Snapshot(self.repo, session_id, commit, folder_at(self.repo, read.tree), read.commit_time)

    def forget(self, session_id: str) -> None:
        """Keep nothing of a session in memory."""
        self._snapshots.pop(session_id, None)
        self.drafts.discard(session_id)

    def _keep(self, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.session_id] = snapshot
        self._snapshots.move_to_end(snapshot.session_id)
        while len(self._snapshots) > KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)

    # writing

    def write(self, session_id: str, build: Build, *, reads: bool = True) -> Snapshot:
        """Change a session by one commit; give it as it stands after. SessionNotFoundError, ConcurrentUpdateError.

        `reads`: the change looks at messages, which a running batch has to put in place first.
        """
        with self.lock:
            if reads or session_id not in self._snapshots:
                self.flush()
            if self.drafting or session_id in self.drafts:
                return self._write_draft(session_id, build)
            return self._write_ref(session_id, self.store.head(session_id), build, None)

    def create(self, session_id: str, build: Callable[[Add], str]) -> None:
        """Make a session: `build` stores its commits and gives the tip."""
        made: list[str] = []
        with self.lock:

            def act(tip: str | None, add: Add) -> str | None:
                if tip is not None:
                    raise StoreError(f"a session {session_id} exists already")
                made[:] = [build(add)]
                self.order.note(session_id, None, made[0])
                return made[0]

            self._transact(session_id, self.store.head(session_id), act)
            self.at(session_id, made[0])  # which keeps it: a batch goes on with it and need not be put in place first

    def remember(self, made: Snapshot) -> None:
        """Keep a session that was just made, so that what is said in it next need not read it, nor end a batch."""
        with self.lock:
            self._keep(made)
            self._checked.moved(made.session_id, made.commit)

    def _write_ref(self, session_id: str, ref: str, build: Build, start: str | None) -> Snapshot:
        after: list[Snapshot] = []

        def act(tip: str | None, add: Add) -> str | None:
            from_commit = tip or start
            before = self.at(session_id, from_commit) if from_commit else None
            if before is None or not before.is_session:
                raise SessionNotFoundError(session_id)
            after[:] = [self._build(before, build, add, ref)]
            if after[0].commit != from_commit:
                self.order.note(session_id, from_commit, after[0].commit)
            return after[0].commit

        self._transact(session_id, ref, act)
        self._keep(after[0])
        self._checked.moved(session_id, after[0].commit)
        if self._batch is None:
            self.upkeep.wrote()
        return after[0]

    def _build(self, before: Snapshot, build: Build, add: Add, ref: str) -> Snapshot:
        refuse_later_format(before)
        change = Change(before, self.token(before.session_id, ref), add, now())
        put_back(change, self._checked.removed(before.session_id, before.commit))
        note = build(change)
        if note is None or (change.root.oid == before.root.oid and not note.parents):
            return before
        return self.commit(change, note)

    def commit(self, change: Change, note: Note) -> Snapshot:
        """Store a change's trees and its commit; give the snapshot after it."""
        before = change.before
        moment = now()
        parents = (before.commit, *note.parents) if before.commit else note.parents
        commit = commit_of(
            change.root.write(change.add),
            parents,
            note.subject,
            author=note.author or self.who,
            committer=self.who,
            said=note.said or moment,
            now=moment,
        )
        oid = change.add("commit", commit.encode())
        if change.only_appends:
            return before.followed_by(oid, change.root, change.appended, change.latest, commit.commit_time)
        after = Snapshot(before.objects, before.session_id, oid, change.root, commit.commit_time)
        if change.known_latest is not None:
            after.__dict__["latest"] = change.known_latest
        return after

    def token(self, session_id: str, ref: str = "") -> str:
        """Give the writer's token in this session; a draft's is another than its branch's."""
        drafting = (self.manager_id,) if ref.startswith(DRAFTS) else ()
        return writer_token(self.repo.store_id(), session_id, *drafting)

    def _transact(self, session_id: str, ref: str, act: Act) -> None:
        if self._batch is not None:
            self._batch.transact(session_id, ref, act)
        else:
            transact(self.repo, ref, act, durable=self.durable)
            self.order.flush()

    # batches

    def settle(self, session_id: str) -> None:
        """Make a session ready to be branched or merged: what was removed with plain git is put back and dropped."""
        with self.lock:
            snapshot = self.read(session_id)
            if self._checked.removed(session_id, snapshot.commit):
                self.write(
                    session_id, lambda change: Note("drop: removed with git") if change.root.oid is None else None
                )

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Write all of the block's turns as one pack, and move the refs at its end. Other threads wait meanwhile."""
        with self.lock:
            if self._batch is not None:
                yield
                return
            self._batch = Batch(self.repo, self._unite, durable=self.durable)
            try:
                yield
            finally:
                batch, self._batch = self._batch, None
                batch.finish()
                self.order.flush()

    def flush(self) -> None:
        """Make what a running batch wrote so far readable."""
        if self._batch is not None and self._batch.is_dirty:
            self._batch.finish()
            self.order.flush()

    def _unite(self, session_id: str, ours: str, theirs: str, add: Add) -> str:
        """Merge two tips of one session, as a pull does; give the merge commit."""
        from claif_git.merge.sessions import Choice, merge_into

        change = Change(self.at(session_id, ours), self.token(session_id), add, now())
        self._conflicts = merge_into(change, self.repo, self.peek(session_id, theirs), Choice()).conflicts
        return self.commit(change, Note(f"merge: {session_id}", parents=(theirs,))).commit

    def join_telling(self, session_id: str, ref: str, theirs: str) -> tuple[str, list[Conflict]]:
        """Do what `join` does; give the tip, and what both sides had changed, where ours stands."""
        with self.lock:
            self._conflicts = []
            tip = self.join(session_id, ref, theirs)
            return tip, self._conflicts

    def join(self, session_id: str, ref: str, theirs: str) -> str:
        """Bring `theirs` into the session's `ref`: fast-forward where that will do, else merge; give the tip."""

        def act(tip: str | None, add: Add) -> str | None:
            if tip is None or self.repo.is_ancestor(tip, theirs):
                return theirs
            return tip if self.repo.is_ancestor(theirs, tip) else self._unite(session_id, tip, theirs, add)

        with self.lock:
            tip, _ = transact(self.repo, ref, act, durable=self.durable)
        if tip is None:  # pragma: no cover - act gives a commit in every case
            raise StoreError(f"{ref} is gone")
        return tip

    # drafts

    def draft_ref(self, session_id: str) -> str:
        """Name the ref that holds this manager's unsaved turns of a session."""
        return f"{DRAFTS}{session_id}/{self.manager_id}"

    def _own_draft(self, session_id: str) -> Snapshot:
        """Give the union of this manager's draft and the branch: what others saved since is merged into the draft."""
        ref = self.draft_ref(session_id)
        tip, branch = self.repo.ref(ref), self.store.tip(session_id)
        if branch is None:
            raise SessionNotFoundError(session_id)
        if tip is None:
            self.drafts.discard(session_id)
            return self.at(session_id, branch)
        joined = self.join(session_id, ref, branch)
        if joined not in (tip, branch):
            self._note_merge(session_id, branch, joined)
        return self.at(session_id, joined)

    def take_in(self, session_id: str, draft: str) -> None:
        """Bring a draft into its session's branch."""
        after = self.join(session_id, self.store.head(session_id), draft)
        branch, *others = self.repo.read_commit(after).parents or ("",)
        if others == [draft]:
            self._note_merge(session_id, branch, after)

    def _note_merge(self, session_id: str, branch: str, merge: str) -> None:
        """Note a merge of a draft and the branch as made on the branch: taken back, it leaves what others saved."""
        self.order.note(session_id, branch, merge)
        if self._batch is None:
            self.order.flush()

    def _write_draft(self, session_id: str, build: Build) -> Snapshot:
        ref, branch = self.draft_ref(session_id), self.store.tip(session_id)
        if branch is None:
            raise SessionNotFoundError(session_id)
        if session_id in self.drafts:
            self._own_draft(session_id)
        after = self._write_ref(session_id, ref, build, branch)
        self.drafts.add(session_id)
        return after

    def save(self, session_id: str) -> bool:
        """Bring this manager's unsaved turns of a session into its branch; tell whether there were any."""
        with self.lock:
            self.flush()
            ref = self.draft_ref(session_id)
            tip = self.repo.ref(ref) if session_id in self.drafts else None
            if tip is None:
                self.drafts.discard(session_id)
                return False
            if self.store.tip(session_id) is None:
                raise SessionNotFoundError(session_id, hint=f"its unsaved turns stay in {ref}")
            self.take_in(session_id, tip)
            self.repo.move_ref(ref, tip, None)
            self.drafts.discard(session_id)
            return True
