"""Fetching: into quarantine, looked at there, and only then where a ref of ours points to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from claif_git.errors import MalformedError, RemoteError, StoreError
from claif_git.git import Oid
from claif_git.git.transport import Address, Quarantine, quarantine
from claif_git.ids import STORE_BRANCH
from claif_git.sync import naming
from claif_git.sync.inspect import Inspector
from claif_git.sync.letting_in import let_in
from claif_git.sync.local import Local, heads_at
from claif_git.sync.remotes import remote_address
from claif_git.sync.seen import NO_SESSION, PASSED, Seen, Verdict

_AT_ONCE = 1000
"""Branches that are brought in one go: what is known of all that came with them is in memory."""


@dataclass
class Fetched:
    """What a remote has.

    remote    its name, and `address` where it is
    heads     the prefix under which it keeps sessions
    shown     the branches that it shows there, by name (the store's own among them), sessions or not
    unfit     those whose names no session can have
    is_empty  it shows nothing at all
    tips      those that passed, and are here now
    aside     those that did not, with the reason
    commits   how many commits of each are new to this store
    """

    remote: str
    address: Address
    heads: str
    shown: dict[str, Oid]
    unfit: dict[str, Oid] = field(default_factory=dict)
    is_empty: bool = False
    tips: dict[str, Oid] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)
    commits: dict[str, int] = field(default_factory=dict)

    @property
    def refs(self) -> dict[str, Oid]:
        """The branches that it shows there, by full name."""
        return {self.heads + name: tip for name, tip in (*self.shown.items(), *self.unfit.items())}

    @property
    def sessions(self) -> dict[str, Oid]:
        """The sessions that are here now."""
        return {name: tip for name, tip in self.tips.items() if name != STORE_BRANCH}


def look(local: Local, remote: str) -> Fetched:
    """Ask a remote what it has. RemoteError, RemoteNotFoundError."""
    address = remote_address(local.repo, remote)
    local.tell(f"asking {address}")
    refs = local.transport.refs(local.repo, address, local.limits)
    heads = heads_at(refs, local.heads)
    named = {ref[len(heads) :]: oid for ref, oid in refs.items() if ref.startswith(heads)}
    fit = naming.fit(named, local.tips().keys() | local.tombstones().keys())
    shown = {name: oid for name, oid in named.items() if name in fit}
    unfit = {name: oid for name, oid in named.items() if name not in shown}
    return Fetched(remote, address, heads, shown, unfit, is_empty=not refs)


def bring(local: Local, found: Fetched, names: Iterable[str]) -> None:
    """Bring branches of a remote here, and note where they stand. RemoteError if it goes away meanwhile.

    What is not sound is set aside in `found`, sessions with unfit names too; a branch that is no session is left alone.
    """
    seen = Seen(local.repo, found.remote, local.limits)
    trusted = _trusted(local, seen)
    wanted: list[str] = []
    for name in names:
        tip = found.shown.get(name) or found.unfit[name]
        verdict = seen.verdicts.get(name)
        if name in found.unfit and (not naming.is_ref(name) or (tip in trusted and _is_session(local, tip))):
            _judge(found, seen, name, Verdict(tip, naming.WHY))
        elif tip in trusted and (name == STORE_BRANCH or verdict == Verdict(tip, PASSED) or _is_session(local, tip)):
            _judge(found, seen, name, Verdict(tip, PASSED))
        elif verdict is not None and verdict.tip == tip and verdict.reason != PASSED:
            _judge(found, seen, name, verdict)
        else:
            wanted.append(name)
    wanted.sort(key=lambda name: (name != STORE_BRANCH, name))
    for at in range(0, len(wanted), _AT_ONCE):
        if at:
            seen.save()
        with quarantine(local.repo, local.limits) as closed:
            _Visit(local, found, closed, seen).run(wanted[at : at + _AT_ONCE], trusted)
        trusted.update(found.tips.values())
    local.track_all(found.remote, found.tips)
    seen.save()


def _trusted(local: Local, seen: Seen) -> set[Oid]:
    """Give the commits that need no look: our own refs', and what passed before.

    The refs of remotes are no proof: plain `git fetch` moves them too.
    """
    refs = local.repo.refs()
    own = {
        tip for ref, tip in refs.items() if not ref.startswith(("refs/remotes/", "refs/claif/remotes/", "refs/tags/"))
    }
    passed = {verdict.tip for verdict in seen.verdicts.values() if verdict.reason == PASSED}
    here = set(refs.values())
    return own | {tip for tip in passed if tip in here or local.repo.has(tip)}


def _is_session(local: Local, tip: Oid) -> bool:
    return any(name == "sessions" for _, name, _ in local.repo.read_tree(local.repo.read_commit(tip).tree))


def _judge(found: Fetched, seen: Seen, name: str, verdict: Verdict) -> None:
    seen.verdicts[name] = verdict
    if verdict.reason == PASSED:
        found.tips[name] = verdict.tip
    elif verdict.reason != NO_SESSION:
        found.aside[name] = naming.why(name) if verdict.reason == naming.WHY else verdict.reason


class _Visit:
    """One stay in quarantine."""

    def __init__(self, local: Local, found: Fetched, closed: Quarantine, seen: Seen) -> None:
        self._local, self._found, self._closed, self._seen = local, found, closed, seen

    def run(self, names: Sequence[str], trusted: set[Oid]) -> None:
        """Bring branches, look at each, and let in what passes."""
        tips = self._transfer(sorted(names))
        inspector = Inspector(self._closed, self._local.limits, trusted)
        passed: dict[str, Oid] = {}
        for name, tip in sorted(tips.items()):
            self._local.tell(f"looking at {name}")
            verdict = self._inspect(inspector, name, tip)
            (self._found.unfit if name in self._found.unfit else self._found.shown)[name] = tip
            _judge(self._found, self._seen, name, verdict)
            if verdict.reason == PASSED:
                passed[name] = tip
        with self._local.repo.shared(), ExitStack() as kept:
            let_in(self._local.repo, self._closed, list(passed.values()), inspector.rest(), kept)
            self._local.track_all(self._found.remote, passed)

    def _transfer(self, names: Sequence[str]) -> dict[str, Oid]:
        """Bring branches into quarantine: all at once, and where one of them prevents that, by halves.

        What cannot be brought at all is set aside, unless the remote is gone altogether.
        """
        transport, limits, heads = self._local.transport, self._local.limits, self._found.heads
        refs = [heads + name for name in names]
        try:
            came = transport.fetch(
                self._closed, self._found.address, refs, limits, self._local.progress, self._found.refs
            )
            self._closed.look()
            return {ref[len(heads) :]: tip for ref, tip in came.items()}
        except (RemoteError, StoreError) as error:
            self._closed.tidy()
            transport.refs(self._local.repo, self._found.address, limits)
            if len(names) == 1:
                self._found.aside[names[0]] = naming.why(names[0]) if names[0] in self._found.unfit else error.message
                return {}
        middle = len(names) // 2
        return self._transfer(names[:middle]) | self._transfer(names[middle:])

    def _inspect(self, inspector: Inspector, name: str, tip: Oid) -> Verdict:
        near = [oid for oid in (self._local.repo.ref(self._local.heads + name), self._passed_before(name)) if oid]
        try:
            if name == STORE_BRANCH:
                inspector.store_branch(tip, near)
            elif name in self._found.unfit:
                return Verdict(tip, naming.WHY if inspector.is_session(tip) else NO_SESSION)
            else:
                count = inspector.session(tip, near)
                if count is None:
                    return Verdict(tip, NO_SESSION)
                self._found.commits[name] = count
        except (MalformedError, StoreError) as error:
            return Verdict(tip, error.message)
        return Verdict(tip, PASSED)

    def _passed_before(self, name: str) -> Oid | None:
        verdict = self._seen.verdicts.get(name)
        passed = verdict is not None and verdict.reason == PASSED and self._local.repo.has(verdict.tip)
        return verdict.tip if verdict is not None and passed else None
