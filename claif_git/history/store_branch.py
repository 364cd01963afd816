"""The store's own branch, `claif-store`, and the names of a store's refs."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from claif_git.errors import NotFoundError, StoreError
from claif_git.format import layout
from claif_git.git import Commit, Repository, is_oid, oid_of
from claif_git.git.trees import Add, Folder
from claif_git.history.commits import Signature, commit_of
from claif_git.history.snapshot import folder_at
from claif_git.history.transact import transact
from claif_git.ids import STORE_BRANCH
from claif_git.model.times import iso

TRASH, DRAFTS, IMPORTS = "refs/claif/trash/", "refs/claif/drafts/", "refs/claif/imports/"
PLAIN_HEADS, HIDDEN_HEADS = "refs/heads/", "refs/claif/heads/"
PLAIN_TRACKING, HIDDEN_TRACKING = "refs/remotes/", "refs/claif/remotes/"

TOMBSTONES, SESSION_TEMPLATES, EXPORT_TEMPLATES = "tombstones", "templates", "export-templates"
STORE_FILE_NAME, README_NAME = "claif.yaml", "README.md"
STORE_AUTHOR = "claif-git <claif-git@invalid>"
README = """\
# Conversations

This repository holds conversations with language models. claif-git made it; nothing but git is needed to read it.

- A branch is a conversation (a *session*), a commit is a turn, a file below `messages/` is a message.
- `git log --graph --all --oneline` shows who said what, and where conversations branched and merged.
- `git show BRANCH`, `git diff A...B` and `git merge` do what they say.
- Messages are only ever added, or edited in place. What is to be left out is named in a file below `drops/`.
- The names of the files below `messages/` are in the order of the conversation: `git ls-tree -r BRANCH messages/`.

This branch holds no conversation, only what concerns them all: the format's version, templates, and what was deleted.
"""
STORE_FILE = f"format: {layout.FORMAT}\n"
_FORMAT = re.compile(r"^format:(.*)$", re.MULTILINE)
_TIP = re.compile(r'^tip: *"?([0-9a-f]{40})"? *$', re.MULTILINE)
_PURGED = re.compile(r"^purged: *true *$", re.MULTILINE)
_log = logging.getLogger(__name__)


def tombstone_path(session_id: str) -> str:
    """Name the file, in the store's own branch, that says a session was deleted."""
    return f"{TOMBSTONES}/{session_id}.yaml"


def encode_tombstone(tip: str | None, moment: datetime, *, purged: bool = False) -> bytes:
    """Write a tombstone: when a session was deleted, the tip that it had then, and whether it is gone for good."""
    lines = [f"deleted_at: {iso(moment)}", f"tip: {json.dumps(tip)}", *(["purged: true"] if purged else [])]
    return ("\n".join(lines) + "\n").encode()


def tombstone_tip(data: bytes) -> str | None:
    """Give the tip that a tombstone names; None if it names none."""
    found = _TIP.search(data.decode("utf-8", "replace"))
    return found[1] if found and is_oid(found[1]) else None


def is_purge(data: bytes) -> bool:
    """Say whether a tombstone stands for a session that is to come back only where somebody names it."""
    return bool(_PURGED.search(data.decode("utf-8", "replace")))


def format_of(data: bytes | None) -> int | None:
    """Give the number of the format that a `claif.yaml` says: 1 where it says none, None where it says no number."""
    found = _FORMAT.search((data or b"").decode("utf-8", "replace"))
    said = found[1].strip() if found else "1"
    return int(said) if said.isdecimal() and len(said) < 10 else None


def start(add: Add) -> str:
    """Store the two commits that every store begins with; give the second."""
    root = add("commit", Commit(add("tree", b""), (), STORE_AUTHOR, 0, STORE_AUTHOR, 0, "store: start\n").encode())
    folder = Folder(lambda _: b"").put(README_NAME, add("blob", README.encode()))
    folder = folder.put(STORE_FILE_NAME, add("blob", STORE_FILE.encode()))
    folder = folder.put(layout.ATTRIBUTES_FILE, add("blob", layout.ATTRIBUTES))
    described = Commit(folder.write(add), (root,), STORE_AUTHOR, 0, STORE_AUTHOR, 0, "store: format 1\n")
    return add("commit", described.encode())


