"""Moving objects with the git command: the user's own ssh, credential helpers and proxies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from claif_git.errors import InvalidInputError, RemoteError
from claif_git.git.kinds import Oid, is_oid
from claif_git.git.repository import Repository
from claif_git.git.transport.address import Address
from claif_git.git.transport.bounds import memory_for_objects, memory_for_refs, silent
from claif_git.git.transport.bundlefile import opened_bundle
from claif_git.git.transport.interface import Progress, PushResult, RefUpdate, with_reasons
from claif_git.git.transport.limits import Limits
from claif_git.git.transport.process import Run, gist, run_git, said_by_host
from claif_git.git.transport.quarantine import Quarantine

NEEDS = (2, 31)
"""The first git that takes settings by the environment and refspecs from stdin."""

_REMOTE = "claif-transfer"
"""The name under which git gets the address, so that it stands in no list of processes."""

_PACKET = "packet:"
_NO_MEMORY = re.compile(
    r"(?m)^fatal: (?:Out of memory|attempting to allocate|mmap failed|unable to create (?:threaded|async))"
)
_SLOW = re.compile(r"Operation too slow|timed out after \d+ milliseconds")
_REFS_BYTES = 400  # more than a line of ls-remote is long
_MANY = 64  # refs
_FETCHING = ("--no-tags", "--write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
_AT_ONCE = 500  # refspecs on one command line
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "protocol.ext.allow": "never",
    "protocol.version": "2",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fetch.unpackLimit": "1",
    "transfer.unpackLimit": "1",
    "fetch.writeCommitGraph": "false",
    "fetch.recurseSubmodules": "false",
    "push.followTags": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
    "push.useForceIfIncludes": "false",
    "pack.windowMemory": "256m",
    # Whoever reads the pack looks at each object, and lets the sound sessions in: here one bad object would stop all.
    "fetch.fsckObjects": "false",
    "transfer.fsckObjects": "false",
    "transfer.bundleURI": "false",
}
_STATUS = re.compile(r"([ +\-*!=])\t([^\t]*):([^\t:]+)\t(.*)")
_REASON = re.compile(r"\((.*)\)\s*$")
_MOVED = re.compile(
    r"fetch first|non-fast-forward|stale info|needs force|already exists|cannot lock ref|failed to update ref"
    r"|reference already exists|incorrect old value|but expected"
)


class GitTransport:
    """Talks to remotes by running git."""

    name = "git"

    def refs(self, repo: Repository, address: Address, limits: Limits) -> dict[str, Oid]:
        """Give the refs that the remote shows, by full name. RemoteError, also for more than `max_refs`."""
        if address.kind == "bundle":
            with opened_bundle(address) as (refs, _):
                return refs
        done = self._listed(repo, address, limits)
        found: dict[str, Oid] = {}
        for line in done.output.decode("utf-8", "surrogateescape").split("\n"):
            oid, _, name = line.partition("\t")
            if is_oid(oid) and name.startswith("refs/"):
                found[name] = oid
        if len(found) > limits.max_refs:
            raise RemoteError(f"{address} has more than {limits.max_refs} refs")
        if not found and address.kind == "http":
            self._check_speaks_git(repo, address, limits)
        return found

    def _check_speaks_git(self, repo: Repository, address: Address, limits: Limits) -> None:
        """Tell an empty repository from a page: git takes any answer for a list of refs, and finds none in one line."""
        if _PACKET not in self._listed(repo, address, limits, trace=True).errors:
            raise RemoteError(f"{address} answers, but not as a git repository does")

    def _listed(self, repo: Repository, address: Address, limits: Limits, *, trace: bool = False) -> Run:
        done = run_git(
            ["ls-remote", "--quiet", "--refs", _REMOTE],
            git_dir=repo.path,
            address=address,
            settings=_settings(address, limits),
            most=limits.max_refs * _REFS_BYTES + 4096,
            memory=memory_for_refs(limits),
            silence=_silence(address, limits),
            trace=trace,
        )
        _check(done, address, limits)
        return done

    def fetch(
        self,
        quarantine: Quarantine,
        address: Address,
        names: Sequence[str],
        limits: Limits,
        progress: Progress | None = None,
        shown: Mapping[str, Oid] | None = None,
    ) -> dict[str, Oid]:
        """Bring these refs' objects into quarantine; give where each ref stood. RemoteError, also past a limit."""
        before = quarantine.size()

        def watch() -> None:
            if quarantine.size() - before > limits.max_pack_size:
                raise RemoteError(f"{address} sends more than {limits.max_pack_size} bytes at once")

        wanted = list(dict.fromkeys(names))
        tips = _as_shown(wanted, shown, address)
        asked = list(dict.fromkeys(tips.values())) or wanted
        done = run_git(
            ["fetch", *_FETCHING, "--progress", "--stdin", "--end-of-options", _REMOTE],
            git_dir=quarantine.path,
            address=address,
            settings=_settings(address, limits),
            stdin="".join(f"{line}\n" for line in asked).encode("utf-8", "surrogateescape"),
            watch=watch,
            progress=progress,
            memory=memory_for_objects(limits),
            silence=_silence(address, limits),
        )
        watch()
        _check(done, address, limits)
        return tips or _fetched(quarantine.fetch_head(), wanted, address)

    def push(
        self, repo: Repository, address: Address, updates: Iterable[RefUpdate], progress: Progress | None = None
    ) -> dict[str, PushResult]:
        """Send what the updates need and move the refs. RemoteError if the remote is away or takes nothing at all."""
        if address.kind == "bundle":
            raise InvalidInputError(f"{address} is a bundle file, which can only be fetched from")
        results: dict[str, PushResult] = {}
        for some in _in_bunches(list(updates)):
            results |= self._push(repo, address, some, progress)
        return results

    def _push(
        self, repo: Repository, address: Address, updates: Sequence[RefUpdate], progress: Progress | None
    ) -> dict[str, PushResult]:
        # A plain push only ever moves forward, and the remote compares with what it showed. A deletion would go through
        # whatever the ref says, so it names what it expects.
        leases = [f"--force-with-lease={update.name}:{update.old}" for update in updates if update.new is None]
        refspecs = [f"{update.new or ''}:{update.name}" for update in updates]
        limits = Limits.of(repo.config_get)
        options = ["--porcelain", "--no-verify", "--no-follow-tags", "--no-recurse-submodules", "--no-signed"]
        done = run_git(
            ["push", *options, "--progress", *leases, "--end-of-options", _REMOTE, *refspecs],
            git_dir=repo.path,
            address=address,
            settings=_settings(address, limits),
            progress=progress,
            memory=memory_for_objects(limits),
            silence=_silence(address, limits),
        )
        results = dict(_statuses(done.output.decode("utf-8", "replace")))
        if not results and done.code:
            _check(done, address, limits)
        missing = PushResult(done=False, reason=gist(done.errors) or "the remote did not say")
        others = missing if done.code else PushResult(done=True)
        lines = [line.removeprefix("remote: ") for line in done.errors.splitlines() if line.startswith("remote: ")]
        reasons = said_by_host("\n".join(lines), address)
        given = {name: with_reasons(result, reasons) for name, result in results.items()}
        return {update.name: given.get(update.name, others) for update in updates}


