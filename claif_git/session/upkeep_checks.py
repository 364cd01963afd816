"""How the repository below a store stands: objects, refs, locks, configuration, the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from claif_git.errors import ClaifGitError, StoreError
from claif_git.git import Repository, git_available
from claif_git.git.refmending import HEAD, RefFault
from claif_git.history.store_branch import HIDDEN_HEADS
from claif_git.session.findings import CLEAN, NOTE, OK, PACK, PACK_INDEX, PROBLEM, REFS, Finding, many
from claif_git.session.store import NAMESPACE_KEY
from claif_git.session.working import Working

LEAST_FREE = 64 << 20
"""Bytes of free disk below which writing is about to fail."""
_FIX, _IN_A_PACK = "claif-git doctor --fix", "it may be in the pack whose index is missing or damaged"
_WRITTEN = ("", "objects", "objects/pack", "refs", "refs/heads", "claif")
"""Folders of a repository in which each turn makes files."""
_SWITCH = {"1", "true", "yes", "on", "0", "false", "no", "off", ""}
_TOO_SOON = {"now", "all", "0"}


def objects(repo: Repository) -> Iterator[Finding]:
    """Look at packs and loose objects; every pack is read to its end, and every loose object."""
    look = repo.inspect()
    amounts = look.amounts()
    size = f"{many(amounts.packs, 'pack')} of {many(amounts.pack_bytes, 'byte')}"
    told = f"{size}, {many(amounts.loose_objects, 'loose object')}, {many(amounts.loose_refs, 'loose ref')}"
    if amounts.is_due:
        yield Finding("objects", NOTE, f"{told}: packing is due", "claif-git gc, or wait", repair=PACK)
    else:
        yield Finding("objects", OK, told)
    if not git_available():
        yield Finding("objects", NOTE, "there is no git command: packing and remotes are slower", "install git")
    yield from _unindexed(repo)
    restore = bringing_back(repo)
    for name, reason in look.damaged_packs():
        yield Finding("objects", PROBLEM, f"the pack {name} is damaged: {reason}", restore)
    for oid in look.damaged_objects():
        yield Finding("objects", PROBLEM, f"the loose object {oid} is damaged", restore, repair=PACK)
    if amounts.left and not repo.is_guest:
        told = f"left half written: {many(len(amounts.left), 'temporary file')}, as {amounts.left[0]}"
        yield Finding("objects", NOTE, told, _FIX, repair=CLEAN)


def _unindexed(repo: Repository) -> Iterator[Finding]:
    for name, reason in repo.inspect().unindexed_packs():
        told = f"the pack {name} is damaged: {reason}"
        if repo.is_guest:
            yield Finding("objects", PROBLEM, told, f"git index-pack {repo.path / 'objects/pack' / name}")
        else:
            hint = _FIX if git_available() else f"install git, then: {_FIX}"
            yield Finding("objects", PROBLEM, told, hint, repair=PACK_INDEX)


def bringing_back(repo: Repository) -> str:
    """Say how to have an object back that is not there, or is damaged."""
    from claif_git.sync import remotes

    if repo.inspect().is_unindexed():
        return f"{_IN_A_PACK}: doctor names it below objects, a minute after it was written"
    if remotes(repo):
        return "bring it back from a copy: claif-git fetch, or from a backup of the store"
    return "bring it back from a backup of the store"


def refs(working: Working) -> Iterator[Finding]:
    """Look whether every ref names an object that is there, and of the right kind."""
    repo = working.repo
    ours = _own_refs(repo)
    every = repo.refs(ours)
    as_a_whole = list(_packed_refs(repo))
    yield from as_a_whole
    wrong = len(as_a_whole)
    for damaged in repo.inspect().damaged_refs():
        if damaged.name.startswith(ours) or damaged.name == HEAD:
            wrong += 1
            yield _damaged_ref(working, damaged)
    restore = bringing_back(repo) if every else ""
    for name, oid in every.items():
        reason = _fault(repo, name, oid)
        if reason:
            wrong += 1
            is_lost = not restore.startswith(_IN_A_PACK)
            hint = f"{restore}; or give the ref up: git update-ref -d {name}" if is_lost else restore
            yield Finding("refs", PROBLEM, f"{name} points at {oid}: {reason}", hint, _session_in(working, name))
    if not wrong:
        yield Finding("refs", OK, f"{many(len(every), 'ref')}, each naming an object that is there")


def _packed_refs(repo: Repository) -> Iterator[Finding]:
    look = repo.inspect()
    if problem := look.packed_refs_problem():
        told = "mend it by hand, or from a copy; until then no ref in it is changed, and no object is removed"
        yield Finding("refs", PROBLEM, problem, told)
    elif look.refs_are_out_of_order():
        told = "packed-refs is out of order: not every ref in it is found"
        yield Finding("refs", PROBLEM, told, _FIX, repair=PACK)


def _damaged_ref(working: Working, damaged: RefFault) -> Finding:
    """Say what is wrong with the file of a ref. Git does not remove it: what it cannot read, it cannot lock."""
    repo, name = working.repo, damaged.name
    path, session_id = repo.path / name, _session_in(working, name)
    told = f"{damaged.reason}; packed-refs has it, at {damaged.packed}" if damaged.packed else damaged.reason
    if _is_mendable(repo, damaged):
        return Finding("refs", PROBLEM, told, _FIX, session_id, REFS)
    if name == HEAD:
        hint = f"write `ref: refs/heads/BRANCH` into {path}"
    else:
        hint = f"write its commit into {path} (git fsck names those that no ref reaches), or remove that file"
    return Finding("refs", PROBLEM, told, hint, session_id)


def _is_mendable(repo: Repository, damaged: RefFault) -> bool:
    """Tell whether it is plain what a ref has to say: HEAD only where no working tree follows it."""
    if damaged.name == HEAD:
        return not repo.is_guest and (repo.config_get("core.bare") or "").lower() == "true"
    return damaged.packed is not None and damaged.name.startswith(_own_refs(repo))


def _own_refs(repo: Repository) -> str:
    return "refs/claif/" if repo.is_guest else "refs/"


def mend_refs(repo: Repository) -> None:
    """Mend the refs of which it is plain what they have to say. ConcurrentUpdateError."""
    repo.inspect().mend_refs([one.name for one in repo.inspect().damaged_refs() if _is_mendable(repo, one)])


def _fault(repo: Repository, name: str, oid: str) -> str:
    try:
        kind, _ = repo.read(oid)
    except StoreError as error:
        return str(error)
    is_right = kind == "commit" or not name.startswith(("refs/heads/", "refs/claif/"))
    return "" if is_right else f"it is a {kind}, not a commit"


def _session_in(working: Working, name: str) -> str | None:
    heads = working.store.heads
    return name[len(heads) :] if name.startswith(heads) else None


def locks(repo: Repository) -> Iterator[Finding]:
    """Look at the lock files: whose they are, and whether those live."""
    standing = repo.inspect().locks()
    if not standing:
        yield Finding("locks", OK, "none")
    for lock in standing:
        name = os.path.relpath(lock.path, repo.path)
        if lock.is_stale and lock.ours:
            yield Finding("locks", PROBLEM, f"{name}: its process is dead", _FIX, repair=CLEAN)
        elif lock.is_stale:
            told = f"{name}: another program left it {lock.age:,.0f} s ago"
            mend = "" if repo.is_guest else CLEAN
            hint = "remove it, if no git is running here" if repo.is_guest else _FIX
            yield Finding("locks", PROBLEM, told, hint, repair=mend)
        else:
            whose = (
                f"process {lock.pid}" if lock.ours and lock.pid else "one of ours" if lock.ours else "another program"
            )
            yield Finding("locks", OK, f"{name}: held by {whose}")


def config(working: Working) -> Iterator[Finding]:
    """Look at the repository's own configuration, and at the remotes in it."""
    problems = [*_settings(working), *_remotes(working)]
    yield from problems or [Finding("config", OK, "nothing in it is wrong")]


