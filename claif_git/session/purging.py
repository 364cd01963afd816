"""Removing a session for good: its refs, trash, drafts, index, operation log, and the objects themselves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from claif_git.errors import ConcurrentUpdateError, SessionNotFoundError, StoreError
from claif_git.history.store_branch import (
    HIDDEN_TRACKING,
    PLAIN_TRACKING,
    encode_tombstone,
    is_purge,
    tombstone_path,
    tombstone_tip,
)
from claif_git.ids import is_session_name, without_words
from claif_git.model.times import now
from claif_git.session.copies import Copies
from claif_git.session.operations import forget, record_moves
from claif_git.session.store import DRAFTS, IMPORTS, TRASH, unique
from claif_git.session.working import Working


@dataclass(frozen=True)
class Purged:
    """What a purge did, or would do.

    remotes    names of remotes that had a copy when we last looked: it is still there
    shared_by  sessions that hold some of the same turns: forks, origins, and what it was merged into
    held_by    whatever else holds some of them: refs (trash, tags, drafts, remotes' of other sessions, worktrees'),
               reflogs
    copied_by  what else holds turns that were copied from it: sessions by id, other refs by name
    refs       what was removed
    objects    whether every object of it is gone; not while anything of the above holds some, and not `in_code`
    in_code    whether the store stands in a code repository, where objects stay until git's own `gc` takes them
    """

    session_id: str
    remotes: list[str] = field(default_factory=list)
    shared_by: list[str] = field(default_factory=list)
    held_by: list[str] = field(default_factory=list)
    copied_by: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    objects: bool = True
    in_code: bool = False


def purge(working: Working, prefix: str, *, dry_run: bool = False) -> Purged:
    """Remove a session, deleted or not, so that nothing here can bring it back; leave a tombstone that pulls honour.

    Turns that other sessions share stay in those. With `dry_run`, only say what would go. SessionNotFoundError.

    StoreError, and nothing is done, where objects cannot be removed since something in the store is damaged. Of what
    was purged before, a second call removes the objects: the first may have been interrupted.
    """
    with working.lock:
        working.flush()
        working.store.branch.check()
        if _is_purged(working, prefix):
            if not dry_run:
                working.repo.check_prune()
                _prune(working, prefix)
            return Purged(prefix, in_code=working.repo.is_guest)
        session_id = unique(prefix, {**working.store.trashed(), **working.store.ids()})
        refs = _refs_of(working, session_id)
        if not refs:
            raise SessionNotFoundError(prefix)
        copies = Copies(working, session_id, refs)
        report = _report(working, session_id, refs, copies)
        if dry_run:
            return report
        working.repo.check_prune(refs)
        copies.remember()
        _remove(working, session_id, refs, copies)
        return replace(report, objects=not copies.left())


def _is_purged(working: Working, name: str) -> bool:
    """Tell whether a tombstone says that a session of just this name was purged, and no ref has it any more."""
    stone = working.store.branch.read(tombstone_path(name)) if is_session_name(name) else None
    return stone is not None and is_purge(stone) and not _refs_of(working, name)


def _report(working: Working, session_id: str, refs: dict[str, str], copies: Copies) -> Purged:
    alive = {working.store.head(name): name for name in working.store.ids()}
    holders, in_code = copies.holders(), working.repo.is_guest
    copiers = [alive.get(ref, ref) for ref in copies.copiers() if ref not in holders]
    return Purged(
        session_id,
        remotes=_remotes(working, refs, session_id),
        shared_by=sorted(alive[ref] for ref in holders if ref in alive),
        held_by=[ref for ref in holders if ref not in alive],
        copied_by=sorted(copiers),
        refs=sorted(refs),
        objects=not (holders or in_code),
        in_code=in_code,
    )


def _tracking(working: Working) -> str:
    """Name where remotes' sessions are tracked; in a code repository, git's own place is the code's."""
    return HIDDEN_TRACKING if working.store.is_guest else PLAIN_TRACKING


def _refs_of(working: Working, session_id: str) -> dict[str, str]:
    own = {working.store.head(session_id), TRASH + session_id, IMPORTS + session_id}
    prefix = _tracking(working)
    found: dict[str, str] = {}
    for ref, tip in working.repo.refs().items():
        tracked = ref.startswith(prefix) and ref.rpartition("/")[2] == session_id
        if ref in own or ref.startswith(f"{DRAFTS}{session_id}/") or tracked:
            found[ref] = tip
    return found


def _remotes(working: Working, refs: dict[str, str], session_id: str) -> list[str]:
    prefix, ending = _tracking(working), f"/{session_id}"
    return sorted(ref.removeprefix(prefix).removesuffix(ending) for ref in refs if ref.startswith(prefix))


def _last_tip(working: Working, session_id: str) -> str | None:
    """Give where the session's branch stands, or stood when it was deleted: what a push may delete at a remote."""
    buried = working.store.branch.read(tombstone_path(session_id))
    return working.store.tip(session_id) or (tombstone_tip(buried) if buried else None)


def _remove(working: Working, session_id: str, refs: dict[str, str], copies: Copies) -> None:
    """Leave the tombstone first, so that an interrupted purge cannot end with the session back by a pull."""
    moment, called = now(), without_words(session_id)
    data = encode_tombstone(_last_tip(working, session_id), moment, purged=True)
    working.store.branch.write({tombstone_path(session_id): data}, f"purge: {called}", working.who, moment)
    working.forget(session_id)
    reflogs = copies.reflogs()
    for ref, held in refs.items():
        working.repo.move_ref(ref, held, None)
    for file in reflogs:
        file.unlink(missing_ok=True)
    forget(working, session_id)
    record_moves(working, "purge", [], called)
    from claif_git.git.transport.quarantine import sweep
    from claif_git.index.database import forget as forget_index

    forget_index(working.repo)
    Path(working.repo.path, "claif", "checked", session_id).unlink(missing_ok=True)
    sweep(working.repo)
    _prune(working, session_id)


def _prune(working: Working, session_id: str) -> None:
    try:
        working.repo.prune()
    except (StoreError, ConcurrentUpdateError) as error:
        again = f"claif-git doctor, then again: claif-git session purge {session_id}"
        raise StoreError(f"{session_id} is purged, but its objects are still there: {error}", hint=again) from error