def _as_shown(names: Sequence[str], shown: Mapping[str, Oid] | None, address: Address) -> dict[str, Oid]:
    """Give where many refs were seen, to ask for that: git looks through all that a remote shows for each name."""
    if len(names) < _MANY or not shown:
        return {}
    if missing := [name for name in names if name not in shown]:
        raise RemoteError(f"{address} has no {missing[0]} any more")
    return {name: shown[name] for name in names}


def _fetched(head: str, names: Sequence[str], address: Address) -> dict[str, Oid]:
    """Read where refs stood from FETCH_HEAD: a line each, in the order in which they were asked for."""
    lines = head.splitlines()
    found = {name: line[:40] for name, line in zip(names, lines, strict=False) if _is_of(name, line)}
    if len(found) < len(names) or len(lines) > len(names):
        raise RemoteError(f"{address}: git says something else of what it fetched than expected")
    return found


def _is_of(name: str, line: str) -> bool:
    short = name.removeprefix("refs/heads/")
    said = f"branch '{short}' of " if short != name else f"'{name}' of "
    return is_oid(line[:40]) and line[40:].lstrip("\t").startswith(said)


def _in_bunches(updates: list[RefUpdate]) -> Iterator[list[RefUpdate]]:
    for start in range(0, len(updates), _AT_ONCE):
        yield updates[start : start + _AT_ONCE]


def _settings(address: Address, limits: Limits) -> Mapping[str, str]:
    patience = {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(limits.max_silence)} if limits.max_silence else {}
    return {**_SETTINGS, **patience, f"remote.{_REMOTE}.url": address.url}


def _silence(address: Address, limits: Limits) -> int:
    """Say for how long git may hear nothing. By http that is left to it: a helper may be waiting for a person."""
    return limits.max_silence if address.kind in ("git", "ssh") else 0


def _check(done: Run, address: Address, limits: Limits) -> None:
    if done.code and _NO_MEMORY.search(done.errors):
        raise RemoteError(f"{address} sends more than is taken")
    if done.code and _SLOW.search(done.errors):
        raise silent(address, limits.max_silence)
    if done.code:
        raise RemoteError(f"{address}: {gist(done.errors) or f'git ended with {done.code}'}")


def _statuses(output: str) -> Iterator[tuple[str, PushResult]]:
    for line in output.splitlines():
        status = _STATUS.fullmatch(line)
        if status is None:
            continue
        flag, _, name, summary = status.groups()
        if flag != "!":
            yield name, PushResult(done=True)
            continue
        reason = _REASON.search(summary)
        text = reason[1] if reason else summary
        yield name, PushResult(done=False, moved=bool(_MOVED.search(text)), reason=text)
