"""A store: one repository, the names of its refs, and the branch that the store has for itself."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.format import layout
from claif_git.git import Commit, Repository
from claif_git.git.guest import NAMESPACE_KEY
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import DRAFTS, HIDDEN_HEADS, IMPORTS, PLAIN_HEADS, TRASH, StoreBranch
from claif_git.ids import is_session_name, unique
from claif_git.session.places import check_place

__all__ = ["DRAFTS", "IMPORTS", "NAMESPACE_KEY", "TRASH", "Store", "unique"]

_log = logging.getLogger(__name__)


class Store:
    """The refs of one repository, in the words of sessions."""

    def __init__(self, repo: Repository) -> None:
        self._repo, self._closed = repo, False
        self.heads = HIDDEN_HEADS if repo.is_guest else PLAIN_HEADS

    @staticmethod
    def open(path: str | os.PathLike[str], *, create: bool = True) -> Store:
        """Open the store at `path`; make one where there is none. StoreNotFoundError, StoreError.

        InvalidInputError for what is an address, and no path.
        """
        check_place(path)
        place = Path(path)
        if (create and not place.exists()) or (create and place.is_dir() and not any(place.iterdir())):
            store = Store(Repository.init(place))
        else:
            store = Store(Repository.open(place))
            store._refuse_code()
        store.branch.ensure()
        return store

    def _refuse_code(self) -> None:
        """Leave a repository alone that was made for something else, and has not been told to hold conversations."""
        if self.is_guest or self.branch.is_there():
            return
        branches = self.repo.refs(self.heads)
        is_bare = (self.repo.config_get("core.bare") or "").lower() == "true"
        if (branches or not is_bare) and not self._holds_conversation(branches.values()):
            raise StoreError(
                f"{self.repo.path} is a repository that holds no conversations",
                hint=f"to keep some in it, beside its branches: claif-git init --namespace, which sets {NAMESPACE_KEY}",
            )

    def _holds_conversation(self, tips: Iterable[str]) -> bool:
        """Say whether a branch is a conversation. StoreError if there is none among those that can be read."""
        damage: StoreError | None = None
        for tip in tips:
            try:
                if self._is_conversation(tip):
                    return True
            except StoreError as error:
                damage = error
        if damage is not None:
            raise damage
        return False

    def _is_conversation(self, commit: str) -> bool:
        root = folder_at(self.repo, self.repo.read_commit(commit).tree)
        return isinstance(root.get(layout.SESSIONS), Folder)

    @property
    def repo(self) -> Repository:
        """The repository. StoreError once the store is closed."""
        if self._closed:
            raise StoreError("the store is closed")
        return self._repo

    @property
    def is_guest(self) -> bool:
        """Whether it stands in a repository that was made for something else."""
        return self.heads == HIDDEN_HEADS

    @property
    def path(self) -> Path:
        """Where the repository is, even once it is closed."""
        return self._repo.path

    def close(self) -> None:
        """Let go of files and locks. May be called twice; nothing can be read or written through this afterwards."""
        self._repo.close()
        self._closed = True

    @property
    def branch(self) -> StoreBranch:
        """The store's own branch."""
        return StoreBranch(self.repo, self.heads)

    def head(self, session_id: str) -> str:
        """Name the ref of a session."""
        return self.heads + session_id

    def ids(self, prefix: str = "") -> dict[str, str]:
        """Give the branches that may be sessions and whose names start with `prefix`, by name, with their tips."""
        refs = self.repo.refs(self.heads + prefix) if not {"/", "\0"} & set(prefix) else {}
        return {name: tip for ref, tip in refs.items() if is_session_name(name := ref[len(self.heads) :])}

    def commits(self, prefix: str) -> Iterator[tuple[str, str, Commit]]:
        """Give the refs whose names start with `prefix`, less that, each with its tip and what stands there.

        One that cannot be read is left out, and named in the log: it is not to hide the others.
        """
        for ref, tip in self.repo.refs(prefix).items():
            try:
                commit = self.repo.read_commit(tip)
            except StoreError as error:
                _log.warning("%s is left out: %s; see: claif-git doctor", ref, error)
            else:
                yield ref[len(prefix) :], tip, commit

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
        return unique(prefix, self.ids(prefix), self.trashed)
