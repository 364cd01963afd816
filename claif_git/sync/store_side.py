"""The store's own branch at a remote: what concerns the sessions that this remote has had, and templates by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from claif_git.errors import InvalidInputError, MalformedError, UnknownNameError
from claif_git.format.lines import read_lines
from claif_git.git import Oid, Repository
from claif_git.git.trees import Folder
from claif_git.history.commits import commit_of
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import (
    EXPORT_TEMPLATES,
    SESSION_TEMPLATES,
    TOMBSTONES,
    start,
)
from claif_git.ids import is_session_name
from claif_git.model.times import now
from claif_git.sync.local import Local
from claif_git.templates import BUILT_IN, NAME_PATTERN, SessionTemplate

_SUFFIXES = {SESSION_TEMPLATES: ".yaml", EXPORT_TEMPLATES: ".jinja"}
_LARGEST = 1 << 20


class StoreSide:
    """A remote's store branch as it stands at `tip`; None: it has none."""

    def __init__(self, repo: Repository, tip: Oid | None) -> None:
        self.repo, self.tip = repo, tip

    @property
    def root(self) -> Folder:
        """Its tree."""
        return (
            folder_at(self.repo, self.repo.read_commit(self.tip).tree) if self.tip else Folder(lambda _: b"", None, {})
        )

    def files(self, folder: str, suffix: str) -> dict[str, bytes]:
        """Give the files of a folder by name, less the suffix; larger ones than any of ours are left out."""
        found: dict[str, bytes] = {}
        below = self.root.folder(folder)
        for name in below.items:
            blob = below.file(name)
            if blob and name.endswith(suffix) and len(data := self.repo.read_blob(blob)) <= _LARGEST:
                found[name.removesuffix(suffix)] = data
        return found

    def tombstones(self) -> dict[str, bytes]:
        """Give the deletions that travel, by session."""
        return {name: data for name, data in self.files(TOMBSTONES, ".yaml").items() if is_session_name(name)}

    def changed(self, local: Local, files: Mapping[str, bytes | None]) -> Oid:
        """Store a commit on top of what the remote has that puts files in, or takes them out; give it.

        Without anything to change it is what the remote has, or what every store begins with.
        """
        moment = now()
        with local.repo.writer() as writer:
            base = self.tip or start(writer.add)
            root = before = folder_at(local.repo, local.repo.read_commit(base).tree)
            for path, data in files.items():
                root = root.remove(path) if data is None else root.put(path, writer.add("blob", data))
            if root is before or root.write(writer.add) == before.oid:
                return base
            subject = f"store: {', '.join(sorted(files))}"[:60]
            commit = commit_of(
                root.write(writer.add), (base,), subject, author=local.who, committer=local.who, said=moment, now=moment
            )
            return writer.add("commit", commit.encode())


def own_templates(local: Local, names: Iterable[str]) -> dict[str, bytes]:
    """Give templates of this store by path in its branch. UnknownNameError lists the ones that it has."""
    kept = {
        (name.removesuffix(suffix), f"{folder}/{name}"): data
        for folder, suffix in _SUFFIXES.items()
        for name, data in local.branch.files(folder).items()
    }
    chosen: dict[str, bytes] = {}
    for name in names:
        found = {path: data for (stem, path), data in kept.items() if stem == name}
        if not found:
            raise UnknownNameError("template", name, sorted({stem for stem, _ in kept}))
        chosen |= found
    return chosen


def take_templates(local: Local, side: StoreSide, remote: str) -> list[str]:
    """Keep the templates of a remote for whose names we have none; give the names.

    None takes the place of a built-in one, and an export template runs only once the user has said so.
    """
    taken: dict[str, bytes | None] = {}
    for folder, suffix in _SUFFIXES.items():
        own = local.branch.files(folder)
        for name, data in side.files(folder, suffix).items():
            if name + suffix not in own and _is_fit(folder, name, data):
                taken[f"{folder}/{name}{suffix}"] = data
    if taken:
        local.branch.write(taken, f"templates from {remote}", local.who, now())
    return sorted(path.rpartition("/")[2].rpartition(".")[0] for path in taken)


def _is_fit(folder: str, name: str, data: bytes) -> bool:
    if name in BUILT_IN or not re.fullmatch(NAME_PATTERN, name):
        return False
    if folder == EXPORT_TEMPLATES:
        return True
    try:
        SessionTemplate.from_data(name, read_lines(data))
    except (MalformedError, InvalidInputError):
        return False
    return True
