"""What a session's tree has beyond an earlier one, where that is nothing but messages. Only what differs is read."""

from __future__ import annotations

from claif_git.errors import StoreError
from claif_git.format import layout
from claif_git.git import Repository
from claif_git.git.trees import FILE_MODE, Folder
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot, folder_at

LONGEST_CHAIN = 64
"""Commits that are looked at one by one to say which added what."""


def opened(repo: Repository, session_id: str, commit: str) -> Snapshot:
    """Give a session as it stands at a commit. StoreError."""
    read = repo.read_commit(commit)
    return Snapshot(repo, session_id, commit, folder_at(repo, read.tree), read.commit_time)


def earlier(repo: Repository, session_id: str, commit: str, tip: str) -> Snapshot | None:
    """Give a session at a commit that the index has seen, if that is still there and `tip` came after it."""
    try:
        return opened(repo, session_id, commit) if repo.is_ancestor(commit, tip) else None
    except StoreError:
        return None


def grown(before: Folder, after: Folder) -> list[Entry] | None:
    """Give the messages that a root tree has beyond another, in path order; None if anything else differs.

    Attachments do not count: whoever reads a message looks for those.
    """
    if any(before.get(name) != after.get(name) for name in (layout.SESSIONS, layout.DROPS)):
        return None
    found: list[Entry] = []
    same = _collect(before.folder(layout.MESSAGES), after.folder(layout.MESSAGES), "", found)
    return found if same else None


def _collect(before: Folder, after: Folder, prefix: str, found: list[Entry]) -> bool:
    """Add what is new to `found`; False if anything is gone, changed, or not named as a message is."""
    if before.items.keys() - after.items.keys() or prefix.count("/") > 32:
        return False
    for name, item in after.ordered():
        other = before.items.get(name)
        if item == other:
            continue
        if isinstance(item, Folder):
            known = layout.parse_run_name(name) is not None and (other is None or isinstance(other, Folder))
            inner = other if isinstance(other, Folder) else Folder(_nothing)
            if not known or not _collect(inner, item, f"{prefix}{name}/", found):
                return False
        elif other is None and prefix and item.mode == FILE_MODE and layout.parse_message_name(name):
            found.append(Entry(prefix + name, item.oid))
        else:
            return False
    return True


def _nothing(oid: str) -> bytes:
    raise AssertionError(f"an empty folder reads nothing, but was asked for {oid}")


def added_by(repo: Repository, before: str, after: str) -> dict[str, str]:
    """Say which commit added which message (by path), from one commit to a later one.

    Empty where history between the two is no line of at most LONGEST_CHAIN commits that only added messages.
    """
    found: dict[str, str] = {}
    oid = after
    try:
        for _ in range(LONGEST_CHAIN):
            commit = repo.read_commit(oid)
            if len(commit.parents) != 1:
                return {}
            parent = repo.read_commit(commit.parents[0])
            new = grown(folder_at(repo, parent.tree), folder_at(repo, commit.tree))
            if new is None:
                return {}
            found.update((entry.path, oid) for entry in new)
            oid = commit.parents[0]
            if oid == before:
                return found
    except StoreError:  # a shallow clone, or damage above: nothing that a reader of the tip has to know
        return {}
    return {}
