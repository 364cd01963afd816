"""Which messages are copies of others: what was picked, or moved, says of which one in `copied_from`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.format.messages import head
from claif_git.git import Repository
from claif_git.git.trees import Folder

_KEY = b"copied_from"


class Picks:
    """Reads what trees have of copies; each message file once, however many trees have it."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._known: dict[str, str | None] = {}

    def of(self, root: Folder) -> dict[str, str]:
        """Give the paths of the copies in a commit's tree, below `messages/`, and of what each is one.

        What cannot be read is passed over.
        """
        found: dict[str, str] = {}
        try:
            for path, leaf in root.folder(layout.MESSAGES).walk():
                source = self._source(leaf.oid)
                if source is not None:
                    found[path] = source
        except StoreError:
            return found
        return found

    def _source(self, blob: str) -> str | None:
        if blob not in self._known:
            self._known[blob] = self._read(blob)
        return self._known[blob]

    def _read(self, blob: str) -> str | None:
        try:
            data = self._repo.read_blob(blob)
            return head(data).copied_from if _KEY in data else None
        except (StoreError, MalformedError):
            return None


def with_copies(paths: Iterable[str], copies: Iterable[Mapping[str, str]]) -> set[str]:
    """Give the paths of messages, of their copies, of the copies of these, and so on."""
    made: dict[str, set[str]] = {}
    for each in copies:
        for path, source in each.items():
            made.setdefault(source, set()).add(path)
    found, waiting = set(paths), list(paths)
    while waiting:
        new = made.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found