def taken_out(repo: Repository, tip: str | None, path: str, data: bytes, verb: str = "") -> bool:
    """Say whether a file stood once, with this content, in a store's branch that is at `tip` now, and was taken out.

    `verb`: only if that is how the subject of the commit starts which did so last.
    """
    if tip is None or folder_at(repo, repo.read_commit(tip).tree).file(path) is not None:
        return False
    blob = oid_of("blob", data)
    for _, commit in repo.walk([tip]):
        before = [folder_at(repo, repo.read_commit(parent).tree).file(path) for parent in commit.parents]
        if blob in before and folder_at(repo, commit.tree).file(path) is None:
            return commit.message.startswith(verb)
    return False


class StoreBranch:
    """The branch `claif-store`: a README for strangers, the format's version, templates, tombstones.

    Its first two commits are the same in every store, to the byte, so that two stores can share a hub.
    """

    def __init__(self, repo: Repository, heads: str) -> None:
        self._repo, self._heads = repo, heads
        self.ref = heads + STORE_BRANCH

    def ensure(self) -> None:
        """Make the branch if there is none, and refuse a store of a later format. StoreError.

        A branch that is damaged is left as it is, and logged: sessions can be read without it, and a doctor is let in.
        """
        try:
            said = self.read(STORE_FILE_NAME) if self.is_there() else None
        except StoreError as error:
            _log.warning("%s; see: %s", error, error.hint)
            return
        if not self.is_there():
            transact(self._repo, self.ref, self._start)
            if self._heads == PLAIN_HEADS and self._repo.ref("HEAD") is None:
                self._repo.set_head(self.ref)
        else:
            self._check_format(said)

    def is_there(self) -> bool:
        """Whether there is such a ref, be it a damaged one."""
        try:
            return self._repo.ref(self.ref) is not None
        except StoreError:
            return True

    def check(self) -> None:
        """Raise what `write` would of a branch that is damaged, before anything is done. StoreError."""
        with self._naming_damage():
            self._root().folder(TOMBSTONES).ordered()

    @contextmanager
    def _naming_damage(self) -> Iterator[None]:
        """Say of what cannot be read that it is the store's branch."""
        try:
            yield
        except StoreError as error:
            if error.hint:
                raise
            raise StoreError(f"the branch {STORE_BRANCH} is damaged: {error}", hint="claif-git doctor") from error

    def _check_format(self, said: bytes | None) -> None:
        version = format_of(said)
        if version is None or version > layout.FORMAT:
            raise StoreError(
                f"{self._repo.path} is a store of format {version or '?'}; this version reads {layout.FORMAT}",
                hint="upgrade claif-git",
            )

    @staticmethod
    def _start(tip: str | None, add: Add) -> str | None:
        return start(add) if tip is None else None

    def _root(self) -> Folder:
        tip = self._repo.ref(self.ref)
        if tip is None:
            raise StoreError(f"{self._repo.path} has no branch {STORE_BRANCH}", hint="who opens the store makes one")
        return folder_at(self._repo, self._repo.read_commit(tip).tree)

    def read(self, path: str) -> bytes | None:
        """Give a file of the branch, or None."""
        with self._naming_damage():
            blob = self._root().file(path)
            return self._repo.read_blob(blob) if blob else None

    def blob(self, path: str) -> str | None:
        """Give the id of a file of the branch, or None."""
        with self._naming_damage():
            return self._root().file(path)

    def files(self, folder: str) -> dict[str, bytes]:
        """Give the files of a folder by name, in name order."""
        with self._naming_damage():
            found = self._root().folder(folder)
            names = [name for name, item in found.ordered() if not isinstance(item, Folder)]
            return {name: self._repo.read_blob(found.file(name) or "") for name in names if found.file(name)}

    def write(self, files: Mapping[str, bytes | None], subject: str, who: Signature, moment: datetime) -> None:
        """Put files into the branch, or take them out (None), in one commit."""

        def act(tip: str | None, add: Add) -> str | None:
            if tip is None:
                raise NotFoundError(f"{self._repo.path} has no branch {STORE_BRANCH}")
            root = folder_at(self._repo, self._repo.read_commit(tip).tree)
            for path, data in files.items():
                root = root.remove(path) if data is None else root.put(path, add("blob", data))
            if root.oid is not None:
                return None
            tree = root.write(add)
            commit = commit_of(tree, (tip,), subject, author=who, committer=who, said=moment, now=moment)
            return add("commit", commit.encode())

        with self._naming_damage():
            transact(self._repo, self.ref, act)
