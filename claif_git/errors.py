"""Every error that claif-git raises on purpose.

    ClaifGitError
    ├── NotFoundError                 also FileNotFoundError
    │   ├── StoreNotFoundError
    │   ├── SessionNotFoundError
    │   └── RemoteNotFoundError
    ├── AmbiguousIdError              also LookupError
    ├── InvalidInputError             also ValueError
    │   ├── UnknownNameError          a template, format, strategy … that nobody knows
    │   └── UnsafeAddressError
    ├── MessageIndexError             also IndexError
    ├── NotPermittedError             also PermissionError
    ├── MalformedError                a file in a store that breaks the format
    ├── StoreError                    the repository itself: damage, a format of the future
    │   ├── IndexUnavailableError     this Python cannot search
    │   └── UnwritableStoreError      also OSError
    ├── ConcurrentUpdateError         somebody else kept moving the same ref
    ├── RemoteError                   a remote went away, refused, or sent rubbish
    │   └── DivergedError             pull first
    └── ModelError                    a call to a model failed
        └── MissingKeyError

An error carries its data as attributes; its text is one line that says what happened, and `hint` what to do about it.
The library raises, and never prints; `claif_git.cli` turns an error into a line and an exit code in one place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAME_IT = "that is an address; name it first: claif-git remote add NAME ADDRESS"
_ADDRESS = re.compile(r"://|:.*@|@[^/]*:|\Ahttps?[:/]", re.DOTALL | re.IGNORECASE)


def is_like_address(name: str) -> bool:
    """Tell whether what was given as a name looks like an address. It may hold a password, so it is never quoted."""
    return bool(_ADDRESS.search(name))


def quoted(name: str) -> str:
    """Give a name as an error shows it: in quotes, and at most 80 characters; of an address nothing."""
    return "an address" if is_like_address(name) else repr(name[:80])


class ClaifGitError(Exception):
    """The root of the tree. `hint` is one line of advice, or empty."""

    hint: str = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        if hint:
            self.hint = hint

    def __str__(self) -> str:
        return self.message


class NotFoundError(ClaifGitError, FileNotFoundError):
    """Something that was named does not exist."""


class StoreNotFoundError(NotFoundError):
    """There is no store at a path."""


class SessionNotFoundError(NotFoundError):
    """No session answers to an id; `deleted` are the ids of those in the trash that would."""

    def __init__(
        self, session_id: str, *, hint: str = "see: claif-git session list", deleted: Sequence[str] = ()
    ) -> None:
        if is_like_address(session_id):
            super().__init__("an address stands where a session's id does", hint=NAME_IT.partition("; ")[2])
        elif len(deleted) == 1:
            super().__init__(
                f"the session {deleted[0]!r} is in the trash",
                hint=f"to restore it: claif-git session restore {deleted[0]}",
            )
        elif deleted:
            super().__init__(
                f"no session {session_id!r}, but {len(deleted)} in the trash",
                hint="see: claif-git session list --trash",
            )
        else:
            super().__init__(f"no session {session_id!r}", hint=hint)
        self.session_id, self.deleted = session_id, list(deleted)


class RemoteNotFoundError(NotFoundError):
    """No remote has that name."""

    def __init__(self, name: str) -> None:
        if is_like_address(name):
            super().__init__(NAME_IT)
        else:
            super().__init__(f"no remote {name!r}", hint="see: claif-git remote list")
        self.name = name


class AmbiguousIdError(ClaifGitError, LookupError):
    """A prefix fits several sessions; `candidates` are their ids."""

    def __init__(self, prefix: str, candidates: Sequence[str]) -> None:
        self.prefix, self.candidates = prefix, list(candidates)
        shown = ", ".join(self.candidates[:8]) + (", …" if len(self.candidates) > 8 else "")
        super().__init__(f"{prefix!r} fits {len(self.candidates)} sessions: {shown}", hint="give more of the id")


class InvalidInputError(ClaifGitError, ValueError):
    """An argument that cannot be."""


class UnknownNameError(InvalidInputError):
    """A name nobody knows; `known` lists the ones that are."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"unknown {kind} {quoted(name)}; known: {', '.join(self.known)}")


class UnsafeAddressError(InvalidInputError):
    """A remote's address that is refused, for instance because it would run a program."""


class MessageIndexError(ClaifGitError, IndexError):
    """A message index outside a session."""

    def __init__(self, index: int, count: int) -> None:
        self.index, self.count = index, count
        held = "the session has no messages" if not count else f"the session has messages 0 to {count - 1}"
        super().__init__(f"no message {index}: {held}")


class NotPermittedError(ClaifGitError, PermissionError):
    """The user may not do this in a shared session."""


class MalformedError(ClaifGitError):
    """A file that breaks the format: `session_id`, `path` in the tree and `line` (from 1) where they are known."""

    def __init__(self, reason: str, *, session_id: str = "", path: str = "", line: int | None = None) -> None:
        self.reason, self.session_id, self.path, self.line = reason, session_id, path, line
        where = ":".join(str(part) for part in (session_id, path, line) if part)
        super().__init__(f"{where}: {reason}" if where else reason)

    def located(self, *, session_id: str = "", path: str = "") -> MalformedError:
        """Return the same error with the place filled in, for callers that know more than the parser did."""
        return MalformedError(
            self.reason, session_id=session_id or self.session_id, path=path or self.path, line=self.line
        )


class StoreError(ClaifGitError):
    """The repository is damaged, is no store, or was written by a later format."""


class IndexUnavailableError(StoreError):
    """There can be no index, not even a temporary one: this Python has no SQLite with FTS5, or the disk is full."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"a search needs SQLite with FTS5, and room for temporary files: {reason}")


class UnwritableStoreError(StoreError, OSError):
    """Nothing can be written to a store: its disk is mounted read-only, or its folders are somebody else's."""

    hint = "it can be read; `claif-git doctor` names what cannot be written"


class ConcurrentUpdateError(ClaifGitError):
    """Others kept a ref moving or a lock held for longer than we wait. Nothing was changed; try again."""

    hint = "nothing was changed; try again"


class RemoteError(ClaifGitError):
    """A remote is out of reach, refused, or sent something that is not a store's.

    `report` is the SyncReport of what went through all the same, where anything was tried.
    """

    report: object | None = None


class DivergedError(RemoteError):
    """A push was refused since the remote holds turns that this store has not seen; `session_ids` names them."""

    def __init__(self, session_ids: Sequence[str], remote: str) -> None:
        self.session_ids, self.remote = list(session_ids), remote
        super().__init__(
            f"{remote} holds turns that this store has not seen: {', '.join(self.session_ids)}; pull first",
            hint=f"claif-git pull --remote {remote}",
        )


class ModelError(ClaifGitError):
    """A call to a model failed. `status` is the HTTP status where there was an answer."""

    def __init__(self, message: str, *, status: int | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class MissingKeyError(ModelError):
    """No API key is set."""

    def __init__(self) -> None:
        super().__init__("ANTHROPIC_API_KEY is not set", hint="export ANTHROPIC_API_KEY=…")
