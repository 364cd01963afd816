"""Names that are made, not given: session ids, writer tokens, and what fits where a name is wanted."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from claif_git.errors import AmbiguousIdError, InvalidInputError, SessionNotFoundError, quoted
from claif_git.model.times import now

RANDOM_LENGTH = 12
SLUG_LENGTH = 40
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}", re.ASCII)
_RANDOM = re.compile(rf"-([a-z2-7]{{{RANDOM_LENGTH}}})$", re.ASCII)
STORE_BRANCH = "claif-store"
"""The store's own branch; no session can have that name."""


def new_session_id(title: str | None, moment: datetime | None = None) -> str:
    """Make a session id: the title's slug, or the date where it has none, `-`, and 12 random base-32 characters."""
    return f"{slug(title or '') or (moment or now()).strftime('%Y-%m-%d')}-{_base32(secrets.token_bytes(8))}"


def imported_session_id(title: str | None, moment: datetime, *source: str) -> str:
    """Make the id that an import has on every machine: the random part is a hash of the source's own name for it."""
    stem = slug(title or "") or moment.strftime("%Y-%m-%d")
    return f"{stem}-{_base32(_digest('import', *source))}"


def without_words(session_id: str) -> str:
    """Give what tells a session from others and says nothing of its title: `…k3xqabcdefgh`."""
    found = _RANDOM.search(session_id)
    return f"…{found[1] if found else hashlib.sha256(session_id.encode()).hexdigest()[:RANDOM_LENGTH]}"


def slug(text: str) -> str:
    """Give at most 40 of `a-z0-9-`, words joined by one hyphen; empty where there is no ASCII letter or digit."""
    words = re.sub(r"[^a-z0-9]+", "-", text[:400].lower()).strip("-")
    cut = words[:SLUG_LENGTH]
    if len(words) > SLUG_LENGTH and words[SLUG_LENGTH] != "-" and "-" in cut[20:]:
        cut = cut.rpartition("-")[0]
    return cut.strip("-")


def is_session_name(name: str) -> bool:
    """Tell whether a branch of this name could be a session: flat, ASCII, and nothing that a file system minds."""
    return (
        bool(_SESSION_ID.fullmatch(name))
        and name != STORE_BRANCH
        and ".." not in name
        and not name.endswith((".", ".lock"))
    )


def check_session_name(name: str) -> str:
    """Give `name` back; InvalidInputError if no session can be called that."""
    if not is_session_name(name):
        raise InvalidInputError(f"not a session id: {quoted(name)}", hint="letters, digits, '.', '_' and '-'")
    return name


def unique(prefix: str, names: Mapping[str, object], trashed: Callable[[], Iterable[str]] = tuple) -> str:
    """Give the one name that starts with `prefix`. SessionNotFoundError, AmbiguousIdError with the candidates.

    `trashed` gives the ids in the trash. It is called where no name fits, so that the error can say what lies there.
    """
    if prefix in names:
        return prefix
    found = _starting(prefix, names)
    if not found:
        deleted = _starting(prefix, trashed())
        raise SessionNotFoundError(prefix, deleted=[prefix] if prefix in deleted else deleted)
    if len(found) > 1:
        raise AmbiguousIdError(prefix, found)
    return found[0]


def _starting(prefix: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(prefix)) if prefix else []


def writer_token(*parts: str) -> str:
    """Give the 4 base-32 characters that tell writers apart: a hash of store, session, and what else parts them."""
    return _base32(_digest("writer", *parts))[:4]


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").lower()[:RANDOM_LENGTH]
