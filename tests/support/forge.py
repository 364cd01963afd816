"""Makes repositories that no decent git would make: any tree, any commit, objects missing."""

from __future__ import annotations

from pathlib import Path

from claif_git.format import layout
from claif_git.git import FILE_MODE, FOLDER_MODE, Repository, TreeEntry, encode_tree
from claif_git.git.loose import loose_path

PERSON = "Eve <eve@example.org> 1700000000 +0000"
HEADER = b"format: 1\ncreated_at: 2026-11-24T21:32:05Z\n"
RUN = "2026-11-24T21-32-05.123456-k3xq-0000"
MESSAGE = "2026-11-24T21-32-05.123456-user-1f3a2b4c.md"
TEXT = b"---\nrole: user\ntimestamp: 2026-11-24T21:32:05.123456Z\n---\nhello\n"


class Forge:
    """Writes into the bare repository at `path`."""

    def __init__(self, path: Path) -> None:
        self.repo = Repository.open(path)

    def add(self, kind: str, data: bytes) -> str:
        """Store an object, whatever it is."""
        with self.repo.writer(durable=False) as writer:
            return writer.add(kind, data)

    def blob(self, data: bytes) -> str:
        """Store a blob."""
        return self.add("blob", data)

    def tree(self, *entries: tuple[int, str, str]) -> str:
        """Store a tree of these entries, in git's order."""
        return self.add("tree", encode_tree(TreeEntry(*entry) for entry in entries))

    def folders(self, files: dict[str, object]) -> str:
        """Store nested trees: a dict for a folder, bytes for a file, (mode, id) for anything else."""
        entries = []
        for name, item in files.items():
            if isinstance(item, dict):
                entries.append((FOLDER_MODE, name, self.folders(item)))
            elif isinstance(item, bytes):
                entries.append((FILE_MODE, name, self.blob(item)))
            else:
                mode, oid = item  # type: ignore[misc]
                entries.append((mode, name, oid))
        return self.tree(*entries)

    def session(self, name: str, extra: dict[str, object] | None = None, *, header: bytes = HEADER) -> str:
        """Give the tree of a plain session of one message, with more in it."""
        files: dict[str, object] = {
            layout.ATTRIBUTES_FILE: layout.ATTRIBUTES,
            layout.SESSIONS: {name: {layout.HEADER_FILE: header}},
            layout.MESSAGES: {RUN: {MESSAGE: TEXT}},
        }
        return self.folders(files | (extra or {}))

    def commit(self, tree: str, *parents: str, text: bytes | None = None) -> str:
        """Store a commit; `text` stands for all that follows the tree."""
        head = f"tree {tree}\n" + "".join(f"parent {parent}\n" for parent in parents)
        rest = text if text is not None else f"author {PERSON}\ncommitter {PERSON}\n\nuser: hello\n".encode()
        return self.add("commit", head.encode() + rest)

    def branch(self, name: str, commit: str) -> None:
        """Put a branch."""
        ref = f"refs/heads/{name}"
        assert self.repo.move_ref(ref, self.repo.ref(ref), commit)

    def forge(self, name: str, extra: dict[str, object] | None = None, **options: object) -> str:
        """Put a branch with a session of this name; give its commit."""
        commit = self.commit(self.session(name, extra, **options))  # type: ignore[arg-type]
        self.branch(name, commit)
        return commit

    def lose(self, oid: str) -> None:
        """Remove an object."""
        Path(loose_path(str(self.repo.path / "objects"), oid)).unlink()
