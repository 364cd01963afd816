"""Moving objects with dulwich, where there is no git command. Slower, and without credential helpers and proxies."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from claif_git.errors import ClaifGitError, InvalidInputError, RemoteError
from claif_git.git.kinds import Oid, is_oid
from claif_git.git.repository import Repository
from claif_git.git.transport.address import Address
from claif_git.git.transport.bounds import silent
from claif_git.git.transport.bundlefile import opened_bundle
from claif_git.git.transport.hubrules import own_rule
from claif_git.git.transport.interface import Progress, PushResult, RefUpdate, with_reasons
from claif_git.git.transport.limits import Limits
from claif_git.git.transport.packsizes import check_sizes
from claif_git.git.transport.process import printable, said_by_host
from claif_git.git.transport.quarantine import Quarantine
from claif_git.git.transport.wording import kinds, worded

if TYPE_CHECKING:
    from dulwich.client import GitClient

_ZERO = b"0" * 40
_REFS_BYTES = 400
_PIECE = 1 << 16


class DulwichTransport:
    """Talks to remotes by dulwich."""

    name = "dulwich"

    def refs(self, repo: Repository, address: Address, limits: Limits) -> dict[str, Oid]:
        """Give the refs that the remote shows, by full name. RemoteError, also for more than `max_refs`."""
        if address.kind == "bundle":
            with opened_bundle(address) as (refs, _):
                return refs
        with _talking(repo, address, limits, limits.max_refs * _REFS_BYTES + 4096) as (client, path):
            found = _named(client.get_refs(path).refs)
            if not found and getattr(client, "dumb", False):  # what any page can be taken for
                raise RemoteError(f"{address} answers, but not as a git repository does")
        if len(found) > limits.max_refs:
            raise RemoteError(f"{address} has more than {limits.max_refs} refs")
        return found

    def fetch(
        self,
        quarantine: Quarantine,
        address: Address,
        names: Sequence[str],
        limits: Limits,
        progress: Progress | None = None,
        shown: Mapping[str, Oid] | None = None,  # noqa: ARG002 - each by name costs nothing here
    ) -> dict[str, Oid]:
        """Bring these refs' objects into quarantine; give where each ref stood. RemoteError, also past a limit."""
        wanted: dict[str, Oid] = {}

        def choose(shown: Mapping[str, Oid]) -> None:
            if missing := [name for name in names if name not in shown]:
                raise RemoteError(f"{address} has no {missing[0]} any more")
            wanted.update({name: shown[name] for name in names})

        def determine(refs: Mapping[Any, Any], depth: int | None = None) -> list[Any]:  # noqa: ARG001 - its signature
            choose(_named(refs))
            return [oid.encode() for oid in set(wanted.values())]

        with _worded(address, limits), _incoming(quarantine, limits) as file:
            write = _bounded(file.write, address, limits, progress)
            if address.kind == "bundle":
                with opened_bundle(address) as (refs, bundle):
                    choose(refs)
                    while piece := bundle.read(_PIECE):
                        write(piece)
                return wanted
            with _talking(quarantine.store, address, limits, limits.max_pack_size + 4096) as (client, path):
                client.fetch_pack(path, determine, _haves(quarantine.store), write, _told(address, progress))
        return wanted

    def push(
        self, repo: Repository, address: Address, updates: Iterable[RefUpdate], progress: Progress | None = None
    ) -> dict[str, PushResult]:
        """Send what the updates need and move the refs. RemoteError if the remote is away or takes nothing at all."""
        _refuse_unfit(address)
        from dulwich.repo import Repo

        asked = {update.name: update for update in updates}
        results: dict[str, PushResult] = {}

        def decide(refs: Mapping[Any, Any]) -> dict[Any, Any]:
            """Look at what the remote shows now: dulwich itself compares nothing, and would move a ref anywhere."""
            shown = _named(refs)
            moves = {}
            for name, update in asked.items():
                if shown.get(name) == update.old:
                    moves[name.encode()] = (update.new or "").encode() or _ZERO
                else:
                    results[name] = PushResult(done=False, moved=True, reason="it was moved meanwhile")
            return moves

        limits = Limits.of(repo.config_get)
        with (
            _talking(repo, address, limits, 1 << 30) as (client, path),
            contextlib.closing(Repo(str(repo.path))) as own,
        ):
            heard: list[str] = []
            told = _told(address, progress)

            def hear(data: bytes) -> None:
                heard.append(data.decode("utf-8", "replace"))
                told(data)

            def pack(*args: Any, **options: Any) -> Any:
                return own.generate_pack_data(*args, **{**options, "progress": told})  # our own, and no host's

            sent = client.send_pack(path, decide, pack, hear)
        status = sent.ref_status
        reasons = said_by_host("".join(heard), address)
        for name in asked:
            if name not in results:
                results[name] = with_reasons(_result(status, name), reasons)
        return results


