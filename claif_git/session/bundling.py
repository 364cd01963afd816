"""Exchange by file: sessions in a bundle, to be sent by mail or carried on a stick."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from claif_git.errors import InvalidInputError
from claif_git.git.bundles import write_bundle
from claif_git.git.transport import parse_address
from claif_git.history.store_branch import PLAIN_HEADS, start
from claif_git.ids import STORE_BRANCH
from claif_git.session.places import check_place
from claif_git.session.remotes import local_side, pulled
from claif_git.session.working import Progress, Working, counting
from claif_git.sync import SyncReport, add_remote, remove_remote
from claif_git.sync.standing import is_session

_HEAD = PLAIN_HEADS + STORE_BRANCH


def write(
    working: Working,
    file: str | os.PathLike[str],
    ids: Sequence[str] | None,
    *,
    everything: bool,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Write a bundle of the sessions named, or of all; give them, each with its tip.

    Of the store's own branch it holds what every store begins with: a README and the format. InvalidInputError where
    nothing is named, or the file is there and no bundle; SessionNotFoundError, StoreError.
    """
    if bool(ids) == everything:
        raise InvalidInputError("name the sessions that the bundle is to hold, or say all")
    check_place(file)
    local = local_side(working)
    tips = local.tips()
    chosen = tips if everything else {name: tips[name] for name in map(working.resolve, ids or ())}
    sessions = {name: tip for name, tip in counting(chosen.items(), progress) if is_session(local, tip)}
    with working.repo.shared():
        with working.repo.writer(durable=False) as writer:
            first = start(writer.add)
        refs = {PLAIN_HEADS + name: tip for name, tip in sessions.items()} | {_HEAD: first}
        write_bundle(working.repo, Path(file).absolute(), refs, _HEAD)
    return sessions


def read(
    working: Working,
    file: str | os.PathLike[str],
    ids: Sequence[str] | None,
    progress: Callable[[str], None] | None = None,
) -> SyncReport:
    """Pull from a bundle, as from a remote of which nothing is remembered. InvalidInputError if it is no file."""
    with _visited(working, file) as remote:
        report = pulled(working, remote, ids, progress, named="a bundle")
    report.remote = shown = str(file)
    report.notes = [note.replace(remote, shown) for note in report.notes]
    report.sessions = [replace(one, detail=one.detail.replace(remote, shown)) for one in report.sessions]
    return report


@contextmanager
def _visited(working: Working, file: str | os.PathLike[str]) -> Iterator[str]:
    """Give a name under which the bundle is a remote, for the length of the block."""
    address = parse_address(os.fspath(Path(file).absolute()))
    if address.kind != "bundle":
        raise InvalidInputError(f"{address} is no file")
    name, heads = f"bundle-{secrets.token_hex(4)}", working.store.heads
    add_remote(working.repo, heads, name, address.path)
    try:
        yield name
    finally:
        remove_remote(working.repo, heads, name)
