"""A store: one repository, the names of its refs, and the branch that the store has for itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from claif_git.errors import AmbiguousIdError, NotFoundError, SessionNotFoundError, StoreError
from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.trees import Add, Folder
from claif_git.history.commits import Signature, commit_of
from claif_git.history.snapshot import folder_at
from claif_git.history.transact import transact
from claif_git.ids import STORE_BRANCH, is_session_name

TRASH, DRAFTS, IMPORTS = "refs/claif/trash/", "refs/claif/drafts/", "refs/claif/imports/"
PLAIN_HEADS, HIDDEN_HEADS = "refs/heads/", "refs/claif/heads/"
NAMESPACE_KEY = "claif.namespace"

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


class Store:
    """The refs of one repository, in the words of sessions."""

    def __init__(self, repo: Repository) -> None:
        self.repo = repo
        hidden = (repo.config_get(NAMESPACE_KEY) or "").lower() in {"1", "true", "yes", "on"}
        self.heads = HIDDEN_HEADS if hidden else PLAIN_HEADS

    @staticmethod
    def open(path: str | os.PathLike[str], *, create: bool = True) -> Store:
        """Open the store at `path`; make one where there is none. StoreNotFoundError, StoreError."""
        place = Path(path)
        if (create and not place.exists()) or (create and place.is_dir() and not any(place.iterdir())):
            store = Store(Repository.init(place))
        else:
            store = Store(Repository.open(place))
        store.branch.ensure()
        return store

    def close(self) -> None:
        """Let go of files and locks."""
        self.repo.close()

    @property
    def branch(self) -> StoreBranch:
        """The store's own branch."""
        return StoreBranch(self)

    def head(self, session_id: str) -> str:
        """Name the ref of a session."""
        return self.heads + session_id

    def ids(self) -> dict[str, str]:
        """Give the branches that may be sessions, by name, with their tips."""
        refs = self.repo.refs(self.heads)
        return {name: tip for ref, tip in refs.items() if is_session_name(name := ref[len(self.heads) :])}

    def trashed(self) -> dict[str, str]:
        """Give the deleted sessions by id, with the ref's commit."""
        return {ref[len(TRASH) :]: tip for ref, tip in self.repo.refs(TRASH).items()}

    def tip(self, session_id: str) -> str | None:
        """Give a session's tip; None if there is no such branch."""
        return self.repo.ref(self.head(session_id)) if is_session_name(session_id) else None

    def resolve(self, prefix: str) -> str:
        """Give the full id that `prefix` stands for. SessionNotFoundError, AmbiguousIdError."""
        if self.tip(prefix) is not None:
            return prefix
        return unique(prefix, self.ids())


def unique(prefix: str, names: Mapping[str, object]) -> str:
    """Give the one name that starts with `prefix`. SessionNotFoundError, AmbiguousIdError with the candidates."""
    if prefix in names:
        return prefix
    found = sorted(name for name in names if name.startswith(prefix)) if prefix else []
    if not found:
        raise SessionNotFoundError(prefix)
    if len(found) > 1:
        raise AmbiguousIdError(prefix, found)
    return found[0]


class StoreBranch:
    """The branch `claif-store`: a README for strangers, the format's version, templates, tombstones.

    Its first two commits are the same in every store, to the byte, so that two stores can share a hub.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.ref = store.heads + STORE_BRANCH

    def ensure(self) -> None:
        """Make the branch if there is none, and refuse a store of a later format. StoreError."""
        tip = self._store.repo.ref(self.ref)
        if tip is None:
            transact(self._store.repo, self.ref, self._start)
            if self._store.heads == PLAIN_HEADS:
                self._store.repo.set_head(self.ref)
        else:
            self._check_format()

    def _check_format(self) -> None:
        text = (self.read("claif.yaml") or STORE_FILE.encode()).decode("utf-8", "replace")
        version = next((line[7:].strip() for line in text.splitlines() if line.startswith("format:")), "1")
        if not version.isdecimal() or int(version) > layout.FORMAT:
            raise StoreError(
                f"{self._store.repo.path} is a store of format {version[:20]}; this version reads {layout.FORMAT}",
                hint="upgrade claif-git",
            )

    def _start(self, tip: str | None, add: Add) -> str | None:
        if tip is not None:
            return None
        root = add("commit", Commit(add("tree", b""), (), STORE_AUTHOR, 0, STORE_AUTHOR, 0, "store: start\n").encode())
        folder = Folder(lambda _: b"").put("README.md", add("blob", README.encode()))
        folder = folder.put("claif.yaml", add("blob", STORE_FILE.encode()))
        folder = folder.put(layout.ATTRIBUTES_FILE, add("blob", layout.ATTRIBUTES))
        described = Commit(folder.write(add), (root,), STORE_AUTHOR, 0, STORE_AUTHOR, 0, "store: format 1\n")
        return add("commit", described.encode())

    def _root(self) -> Folder:
        tip = self._store.repo.ref(self.ref)
        if tip is None:
            raise StoreError(f"{self._store.repo.path} has no branch {STORE_BRANCH}")
        return folder_at(self._store.repo, self._store.repo.read_commit(tip).tree)

    def read(self, path: str) -> bytes | None:
        """Give a file of the branch, or None."""
        blob = self._root().file(path)
        return self._store.repo.read_blob(blob) if blob else None

    def files(self, folder: str) -> dict[str, bytes]:
        """Give the files of a folder by name, in name order."""
        found = self._root().folder(folder)
        names = [name for name, item in found.ordered() if not isinstance(item, Folder)]
        return {name: self._store.repo.read_blob(found.file(name) or "") for name in names if found.file(name)}

    def write(self, files: Mapping[str, bytes | None], subject: str, who: Signature, moment: datetime) -> None:
        """Put files into the branch, or take them out (None), in one commit."""

        def act(tip: str | None, add: Add) -> str | None:
            if tip is None:
                raise NotFoundError(f"{self._store.repo.path} has no branch {STORE_BRANCH}")
            root = folder_at(self._store.repo, self._store.repo.read_commit(tip).tree)
            for path, data in files.items():
                root = root.remove(path) if data is None else root.put(path, add("blob", data))
            if root.oid is not None:
                return None
            tree = root.write(add)
            commit = commit_of(tree, (tip,), subject, author=who, committer=who, said=moment, now=moment)
            return add("commit", commit.encode())

        transact(self._store.repo, self.ref, act)
