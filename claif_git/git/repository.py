"""A git repository as the rest of claif-git sees it: objects, refs, locks, history and upkeep behind one class."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from claif_git.errors import ConcurrentUpdateError
from claif_git.git import command, files, gathering, graph, guest, layout, locks, packindexes, pruning, walk
from claif_git.git.ancestry import Ancestry
from claif_git.git.gitconfig import GitConfig
from claif_git.git.identity import StoreId
from claif_git.git.kinds import Commit, Oid, TreeEntry
from claif_git.git.lockfiles import FOREIGN_AGE, LockFiles
from claif_git.git.locks import Lock, Queues, StoreLock
from claif_git.git.loose import LooseWriter
from claif_git.git.objects import Objects, ObjectWriter
from claif_git.git.packs import PackWriter
from claif_git.git.refs import Refs
from claif_git.git.shallow import Shallow, without_parents
from claif_git.git.syncing import Syncer
from claif_git.git.turns import KEEP_WAIT, Disk, Turn

if TYPE_CHECKING:
    from claif_git.git.inspection import Inspection
    from claif_git.git.maintenance import Maintenance, MaintenanceReport

_SHARED_WAIT = 60.0
_LONG_WAIT = 30.0
_UNASKED_WAIT = 2.0  # maintenance that nobody asked for does not hold writers up for long
_CONFIG_WAIT = 10.0


class Repository:
    """One repository, opened. Its methods may be called from any number of threads.

    What it keeps for itself beside git's own files (locks, the store's id) stands in the folder `claif`.
    """

    def __init__(self, git_dir: Path, *, foreign_lock_age: float = FOREIGN_AGE) -> None:
        self.path = git_dir
        private = str(git_dir / "claif")
        self._syncer = Syncer()
        self._objects = Objects(str(git_dir / "objects"))
        self._lock_files = LockFiles(private, foreign_lock_age)
        self._refs = Refs(str(git_dir), private, self._lock_files, self._syncer)
        self._shallow = Shallow(str(git_dir))
        self._store_lock = StoreLock(private + "/store")
        self._queues = Queues(private + "/queues")
        self._id = StoreId(private)
        self._private = private

    @cached_property
    def _maintenance(self) -> Maintenance:
        from claif_git.git.maintenance import Maintenance

        return Maintenance(self.path, self._objects, self._refs, self._lock_files)

    @classmethod
    def init(cls, path: str | os.PathLike[str]) -> Repository:
        """Open the repository at `path`, and make a bare one first if there is none.

        StoreError if the folder holds something else. Any number of processes may do so at once.
        """
        return cls(layout.create(Path(path)))

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Repository:
        """Open the repository at `path`: a bare one, or the one in its `.git`.

        StoreNotFoundError if there is none; StoreError if it is of a form that is not supported.
        """
        return cls(layout.find(Path(path)))

    def close(self) -> None:
        """Close all files. May be called twice; what was opened of it must not be used any more."""
        self._objects.close()
        self._lock_files.close()
        self._syncer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Objects

    def read(self, oid: Oid) -> tuple[str, bytes]:
        """Give the kind ("blob", "tree", "commit" or "tag") and the bytes of an object.

        StoreError that names it if it is missing or damaged.
        """
        return self._objects.read(oid)

    def read_blob(self, oid: Oid) -> bytes:
        """Give a blob. StoreError if it is missing, damaged or no blob."""
        return self._objects.read_as("blob", oid)

    def read_tree(self, oid: Oid) -> tuple[TreeEntry, ...]:
        """Give a tree's entries in git's order. StoreError if it is missing, damaged or no tree."""
        return self._objects.read_tree(oid)

    def read_commit(self, oid: Oid) -> Commit:
        """Give a commit. StoreError if it is missing, damaged or no commit.

        Where history ends in a shallow clone it is one without parents.
        """
        commit = self._objects.read_commit(oid)
        return without_parents(commit) if commit.parents and oid in self._shallow.ends() else commit

    def has(self, oid: Oid) -> bool:
        """Say whether there is such an object; whether it is whole, only reading it tells."""
        return self._objects.has(oid)

    def has_still(self, oid: Oid) -> bool:
        """Say whether there is such an object now: what is open of a pack that was removed does not count."""
        return self._objects.has_still(oid)

    @contextlib.contextmanager
    def writer(self, durable: bool = True) -> Iterator[ObjectWriter]:
        """Write loose objects: they are there, and survive a power cut if `durable`, when the block ends well."""
        with self._writing(LooseWriter(self._objects.folder, self._syncer, durable=durable)) as writer:
            yield writer

    @contextlib.contextmanager
    def pack_writer(self, durable: bool = True, kept: contextlib.ExitStack | None = None) -> Iterator[ObjectWriter]:
        """Write many objects as one pack, which is there when the block ends well.

        A `git repack -a -d` or `git gc` elsewhere leaves it alone until `kept` is closed: once refs point into it.
        """
        keep = (lambda path: self.keep(path, kept)) if kept is not None else None
        with self._writing(PackWriter(self._objects.folder + "/pack", durable=durable, keep=keep)) as writer:
            yield writer

    def keep(self, path: str, kept: contextlib.ExitStack) -> None:
        """Hold the file `path`, which is a pack's with `.keep` at its end, until `kept` is closed."""
        kept.enter_context(self._lock_files.hold(path, KEEP_WAIT))

    @contextlib.contextmanager
    def _writing(self, writer: LooseWriter | PackWriter) -> Iterator[ObjectWriter]:
        """Let readers of this repository see what is being written, and finish or drop it at the end."""
        self._objects.attach(writer)
        try:
            yield writer
            writer.flush()
        finally:
            self._objects.detach(writer)
            writer.abandon()

    @contextlib.contextmanager
    def turn(self, durable: bool = True) -> Iterator[Turn]:
        """Take objects and one ref's move, to be published as one: see Turn. For within `shared()`."""
        disk = Disk(self._objects.folder, self._refs, self._lock_files, self._syncer)
        turn = Turn(disk, durable=durable)
        self._objects.attach(turn)
        try:
            yield turn
        finally:
            self._objects.detach(turn)

    # Refs

    def ref(self, name: str) -> Oid | None:
        """Give where a ref (or HEAD) stands; None if there is no such ref. StoreError if its file is damaged."""
        return self._refs.get(name)

    def refs(self, prefix: str = "refs/") -> dict[str, Oid]:
        """Give the refs whose full names start with `prefix`, by name. A damaged one is left out, and logged."""
        return self._refs.all(prefix)

    def move_ref(self, name: str, old: Oid | None, new: Oid | None, *, durable: bool = True) -> bool:
        """Move a ref if it stands at `old` (None: if it does not exist) to `new` (None: delete it).

        False if it stood elsewhere. ConcurrentUpdateError if its lock stays held; StoreError if a ref of another
        name is in the way; InvalidInputError for what cannot be a ref's name.
        """
        return self._refs.move(name, old, new, durable=durable)

    def create_refs(self, values: Mapping[str, Oid], *, durable: bool = True) -> list[str]:
        """Make many refs at the price of one; give the names of those that were made, which did not exist before.

        ConcurrentUpdateError if a lock stays held: then none was made.
        """
        return self._refs.create(values, durable=durable)

    def set_head(self, name: str) -> None:
        """Make HEAD name a ref, which need not exist yet."""
        self._refs.set_head(name)

    # Locks

    def shared(self, timeout: float = _SHARED_WAIT) -> contextlib.AbstractContextManager[None]:
        """Hold the store's lock beside other writers, around writing objects and moving the ref to them.

        Re-entrant within a thread. ConcurrentUpdateError after `timeout` seconds.
        """
        return self._store_lock.shared(timeout)

    def exclusive(self, timeout: float = _LONG_WAIT) -> contextlib.AbstractContextManager[None]:
        """Hold the store's lock alone. Never from within `shared()`. ConcurrentUpdateError after `timeout` seconds."""
        return self._store_lock.exclusive(timeout)

    def queue(self, name: str, timeout: float = 10.0) -> contextlib.AbstractContextManager[None]:
        """Wait in line with all who name the same queue. ConcurrentUpdateError after `timeout` seconds."""
        return self._queues.hold(name, timeout)

    def try_lock(self, name: str) -> Lock | None:
        """Take a lock to keep; None if somebody holds it, in this process or another."""
        return locks.try_lock(f"{self._private}/held/{locks.lock_name(name)}")

    # History

    def merge_bases(self, a: Oid, b: Oid) -> list[Oid]:
        """Give all best common ancestors of two commits, newest first; empty if they have none."""
        return graph.merge_bases(self._graph_reader(), a, b)

    def is_ancestor(self, a: Oid, b: Oid) -> bool:
        """Say whether commit `b` reaches `a`, or is the same."""
        return graph.is_ancestor(self._graph_reader(), a, b)

    def walk(self, tips: Iterable[Oid], hidden: Iterable[Oid] = ()) -> Iterator[tuple[Oid, Commit]]:
        """Give the commits that `tips` reach and `hidden` do not: newest first, children before parents."""
        return walk.walk(self._graph_reader(), tips, hidden)

    @cached_property
    def ancestry(self) -> Ancestry:
        """Who are the parents of whom, remembered."""
        return Ancestry(self.path, self._graph_reader())

    def _graph_reader(self) -> graph.Reader:
        """Give what reads commits for walking: as `read_commit`, but `shallow` is looked at once."""
        ends, whole = self._shallow.ends(), self._objects.read_commit
        if not ends:
            return whole

        def read(oid: Oid) -> Commit:
            return without_parents(whole(oid)) if oid in ends else whole(oid)

        return read

    def reachable(self, tips: Iterable[Oid]) -> Iterator[Oid]:
        """Give each object that `tips` reach, once, what refers to others before those."""
        return pruning.reachable(self._objects, tips)

    # Upkeep

    @property
    def is_guest(self) -> bool:
        """Whether conversations stand here beside something else, such as code."""
        return guest.is_guest(self.config_get)

    def maintain(
        self, force: bool = False, *, progress: Callable[[int, int], None] | None = None
    ) -> MaintenanceReport | None:
        """Pack, clean and mend if enough has gathered (or `force`, which also drops what is long forgotten).

        None if nothing was due, or somebody else is at it. With `force`, ConcurrentUpdateError after 30 seconds.
        A repository that is a guest's host is left to git, and to its owner's settings.
        """
        if self.is_guest:
            return guest.maintain(self.path) if force else None
        if not force and not self._maintenance.is_due():
            return None
        try:
            with self._upkeep(_LONG_WAIT if force else 0.0):
                return self._maintain(progress or (lambda _done, _all: None), force=force)
        except ConcurrentUpdateError:
            if force:
                raise
            return None

    def gather(self) -> int:
        """Join the small packs that turns leave, if there are enough of them; give how many. Safe beside writers."""
        if not gathering.due(self._objects.folder):
            return 0
        try:
            with self._upkeep(0.0):
                self._free_packs()
                return gathering.gather(self._objects.folder)
        except ConcurrentUpdateError:
            return 0  # somebody is at it

    def _free_packs(self) -> None:
        """Let go of packs that writers kept for themselves and died."""
        for path in gathering.kept(self._objects.folder):
            self._lock_files.clear_dead(path)

    @contextlib.contextmanager
    def _upkeep(self, timeout: float) -> Iterator[None]:
        """Be the only one who packs or prunes: else one would bring back what the other removes."""
        own = locks.wait_for(self._private + "/upkeep", exclusive=True, deadline=time.monotonic() + timeout)
        if own is None:
            raise ConcurrentUpdateError("another process is maintaining the store")
        try:
            yield
        finally:
            own.close()

    def _maintain(self, progress: Callable[[int, int], None], *, force: bool) -> MaintenanceReport:
        """Do what writers need not wait for beside them: git's own protocol makes that safe, and it can take long."""
        from claif_git.git.maintenance import MaintenanceReport

        start, upkeep = time.monotonic(), self._maintenance
        progress(0, 3)
        self._free_packs()
        removed = upkeep.clean()
        damaged, repaired = upkeep.damaged(), list[Oid]()
        if damaged:
            with self.exclusive(_LONG_WAIT if force else _UNASKED_WAIT):
                repaired = upkeep.mend(damaged)
        damaged = [oid for oid in damaged if oid not in repaired]
        progress(1, 3)
        before = len(upkeep.loose()), len(self._refs.loose_names())
        with_git = upkeep.pack(use_git=command.git_available() and not damaged, everything=force)
        progress(2, 3)
        if force and with_git:
            with self.exclusive(_LONG_WAIT):
                upkeep.collect()
        objects, refs = before[0] - len(upkeep.loose()), before[1] - len(self._refs.loose_names())
        progress(3, 3)
        seconds = time.monotonic() - start
        return MaintenanceReport(
            with_git, max(objects, 0), max(refs, 0), removed, tuple(repaired), tuple(damaged), seconds
        )

    def check_prune(self, gone: Collection[str] = ()) -> None:
        """Raise what `prune` would of what it cannot read once the refs `gone` are, before that. StoreError.

        A ref that cannot be read is one: what it stood at would be removed as what nothing reaches.
        """
        if not self.is_guest:
            self.inspect().check_refs()
            tips = {oid for name, oid in self._refs.all("refs/").items() if name not in gone}
            pruning.check(self.path, self._objects, tips, use_git=command.git_available())

    def prune(self) -> bool:
        """Remove at once every object that nothing reaches, with no grace for what is being written elsewhere by git.

        Writers of ours wait meanwhile. ConcurrentUpdateError if the store stays busy; StoreError. In a repository that
        is a guest's host nothing is done, since others' objects would go as well: False.
        """
        if self.is_guest:
            return False
        with self._upkeep(_LONG_WAIT), self.exclusive(_LONG_WAIT):
            self.inspect().check_refs()
            tips = self._refs.all("refs/").values()
            pruning.prune(self.path, self._objects, tips, self._maintenance.loose(), use_git=command.git_available())
        return True

    def inspect(self) -> Inspection:
        """Give what looks at the repository without changing it."""
        from claif_git.git.inspection import Inspection

        return Inspection(self.path, self._refs, self._lock_files, self._maintenance, self._objects)

    def index_packs(self) -> None:
        """Make the missing and damaged indexes of whole packs anew. StoreError if git cannot, ConcurrentUpdateError."""
        with self._upkeep(_LONG_WAIT):
            packindexes.index_anew(self.path, self._objects)

    def store_id(self) -> str:
        """Give this store's random id (32 hex digits); a copy of the store has another."""
        return self._id.get()

    # Configuration

    def config_get(self, key: str) -> str | None:
        """Give the value of `section.name` or `section.sub.name` in the repository's own config, or None."""
        return self._config().get(key)

    def config_set(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a key to one value. With a `secret` in it, nobody else can read the file from then on."""
        self._change_config(key, value, 0o600 if secret else 0o666)

    def config_unset(self, key: str) -> None:
        """Remove a key; nothing happens if it is not set."""
        self._change_config(key, None)

    def config_items(self) -> list[tuple[str, str]]:
        """Give all keys (section and name in lower case) with their values, in the file's order."""
        return list(self._config().items())

    def _config(self) -> GitConfig:
        return GitConfig(self.path / "config")

    def _change_config(self, key: str, value: str | None, most: int = 0o666) -> None:
        path = str(self.path / "config")
        with self._lock_files.hold(path + ".lock", _CONFIG_WAIT):
            files.replace(path, self._config().with_value(key, value), durable=True, mode=most & files.mode_of(path))
        files.sync_folder(str(self.path))
