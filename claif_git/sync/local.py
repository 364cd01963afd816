"""What an exchange works with: the store's side of it, and what it asks of the layer above."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from claif_git.errors import ConcurrentUpdateError
from claif_git.git import Oid, Repository
from claif_git.git.transport import Limits, Progress, Transport
from claif_git.history.commits import Signature
from claif_git.history.store_branch import HIDDEN_HEADS, PLAIN_HEADS, TOMBSTONES, TRASH, StoreBranch
from claif_git.ids import STORE_BRANCH, is_session_name, unique
from claif_git.sync.remotes import tracking_prefix

_TRIES = 20
_MANY = 8  # refs: from here on one file of them all is cheaper than a file each


@dataclass(frozen=True)
class Local:
    """One store, in one exchange.

    heads    the prefix of its sessions' refs
    join     (session id, tip): brings a tip into the session's branch, by fast-forward or merge; nothing is dropped;
             gives what both sides had changed, in words, or ""
    adopted  (tips by session id): is told of sessions that a remote had and we had not, once they are ours
    bury     (session id, its tip, tombstone): moves a session to the trash, if it still stands at that tip
    """

    repo: Repository
    heads: str
    who: Signature
    join: Callable[[str, Oid], str]
    bury: Callable[[str, Oid, bytes], None]
    transport: Transport
    limits: Limits
    progress: Progress | None = None
    adopted: Callable[[Mapping[str, Oid]], None] | None = None

    @property
    def branch(self) -> StoreBranch:
        """The store's own branch."""
        return StoreBranch(self.repo, self.heads)

    def tips(self) -> dict[str, Oid]:
        """Give the branches that may be sessions, by name."""
        refs = self.repo.refs(self.heads)
        return {name: tip for ref, tip in refs.items() if is_session_name(name := ref[len(self.heads) :])}

    def named(self, prefixes: Iterable[str], known: Mapping[str, object]) -> list[str]:
        """Give the ids among `known` that prefixes stand for. SessionNotFoundError, AmbiguousIdError."""
        return [unique(prefix, known, self._trashed) for prefix in dict.fromkeys(prefixes)]

    def _trashed(self) -> list[str]:
        return [ref[len(TRASH) :] for ref in self.repo.refs(TRASH)]

    def tombstones(self) -> dict[str, bytes]:
        """Give what this store knows of deletions, by session."""
        return {name.removesuffix(".yaml"): data for name, data in self.branch.files(TOMBSTONES).items()}

    def tracked(self, remote: str) -> dict[str, Oid]:
        """Give where a remote's sessions stood at the last exchange, the store's branch included."""
        prefix = tracking_prefix(self.heads, remote)
        return {ref[len(prefix) :]: tip for ref, tip in self.repo.refs(prefix).items()}

    def track(self, remote: str, name: str, tip: Oid | None) -> None:
        """Note where a remote's session stands; None for nowhere."""
        force_ref(self.repo, tracking_prefix(self.heads, remote) + name, tip)

    def track_all(self, remote: str, tips: Mapping[str, Oid]) -> None:
        """Note where many of a remote's sessions stand."""
        before, prefix = self.tracked(remote), tracking_prefix(self.heads, remote)
        new = {prefix + name: tip for name, tip in tips.items() if name not in before}
        made = set(self.repo.create_refs(new, durable=False)) if len(new) >= _MANY else set[str]()
        for name, tip in tips.items():
            if before.get(name) != tip and prefix + name not in made:
                force_ref(self.repo, prefix + name, tip)

    def adopt(self, tips: Mapping[str, Oid]) -> set[str]:
        """Make tips of a remote sessions of ours, where there is none of that name; give the names of those made."""
        with self.repo.shared():
            refs = self.repo.create_refs({self.heads + name: tip for name, tip in tips.items()})
        made = {ref[len(self.heads) :] for ref in refs}
        if self.adopted is not None and made:
            self.adopted({name: tips[name] for name in made})
        return made

    def tell(self, line: str) -> None:
        """Pass a line of progress on."""
        if self.progress is not None:
            self.progress(line)


def force_ref(repo: Repository, ref: str, tip: Oid | None) -> None:
    """Put a ref that only says what was seen last, so it need not survive a power cut.

    ConcurrentUpdateError if others keep moving it.
    """
    for _ in range(_TRIES):
        old = repo.ref(ref)
        if old == tip or repo.move_ref(ref, old, tip, durable=False):
            return
    raise ConcurrentUpdateError(f"{ref} kept moving under us")


def heads_at(shown: Iterable[str], own: str) -> str:
    """Say under which prefix a remote keeps sessions: where its store's branch is; where that says nothing, our own."""
    names = set(shown)
    found = [prefix for prefix in (PLAIN_HEADS, HIDDEN_HEADS) if prefix + STORE_BRANCH in names]
    if not found and any(name.startswith(HIDDEN_HEADS) for name in names):
        found = [HIDDEN_HEADS]
    return own if own in found or not found else found[0]


def is_covered(repo: Repository, tip: Oid, by: Oid | None) -> bool:
    """Say whether a history that ends at `by` holds all that `tip` does; False where the store cannot tell."""
    if tip == by:
        return True
    return by is not None and repo.has(tip) and repo.has(by) and repo.is_ancestor(tip, by)


def count_commits(repo: Repository, new: Oid, old: Oid | None) -> int:
    """Count the commits that `new` has and `old` has not."""
    return sum(1 for _ in repo.walk([new], [old] if old else []))