def _settings(working: Working) -> Iterator[Finding]:
    repo = working.repo
    fault = repo.inspect().config_problem()
    if fault:
        yield Finding("config", PROBLEM, fault, f"mend {repo.path / 'config'}")
    named = repo.config_get(NAMESPACE_KEY) or ""
    if named.lower() not in _SWITCH:
        yield Finding("config", PROBLEM, f"{NAMESPACE_KEY} is {named!r}, neither true nor false")
    if repo.is_guest:
        return
    if (repo.config_get("gc.pruneExpire") or "").lower() in _TOO_SOON:
        told = "gc.pruneExpire lets git take objects away that are just being written"
        yield Finding("config", PROBLEM, told, "git config gc.pruneExpire 2.weeks.ago")
    hidden = repo.refs(HIDDEN_HEADS)
    if hidden:
        told = f"not looked at: {many(len(hidden), 'ref')} below {HIDDEN_HEADS}"
        yield Finding("config", NOTE, told, f"if they are this store's: git config {NAMESPACE_KEY} true")


def _remotes(working: Working) -> Iterator[Finding]:
    from claif_git.sync import remotes
    from claif_git.sync.remotes import remote_address

    for name in remotes(working.repo):
        try:
            remote_address(working.repo, name)
        except ClaifGitError as error:
            yield Finding("config", PROBLEM, f"the remote {name}: {error}", f"claif-git remote remove {name}")


def disk(repo: Repository) -> Iterator[Finding]:
    """Look whether there is room, and leave to write."""
    free, packs = shutil.disk_usage(repo.path).free, repo.inspect().amounts().pack_bytes
    shut = [
        path for path in map(repo.path.joinpath, _WRITTEN) if path.is_dir() and not os.access(path, os.W_OK | os.X_OK)
    ]
    if shut:
        told = f"nothing can be written: {shut[0]} is read-only here"
        yield Finding("disk", PROBLEM, told, f"see how it is mounted, and whose it is: ls -ld {shut[0]}")
    if free < LEAST_FREE:
        yield Finding("disk", PROBLEM, f"{free:,} bytes are free: turns will soon not be kept", "make room")
    elif free < packs:
        yield Finding("disk", NOTE, f"{free:,} bytes are free, {packs:,} are needed to pack anew", "make room")
    else:
        yield Finding("disk", OK, f"{free:,} bytes are free")
