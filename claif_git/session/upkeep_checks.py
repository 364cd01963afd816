"""How the repository below a store stands: objects, refs, locks, configuration, the disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from claif_git.errors import ClaifGitError, StoreError
from claif_git.git import Repository, git_available
from claif_git.history.store_branch import HIDDEN_HEADS
from claif_git.session.findings import CLEAN, NOTE, OK, PACK, PROBLEM, Finding, many
from claif_git.session.store import NAMESPACE_KEY
from claif_git.session.working import Working

LEAST_FREE = 64 << 20
"""Bytes of free disk below which writing is about to fail."""
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
    restore = "bring it back from a copy of the store: claif-git fetch, or a backup"
    for name, reason in look.damaged_packs():
        yield Finding("objects", PROBLEM, f"the pack {name} is damaged: {reason}", restore)
    for oid in look.damaged_objects():
        yield Finding("objects", PROBLEM, f"the loose object {oid} is damaged", restore, repair=PACK)
    if amounts.left and not repo.is_guest:
        told = f"left half written: {many(len(amounts.left), 'temporary file')}, as {amounts.left[0]}"
        yield Finding("objects", NOTE, told, "claif-git doctor --fix", repair=CLEAN)


def refs(working: Working) -> Iterator[Finding]:
    """Look whether every ref names an object that is there, and of the right kind."""
    repo = working.repo
    ours = "refs/claif/" if repo.is_guest else "refs/"
    every = repo.refs(ours)
    as_a_whole = list(_packed_refs(repo))
    yield from as_a_whole
    wrong = len(as_a_whole)
    for name, reason in repo.inspect().damaged_refs().items():
        if name.startswith(ours) or name == "HEAD":
            wrong += 1
            yield Finding("refs", PROBLEM, reason, f"once it is of no use: git update-ref -d {name}")
    for name, oid in every.items():
        reason = _fault(repo, name, oid)
        if reason:
            wrong += 1
            hint = f"bring the object back from a copy (claif-git fetch), or give the ref up: git update-ref -d {name}"
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
        yield Finding("refs", PROBLEM, told, "claif-git doctor --fix", repair=PACK)


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
            yield Finding("locks", PROBLEM, f"{name}: its process is dead", "claif-git doctor --fix", repair=CLEAN)
        elif lock.is_stale:
            told = f"{name}: another program left it {lock.age:,.0f} s ago"
            mend = "" if repo.is_guest else CLEAN
            hint = "remove it, if no git is running here" if repo.is_guest else "claif-git doctor --fix"
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
    if not os.access(repo.path, os.W_OK):
        yield Finding("disk", NOTE, f"{repo.path} is read-only here")
    if free < LEAST_FREE:
        yield Finding("disk", PROBLEM, f"{free:,} bytes are free: turns will soon not be kept", "make room")
    elif free < packs:
        yield Finding("disk", NOTE, f"{free:,} bytes are free, {packs:,} are needed to pack anew", "make room")
    else:
        yield Finding("disk", OK, f"{free:,} bytes are free")
