"""Refs: read from loose files and `packed-refs`, moved by compare-and-swap under git's own lock protocol."""
# ruff: noqa: PTH104, PTH106, PTH120
# No Path objects here: read and moved with every turn, and building them costs more than the calls.

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Mapping

from claif_git.errors import InvalidInputError, StoreError
from claif_git.git.files import read_file, remove, remove_empty_folders, replace, temporary
from claif_git.git.kinds import Oid, is_oid
from claif_git.git.lockfiles import LockFiles
from claif_git.git.packedrefs import PackedRefs
from claif_git.git.syncing import Syncer

_WAIT = 10.0  # seconds for which a lock file of somebody alive is waited for
_DEEPEST = 5  # symbolic refs that name symbolic refs
_UNFIT = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udbff]|\.\.|@\{|//|/\.|\.lock(?:/|$)|[./]$")
_log = logging.getLogger(__name__)


def is_ref_name(name: str) -> bool:
    """Say whether git takes `name` for the full name of a ref."""
    return name.startswith("refs/") and not _UNFIT.search(name)


class Refs:
    """The refs of one repository."""

    def __init__(self, git_dir: str, private: str, locks: LockFiles, syncer: Syncer) -> None:
        self._dir, self._private = git_dir, private
        self._locks, self._syncer = locks, syncer
        self._packed = PackedRefs(git_dir + "/packed-refs")

    def get(self, name: str) -> Oid | None:
        """Give where a ref (or HEAD) stands, or None. StoreError if its file holds no object id."""
        for _ in range(_DEEPEST):
            if name != "HEAD" and not is_ref_name(name):
                return None
            text = self._loose(name)
            # Loose before packed: whoever packs a ref writes the packed one first and then removes the loose one.
            if text is None:
                return self._packed.get(name)
            if not text.startswith("ref:"):
                return _checked(name, text)
            name = text[4:].strip()
        raise StoreError(f"ref {name} goes round in circles")

    def _loose(self, name: str) -> str | None:
        try:
            return read_file(f"{self._dir}/{name}").decode("utf-8", "surrogateescape").strip()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def all(self, prefix: str) -> dict[str, Oid]:
        """Give the refs whose names start with `prefix`, in order. A damaged one is left out, and logged."""
        loose = self.loose_names(prefix)
        if prefix.endswith("/"):  # most of the file, and likely to be asked for again
            found = {name: oid for name, oid in self._packed.read().items() if name.startswith(prefix)}
        else:
            found = self._packed.below(prefix)
        for name in loose:
            try:
                oid = self.get(name)
            except StoreError as error:
                _log.warning("%s", error)
                found.pop(name, None)
                continue
            if oid:
                found[name] = oid
        return dict(sorted(found.items()))

    def loose_names(self, prefix: str = "refs/") -> list[str]:
        """Give the names of the loose refs that start with `prefix`."""
        names: list[str] = []
        todo = [prefix.rpartition("/")[0]]
        while todo:
            folder = todo.pop()
            with (
                contextlib.suppress(FileNotFoundError, NotADirectoryError),
                os.scandir(f"{self._dir}/{folder}") as rows,
            ):
                for row in rows:
                    name = f"{folder}/{row.name}"
                    if row.is_dir():
                        if name.startswith(prefix) or prefix.startswith(name + "/"):
                            todo.append(name)
                    elif name.startswith(prefix) and is_ref_name(name):
                        names.append(name)
        return names

    def prepared(self, oid: Oid) -> tuple[str, bytes]:
        """Give what `move` takes as `made`: where to write what a ref holds, so that it can be synced along."""
        return temporary(self._private), oid.encode("ascii") + b"\n"

    def move(self, name: str, old: Oid | None, new: Oid | None, *, durable: bool, made: str = "") -> bool:
        """Move a ref from `old` to `new` (None: it does not exist). False if it stood elsewhere.

        `made`: the file that holds what the ref is to say, written and synced already; it is the caller's if not moved.
        """
        if not is_ref_name(name):
            raise InvalidInputError(f"not a name for a ref: {name!r}")
        if new is not None and not is_oid(new):
            raise InvalidInputError(f"not an object id: {new!r}")
        try:
            with self._locks.hold(f"{self._dir}/{name}.lock", _WAIT):
                text = self._loose(name)
                if text is not None and text.startswith("ref:"):
                    raise StoreError(f"{name} is a symbolic ref, which stands for another: move that one")
                if (self._packed.get(name) if text is None else _checked(name, text)) != old:
                    return False
                if new is None:
                    self._delete(name, durable=durable)
                elif new != old:
                    self._write(name, new, create=old is None, durable=durable, made=made)
        except NotADirectoryError as error:
            raise StoreError(f"cannot make {name}: a part of its name is itself a ref") from error
        if new is None:
            remove_empty_folders(os.path.dirname(f"{self._dir}/{name}"), self._top(name))
        return True

    def _top(self, name: str) -> str:
        """Give the folder that stays even when it is empty: `refs/heads` and its like."""
        return f"{self._dir}/{'/'.join(name.split('/')[:2])}"

    def _write(self, name: str, oid: Oid, *, create: bool, durable: bool, made: str) -> None:
        if create:
            self._check_room(name)
        path = f"{self._dir}/{name}"
        try:
            self._put(path, oid, durable=durable, made=made)
        except IsADirectoryError:
            self._clear_folder(path)
            self._put(path, oid, durable=durable, made=made)
        if durable:
            self.settle(name)

    def _put(self, path: str, oid: Oid, *, durable: bool, made: str) -> None:
        if made:
            os.rename(made, path)
        else:
            replace(path, oid.encode("ascii") + b"\n", durable=durable, folder=self._private)

    def settle(self, name: str) -> None:
        """Put a ref's name on the disk, once it was moved without."""
        self._syncer.folders([os.path.dirname(f"{self._dir}/{name}")], self._dir)

    def _check_room(self, name: str) -> None:
        """Refuse a ref above or below another: loose ones cannot stand side by side, and git refuses packed ones."""
        below = name + "/"
        parts = name.split("/")
        above = ["/".join(parts[:end]) for end in range(2, len(parts))]
        in_the_way = [other for other in [*above, *self._packed.below(below)] if self.get(other)]
        if in_the_way:
            raise StoreError(f"cannot make {name}: there is {in_the_way[0]}")

    def _clear_folder(self, path: str) -> None:
        """Remove a tree of empty folders that refs left behind. StoreError if a ref is in it."""
        for folder, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(folder)
            except OSError as error:
                raise StoreError(f"cannot make {path}: there are refs below that name") from error

    def _delete(self, name: str, *, durable: bool) -> None:
        """Delete from `packed-refs` first: the other way round, dying in between would bring an old value back."""
        if self._packed.get(name):
            with self._locks.hold(self._packed.path + ".lock", _WAIT):
                replace(self._packed.path, self._packed.without(name), durable=durable, folder=self._private)
            if durable:
                self._syncer.folders([self._dir], self._dir)
        path = f"{self._dir}/{name}"
        if remove(path) and durable:
            self._syncer.folders([os.path.dirname(path)], self._dir)

    def set_head(self, name: str) -> None:
        """Make HEAD name a ref."""
        if not is_ref_name(name):
            raise InvalidInputError(f"not a name for a ref: {name!r}")
        with self._locks.hold(self._dir + "/HEAD.lock", _WAIT):
            replace(self._dir + "/HEAD", f"ref: {name}\n".encode(), durable=True, folder=self._private)
        self._syncer.folders([self._dir], self._dir)

    def pack(self) -> int:
        """Move all loose refs to `packed-refs`, as `git pack-refs --all` does; say how many. Safe beside writers."""
        with self._locks.hold(self._packed.path + ".lock", _WAIT):
            values = {name: oid for name in self.loose_names() if (oid := self._plain(name))}
            replace(self._packed.path, self._packed.merged(values), durable=True, folder=self._private)
            self._syncer.folders([self._dir], self._dir)
        # Pruned without that lock: who deletes a ref holds the ref's lock when it asks for this one.
        return sum(self._prune(name, oid) for name, oid in values.items())

    def check_packed(self) -> None:
        """Raise StoreError if `packed-refs` is damaged: what a ref that cannot be read there held has to be kept."""
        self._packed.check()

    def put_in_order(self) -> None:
        """Write `packed-refs` anew if it calls itself sorted and is not: not every ref in it is found then."""
        if self._packed.is_out_of_order():
            self.pack()

    @property
    def is_out_of_order(self) -> bool:
        """Whether `packed-refs` calls itself sorted and is not."""
        return self._packed.is_out_of_order()

    def create(self, values: Mapping[str, Oid], *, durable: bool) -> list[str]:
        """Make many refs at once, in `packed-refs`; give the names of those that were made.

        A ref that exists, or that another stands in the way of, is left out.
        """
        names = self._free([name for name in values if is_ref_name(name)])
        with contextlib.ExitStack() as held:
            for name in sorted(names):  # in one order, so that nobody waits for who waits for them
                held.enter_context(self._locks.hold(f"{self._dir}/{name}.lock", _WAIT))
            held.enter_context(self._locks.hold(self._packed.path + ".lock", _WAIT))
            made = {name: values[name] for name in self._free(names)}
            if made:
                replace(self._packed.path, self._packed.merged(made), durable=durable, folder=self._private)
            if made and durable:
                self._syncer.folders([self._dir], self._dir)
        return list(made)

    def _free(self, names: list[str]) -> list[str]:
        """Give the names that a ref can take: it does not exist, nor does one above or below it."""
        there = {*self._packed.read(), *self.loose_names()}
        folders = set[str]()
        for folder in {name.rpartition("/")[0] for name in (*there, *names)}:
            while folder and folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]  # noqa: PLW2901
        above = tuple(folder + "/" for folder in folders & (there | set(names)))
        free = (name for name in names if name not in there and name not in folders)
        return [name for name in free if not name.startswith(above)]

    def _plain(self, name: str) -> Oid | None:
        """Give a loose ref's value unless it is symbolic, damaged or gone."""
        text = self._loose(name)
        return text if text and is_oid(text) else None

    def _prune(self, name: str, oid: Oid) -> bool:
        """Remove a loose ref that is packed, unless a writer has moved it since."""
        path = f"{self._dir}/{name}"
        with self._locks.hold(path + ".lock", _WAIT):
            # It may have been deleted and made again since, with the same value: then it is not packed any more.
            gone = self._plain(name) == oid == self._packed.read().get(name) and remove(path)
        remove_empty_folders(os.path.dirname(path), self._top(name))
        return gone


def _checked(name: str, text: str) -> Oid:
    if not is_oid(text):
        raise StoreError(f"ref {name} is damaged: it holds no object id")
    return text
