"""Who holds what a session holds: refs of every kind, linked worktrees, reflogs, what the operation log keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from claif_git.errors import StoreError
from claif_git.format import layout
from claif_git.git.kinds import is_oid
from claif_git.git.roots import reflogs, worktrees_standing
from claif_git.git.trees import Folder, Item, Leaf
from claif_git.history.snapshot import folder_at
from claif_git.session.operations import OPS, operations
from claif_git.session.picked import Picks, with_copies
from claif_git.session.working import Working


class Copies:
    """Looks for copies of a session's messages, files and settings outside of its `own` refs."""

    def __init__(self, working: Working, session_id: str, own: Mapping[str, str]) -> None:
        self._working, self._repo = working, working.repo
        self._session_id, self._own = session_id, own

    @cached_property
    def _roots(self) -> list[Folder]:
        return [root for tip in self._own.values() if (root := self._root(tip)) is not None]

    def holders(self) -> list[str]:
        """Name the refs that hold something of it, those of linked worktrees (`worktrees/…`), and the reflogs.

        HEAD is named where it stands alone; a worktree's also where it stands on one of its own refs.
        """
        places = [*self._tips(), *self._reflogs()]
        return sorted({name for name, oids in places if any(map(self._holds, oids))})

    def copiers(self) -> list[str]:
        """Name the refs with messages that were copied out of it, or out of such a copy."""
        picks = Picks(self._repo)
        copies: dict[str, dict[str, str]] = {}
        for name, oids in self._tips():
            roots = [root for oid in oids if (root := self._root(oid)) is not None]
            copies[name] = {path: source for root in roots for path, source in picks.of(root).items()}
        paths = {path for root in self._roots for path, _ in root.folder(layout.MESSAGES).walk()}
        its = with_copies(paths, copies.values()) - paths
        return sorted(name for name, made in copies.items() if its & made.keys())

    def reflogs(self) -> list[Path]:
        """Give the reflogs of its own refs."""
        return [self._logs / ref for ref in self._own if (self._logs / ref).is_file()]

    def left(self) -> bool:
        """Say whether the store still has one of its commits, messages or attachments. Its refs may be gone by now."""
        return any(self._repo.has(oid) for oid in self._objects)

    @cached_property
    def _objects(self) -> set[str]:
        folders = (layout.MESSAGES, layout.ATTACHMENTS)
        leaves = {leaf.oid for root in self._roots for name in folders for _, leaf in root.folder(name).walk()}
        return leaves | set(self._own.values())

    def remember(self) -> None:
        """Read what `left` asks for, before it goes."""
        _ = self._objects

    # one commit

    def _root(self, oid: str) -> Folder | None:
        """Give the tree of a commit, or of what a tag stands for; None where that is no commit of ours."""
        try:
            kind, data = self._repo.read(oid)
            while kind == "tag":
                oid = data.split(b"\n", 1)[0].removeprefix(b"object ").decode("ascii")
                kind, data = self._repo.read(oid)
            return folder_at(self._repo, self._repo.read_commit(oid).tree) if kind == "commit" else None
        except StoreError:
            return None

    def _holds(self, oid: str) -> bool:
        root = self._root(oid)
        if root is None:
            return False
        if isinstance(root.get(layout.session_folder(self._session_id)), Folder):
            return True
        names = (layout.MESSAGES, layout.ATTACHMENTS)
        return any(_have_common(root.folder(name), own.folder(name)) for own in self._roots for name in names)

    # other places

    @property
    def _logs(self) -> Path:
        return self._repo.path / "logs"

    def _tips(self) -> Iterator[tuple[str, set[str]]]:
        """Give what stands somewhere, and where, but for its own refs."""
        refs = self._repo.refs()
        yield from ((ref, {oid}) for ref, oid in refs.items() if ref not in self._own)
        head = self._repo.ref("HEAD")
        if head is not None and head not in refs.values():
            yield "HEAD", {head}
        for file, word in worktrees_standing(self._repo.path):
            oid = self._own.get(word, word)
            yield self._name(file), {oid} if is_oid(oid) else set()
        yield OPS, set(self._kept_by_log())

    def _reflogs(self) -> Iterator[tuple[str, set[str]]]:
        own = {self._logs / ref for ref in self._own}
        for file, oids in reflogs(self._repo.path):
            if file not in own:
                yield self._name(file), {oid for oid in oids if self._repo.has(oid)}

    def _name(self, file: Path) -> str:
        return file.relative_to(self._repo.path).as_posix()

    def _kept_by_log(self) -> Iterator[str]:
        """Give what the operation log keeps for other sessions."""
        for operation in operations(self._working):
            olds = {move.old for move in operation.moves if move.session_id != self._session_id}
            kept = self._repo.read_commit(operation.commit).parents[1:]
            yield from (oid for oid in kept if oid in olds)


def _have_common(one: Item | None, other: Item | None) -> bool:
    """Say whether two folders have a file in common, of the same name and content."""
    if isinstance(one, Leaf) and isinstance(other, Leaf):
        return one.oid == other.oid
    if not (isinstance(one, Folder) and isinstance(other, Folder)):
        return False
    return any(_have_common(one.items[name], other.items[name]) for name in one.items.keys() & other.items.keys())
