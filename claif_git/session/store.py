"""A store: one repository, the names of its refs, and the branch that the store has for itself."""

from __future__ import annotations

import os
from pathlib import Path

from claif_git.git import Repository
from claif_git.history.store_branch import DRAFTS, HIDDEN_HEADS, IMPORTS, PLAIN_HEADS, TRASH, StoreBranch
from claif_git.ids import is_session_name, unique

__all__ = ["DRAFTS", "IMPORTS", "NAMESPACE_KEY", "TRASH", "Store", "unique"]

NAMESPACE_KEY = "claif.namespace"


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
        return StoreBranch(self.repo, self.heads)

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
