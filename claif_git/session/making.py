"""Making a store: at a path of its own, or inside a repository that was made for something else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from claif_git.errors import InvalidInputError, StoreNotFoundError
from claif_git.git import Repository
from claif_git.git.guest import NAMESPACE_KEY
from claif_git.history.store_branch import PLAIN_HEADS
from claif_git.ids import STORE_BRANCH
from claif_git.session.places import check_place
from claif_git.session.store import Store


@dataclass(frozen=True, slots=True)
class Made:
    """A store at `path` (its git folder). `is_new`: there was none before. `namespace`: inside a code repository."""

    path: Path
    is_new: bool
    namespace: bool


def init(path: str | os.PathLike[str], *, namespace: bool = False) -> Made:
    """Make a store at a path, or find the one that is there.

    With `namespace`, in the repository that `path` is in: sessions stand below `refs/claif/heads/`, where no list of
    branches shows them, and no branch, HEAD, index or file of it is touched. Whoever can read that repository can read
    the conversations once they are pushed to it. StoreError, StoreNotFoundError; InvalidInputError for a repository
    that is a store of its own.
    """
    check_place(path)
    if namespace:
        return _inside(Path(path).absolute())
    place = Path(path)
    is_new = not place.is_dir() or not any(place.iterdir())
    store = Store.open(place)
    store.close()
    return Made(store.path, is_new, namespace=store.is_guest)


def _inside(path: Path) -> Made:
    with _enclosing(path) as repo:
        is_new = not repo.is_guest
        if is_new:
            if repo.ref(PLAIN_HEADS + STORE_BRANCH) is not None:
                raise InvalidInputError(f"{repo.path} is a store already, of conversations alone")
            repo.config_set(NAMESPACE_KEY, "true")
    store = Store.open(repo.path, create=False)
    store.close()
    return Made(store.path, is_new, namespace=True)


def _enclosing(path: Path) -> Repository:
    """Open the repository that a path is in."""
    for folder in (path, *path.parents):
        try:
            return Repository.open(folder)
        except StoreNotFoundError:
            continue
    raise StoreNotFoundError(f"{path} is in no git repository", hint="git init makes one")
