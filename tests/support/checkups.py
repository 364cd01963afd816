"""Looks of a doctor at a store, narrowed to what a test asks for; and a file that a person commits by hand."""

from __future__ import annotations

from typing import Any

from claif_git import SessionManager
from claif_git.git import Commit, Repository
from claif_git.history.snapshot import folder_at
from claif_git.session.findings import Finding


def wrong(manager: SessionManager, **how: Any) -> list[Finding]:
    """Give what is wrong."""
    return [one for one in manager.doctor(**how) if one.is_wrong]


def only(manager: SessionManager, level: str, **how: Any) -> Finding:
    """Give the one finding of a level."""
    found = [one for one in manager.doctor(**how) if one.level == level and not one.fixed]
    assert len(found) == 1, found
    return found[0]


def fixed(manager: SessionManager) -> list[tuple[str, str]]:
    """Mend what can be mended; give the areas and repairs of what was."""
    return [(one.area, one.repair) for one in manager.doctor(fix=True) if one.fixed]


def repo(manager: SessionManager) -> Repository:
    """Give the repository of a store."""
    return manager._store.repo


def put(manager: SessionManager, session_id: str, path: str, data: bytes) -> None:
    """Commit a file as a person might, by hand."""
    tip = manager._store.tip(session_id)
    assert tip is not None
    with repo(manager).writer(durable=False) as writer:
        root = folder_at(repo(manager), repo(manager).read_commit(tip).tree).put(path, writer.add("blob", data))
        made = Commit(root.write(writer.add), (tip,), "H <h@x>", 1_800_000_000, "H <h@x>", 1_800_000_000, "by hand")
        oid = writer.add("commit", made.encode())
    repo(manager).move_ref(manager._store.head(session_id), tip, oid)
