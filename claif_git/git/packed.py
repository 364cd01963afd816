"""All packs of a repository, and those of the repositories that it borrows objects from."""
# ruff: noqa: PTH208
# No Path objects here: looked at with every object that is not there.

from __future__ import annotations

import codecs
import contextlib
import hashlib
import logging
import os
import re
import threading
from collections.abc import Iterator
from typing import TypeAlias

from claif_git.errors import StoreError
from claif_git.git.files import read_file
from claif_git.git.kinds import Oid, header, is_oid
from claif_git.git.loose import loose_path, loose_starting, read_loose
from claif_git.git.packentry import KINDS
from claif_git.git.packfile import PackFile

_SMALL = 1 << 16
_MOST_LOOKS = 100
_DEEPEST = 5  # as git: of repositories that borrow from others that borrow
_QUOTED = re.compile(r'"((?:[^"\\]|\\[abfnrtv"\\]|\\[0-3][0-7]{2})*)"')
_Seen: TypeAlias = tuple[tuple[int, int, int], ...]
_log = logging.getLogger(__name__)


class Packed:
    """The packs below one folder of objects. Any number of threads may read.

    What is open stays readable when its files are replaced or removed; what is new is found when something is missing.
    """

    def __init__(self, folder: str, depth: int = 0) -> None:
        self.folder, self._depth = folder, depth
        self._guard = threading.Lock()
        self._packs: dict[str, PackFile] = {}
        self._bad: dict[str, tuple[StoreError, _Seen]] = {}
        self._lenders: dict[str, Packed] = {}
        self._ignored: set[str] = set()
        self._latest: PackFile | None = None

    def peek(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give an object if a whole copy stands in a pack that is open."""
        name = bytes.fromhex(oid) if is_oid(oid) else b""
        for pack in self._open_packs() if name else ():
            try:
                at = pack.find(name)
                if at is not None:
                    self._latest = pack
                    return _verified(oid, *pack.read(at))
            except (StoreError, OSError):
                continue  # who reads on looks for another copy, and says what is wrong with this one
        return None

    def _open_packs(self) -> Iterator[PackFile]:
        """Give the packs that are open, first the one that had what was read last: the rest likely stands there too."""
        latest = self._latest
        if latest is not None:
            yield latest
        yield from (pack for pack in self._packs.values() if pack is not latest)

    def read(self, oid: Oid) -> tuple[str, bytes] | None:
        """Give the kind and bytes of an object, checked against its id, or None. StoreError if no copy is whole."""
        name = bytes.fromhex(oid)
        damage: list[Exception] = []
        for pack in self._candidates():
            try:
                at = pack.find(name)
                if at is not None:
                    return _verified(oid, *pack.read(at))
            except (StoreError, OSError) as error:
                damage.append(error)
        for lender in self._lenders.values():
            try:
                found = read_loose(lender.folder, oid) or lender.read(oid)
            except StoreError as error:
                damage.append(error)
            else:
                if found is not None:
                    return found
        damage += [error for error, _ in self._bad.values()]
        if damage:
            raise StoreError(f"object {oid} is damaged in its pack, or its pack is: {damage[0]}") from damage[0]
        return None

    def has(self, oid: Oid) -> bool:
        """Say whether a pack names the object, or a repository has it that this one borrows from."""
        name = bytes.fromhex(oid)
        for pack in self._candidates():
            try:
                if pack.find(name) is not None:
                    return True
            except (StoreError, OSError) as error:
                _log.warning("%s", error)
        return any(
            os.path.exists(loose_path(lender.folder, oid)) or lender.has(oid)  # noqa: PTH110 - as above
            for lender in self._lenders.values()
        )

    def starting(self, prefix: str) -> set[Oid]:
        """Give the objects whose ids begin with `prefix`, of two hex digits or more; a damaged pack names none."""
        found: set[Oid] = set()
        for pack in self._candidates():
            try:
                found.update(pack.starting(prefix))
            except (StoreError, OSError) as error:
                _log.warning("%s", error)
        for lender in self._lenders.values():
            found |= loose_starting(lender.folder, prefix) | lender.starting(prefix)
        return found

    def has_still(self, oid: Oid) -> bool:
        """Say whether a pack that is there now names the object, or a repository that this one borrows from has it."""
        name = bytes.fromhex(oid)
        for pack in self._open_packs():
            with contextlib.suppress(StoreError, OSError):
                if pack.find(name) is not None and os.path.exists(pack.base + ".idx"):  # noqa: PTH110 - as above
                    return True
        self._refresh()
        return self.has(oid)

    def _candidates(self) -> Iterator[PackFile]:
        """Give the packs that are open, and after them those that were not there when these were opened.

        Packs are joined beside us: what was in one that is gone by the time it is opened is in another that came after
        the look at the folder. So the folder is looked at until two looks in a row see the same.
        """
        tried = list(self._packs.values())
        yield from self._open_packs()
        seen: set[str] | None = None
        for _ in range(_MOST_LOOKS):
            bases = self._refresh()
            new = [pack for pack in self._packs.values() if pack not in tried]
            yield from new
            tried += new
            if bases == seen:
                return
            seen = bases

    def _refresh(self) -> set[str]:
        """Open the packs that are new, and let go of those that are gone; give what the folder lists."""
        bases = self._bases()
        with self._guard:
            bad = {base: found for base, found in self._bad.items() if base in bases and found[1] == _seen(base)}
            if bases != self._packs.keys() | bad.keys():
                self._bad = bad
                kept = {base: pack for base, pack in self._packs.items() if base in bases}
                new = {base: pack for base in sorted(bases - kept.keys() - bad.keys()) if (pack := self._open(base))}
                self._packs, self._latest = {**new, **kept}, None  # what is new is more likely to be asked for
            self._borrow()
        return bases

    def _bases(self) -> set[str]:
        try:
            names = set(os.listdir(self.folder + "/pack"))
        except FileNotFoundError:
            return set()
        return {f"{self.folder}/pack/{name[:-4]}" for name in names if name.endswith(".idx")}

    def _open(self, base: str) -> PackFile | None:
        seen = _seen(base)  # before: who is still copying it leaves another behind
        try:
            return PackFile(base)
        except FileNotFoundError:
            return None  # removed a moment ago, or an index without its pack, which is not looked at by git either
        except (StoreError, OSError) as error:
            _log.warning("%s", error)
            damage = error if isinstance(error, StoreError) else StoreError(str(error))
            self._bad = {**self._bad, base: (damage, seen)}  # another, since readers may be going through it
            return None

    def _borrow(self) -> None:
        """Read which repositories this one borrows objects from."""
        if self._depth >= _DEEPEST:
            return
        try:
            lines = read_file(self.folder + "/info/alternates").decode("utf-8", "surrogateescape").split("\n")
        except (FileNotFoundError, NotADirectoryError):
            lines = []
        folders = [path for line in lines if line and line[0] != "#" and (path := self._lender(line))]
        self._lenders = {path: self._lenders.get(path) or Packed(path, self._depth + 1) for path in folders}

    def _lender(self, line: str) -> str | None:
        """Give the folder that a line names; None if there is none: as git, which says so and goes on without it."""
        path = os.path.join(self.folder, _unquoted(line))  # noqa: PTH118
        if path in self._lenders or os.path.isdir(path):  # noqa: PTH112
            return path
        if line not in self._ignored:
            self._ignored.add(line)
            _log.warning("ignoring a line of %s/info/alternates that names no folder: %r", self.folder, line[:200])
        return None


def _seen(base: str) -> _Seen:
    """Tell one state of a pack's files from the next."""
    found: list[tuple[int, int, int]] = []
    for path in (base + ".idx", base + ".pack"):
        with contextlib.suppress(FileNotFoundError):
            stat = os.stat(path)  # noqa: PTH116
            found.append((stat.st_size, stat.st_mtime_ns, stat.st_ino))
    return tuple(found)


def _unquoted(line: str) -> str:
    """Take a path out of the quotes that git puts round one with unusual characters; what is not quoted as is."""
    quoted = _QUOTED.fullmatch(line)
    if quoted is None:
        return line
    return codecs.escape_decode(quoted[1].encode("utf-8", "surrogateescape"))[0].decode("utf-8", "surrogateescape")


def _verified(oid: Oid, number: int, data: bytes) -> tuple[str, bytes]:
    kind = KINDS[number]
    if len(data) < _SMALL:  # copying so few bytes costs less than a second call
        digest = hashlib.sha1(header(kind, data) + data, usedforsecurity=False)
    else:
        digest = hashlib.sha1(header(kind, data), usedforsecurity=False)
        digest.update(data)
    if digest.hexdigest() != oid:
        raise StoreError("its content is not what its id says")
    return kind, data