def _refuse_unfit(address: Address) -> None:
    """Refuse to push where that cannot be, or should not. InvalidInputError, RemoteError."""
    if address.kind == "bundle":
        raise InvalidInputError(f"{address} is a bundle file, which can only be fetched from")
    if address.kind == "path" and (rule := own_rule(Path(address.path))):
        # What dulwich does at a path, it does to the files: nobody asks the repository there.
        hint = "install git, or push by ssh or http"
        raise RemoteError(f"{address} has {rule}, which only git can heed", hint=hint)


def _result(status: Mapping[bytes, str | None] | None, name: str) -> PushResult:
    """Say what became of a ref. A refusal stands in the status only; without one there is nobody to ask."""
    reason = (status or {}).get(name.encode())
    if reason is None:
        return PushResult(done=True)
    text = printable(str(reason))
    moved = "unable to" in text or "failed to update ref" in text or "fetch first" in text or "lock" in text
    return PushResult(done=False, moved=moved, reason=text)


def _named(refs: Mapping[Any, Any]) -> dict[str, Oid]:
    found: dict[str, Oid] = {}
    for raw, value in refs.items():
        name, oid = bytes(raw).decode("utf-8", "surrogateescape"), (value or b"").decode("ascii", "replace")
        if name.startswith("refs/") and is_oid(oid) and not name.endswith("^{}"):
            found[name] = oid
    return found


def _haves(repo: Repository) -> Any:
    """Give what tells the remote which commits we have."""
    from dulwich.object_store import ObjectStoreGraphWalker

    def parents(oid: bytes) -> Any:
        return [parent.encode() for parent in repo.read_commit(oid.decode()).parents]

    heads = [oid.encode() for oid in set(repo.refs().values()) if repo.read(oid)[0] == "commit"]
    return ObjectStoreGraphWalker(heads, parents)  # type: ignore[arg-type] # a NewType over bytes


def _bounded(
    write: Callable[[bytes], int], address: Address, limits: Limits, progress: Progress | None
) -> Callable[[bytes], int]:
    written = told = 0

    def bounded(data: bytes) -> int:
        nonlocal written, told
        written += len(data)
        if written > limits.max_pack_size:
            raise RemoteError(f"{address} sends more than {limits.max_pack_size} bytes at once")
        if progress is not None and written - told >= _PIECE // 4:
            told = written
            progress(f"receiving: {written >> 10:,} KiB")
        return write(data)

    return bounded


def _told(address: Address, progress: Progress | None) -> Callable[[bytes], None]:
    """Pass a remote's progress on, line by line."""

    def tell(data: bytes) -> None:
        if progress is not None:
            for line in data.decode("utf-8", "replace").replace("\r", "\n").split("\n"):
                if line.strip():
                    progress(printable(address.redact(line)))

    return tell


@contextlib.contextmanager
def _incoming(quarantine: Quarantine, limits: Limits) -> Iterator[BinaryIO]:
    """Give a file for a pack, which is in the quarantine when the block ends well. StoreError for a bad one.

    Dulwich inflates objects whole, so it gets to see a pack only once all sizes in it are known.
    """
    from dulwich.object_store import DiskObjectStore

    store = DiskObjectStore(quarantine.path / "objects", pack_big_file_threshold=max(limits.max_object_size, 1 << 20))
    with contextlib.closing(store):
        file, commit, abort = store.add_pack()
        try:
            yield file
            file.flush()
            if file.tell():
                check_sizes(file.fileno(), limits.max_object_size)
            commit()
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                abort()
            raise


@contextlib.contextmanager
def _talking(repo: Repository, address: Address, limits: Limits, most: int) -> Iterator[tuple[GitClient, bytes]]:
    """Give a client that reads no more than `most` bytes."""
    from claif_git.git.transport.clients import client_for

    read = 0

    def count(size: int) -> None:
        nonlocal read
        read += size
        if read > most:
            raise RemoteError(f"{address} sends more than is taken")

    with (
        _worded(address, limits),
        client_for(address, repo.config_get("core.sshCommand"), count, limits) as opened,
    ):
        yield opened


@contextlib.contextmanager
def _worded(address: Address, limits: Limits) -> Iterator[None]:
    """Turn whatever goes wrong into a RemoteError of one line."""
    try:
        yield
    except ClaifGitError:
        raise
    except Exception as error:  # a remote's rubbish makes dulwich raise nearly anything
        if any("Timeout" in kind for kind in kinds(error)):
            raise silent(address, limits.max_silence) from error
        raise RemoteError(worded(error, address)) from error
