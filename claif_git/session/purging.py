"""Removing a session for good: its refs, trash, drafts, index, operation log, and the objects themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from claif_git.errors import SessionNotFoundError
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.snapshot import folder_at
from claif_git.history.store_branch import encode_tombstone, tombstone_path, tombstone_tip
from claif_git.model.times import now
from claif_git.session.operations import forget
from claif_git.session.store import DRAFTS, IMPORTS, TRASH, unique
from claif_git.session.working import Working


@dataclass(frozen=True)
class Purged:
    """What a purge did, or would do.

    remotes    names of remotes that had a copy when we last looked: it is still there
    shared_by  sessions that hold some of the same turns: forks, origins, and what it was merged into
    refs       what was removed
    objects    whether the objects went as well; in a code repository they stay until git's own `gc` takes them
    """

    session_id: str
    remotes: list[str] = field(default_factory=list)
    shared_by: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    objects: bool = True


def purge(working: Working, prefix: str, *, dry_run: bool = False) -> Purged:
    """Remove a session, deleted or not, so that nothing here can bring it back; leave a tombstone that pulls honour.

    Turns that other sessions share stay in those. With `dry_run`, only say what would go. SessionNotFoundError.
    """
    with working.lock:
        working.flush()
        session_id = unique(prefix, {**working.store.trashed(), **working.store.ids()})
        refs = _refs_of(working, session_id)
        if not refs:
            raise SessionNotFoundError(prefix)
        sharers = _sharers(working, session_id)
        report = Purged(session_id, _remotes(refs, session_id), sharers, sorted(refs), not working.repo.is_guest)
        if not dry_run:
            _remove(working, session_id, refs)
        return report


def _refs_of(working: Working, session_id: str) -> dict[str, str]:
    own = {working.store.head(session_id), TRASH + session_id, IMPORTS + session_id}
    found: dict[str, str] = {}
    for ref, tip in working.repo.refs().items():
        tracked = "/remotes/" in ref and ref.rpartition("/")[2] == session_id
        if ref in own or ref.startswith(f"{DRAFTS}{session_id}/") or tracked:
            found[ref] = tip
    return found


def _remotes(refs: dict[str, str], session_id: str) -> list[str]:
    ending = f"/{session_id}"
    return sorted(ref.partition("/remotes/")[2].removesuffix(ending) for ref in refs if "/remotes/" in ref)


def _sharers(working: Working, session_id: str) -> list[str]:
    folder = layout.session_folder(session_id)
    families = set(_family(working, session_id))
    found = []
    for other, tip in working.store.ids().items():
        root = folder_at(working.repo, working.repo.read_commit(tip).tree)
        holds = isinstance(root.get(folder), Folder) or other in families
        if other != session_id and holds:
            found.append(other)
    return sorted(found)


def _family(working: Working, session_id: str) -> list[str]:
    """Name the sessions whose settings stand in this one's tree: those that it was forked or merged from."""
    tip = working.store.tip(session_id) or working.store.trashed().get(session_id)
    if tip is None:
        return []
    return list(folder_at(working.repo, working.repo.read_commit(tip).tree).folder(layout.SESSIONS).items)


def _last_tip(working: Working, session_id: str) -> str | None:
    """Give where the session's branch stands, or stood when it was deleted: what a push may delete at a remote."""
    buried = working.store.branch.read(tombstone_path(session_id))
    return working.store.tip(session_id) or (tombstone_tip(buried) if buried else None)


def _remove(working: Working, session_id: str, refs: dict[str, str]) -> None:
    """Leave the tombstone first, so that an interrupted purge cannot end with the session back by a pull."""
    moment = now()
    data = encode_tombstone(_last_tip(working, session_id), moment, purged=True)
    working.store.branch.write({tombstone_path(session_id): data}, f"purge: {session_id}", working.who, moment)
    working.forget(session_id)
    for ref, held in refs.items():
        working.repo.move_ref(ref, held, None)
    forget(working, session_id)
    from claif_git.index.database import forget as forget_index

    forget_index(working.repo)
    Path(working.repo.path, "claif", "checked", session_id).unlink(missing_ok=True)
    working.repo.prune()
