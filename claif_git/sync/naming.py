"""Names of branches at a remote: which can be sessions on every machine, and how the others are told of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from claif_git.ids import STORE_BRANCH, is_session_name

_PORTABLE = re.compile(r"[a-z0-9][a-z0-9._-]*", re.ASCII)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")  # what Windows makes no file of
_POINTER = re.compile(r"(?:.*_)?head")  # HEAD, FETCH_HEAD and the like, where files do not tell cases apart
_REF = re.compile(r"(?!.*(?://|\.\.|@\{|/\.|\.lock(?:/|$)))(?![./])[^\x00-\x20\x7f~^:?*\[\\]{1,1024}(?<![./])")

WHY = "no session can have this name: ids are lower-case letters, digits, '.', '_' and '-'"
_KEPT = "no session can have this name: it is a name that {} keeps for itself"
_SEVERAL = 20


def fit(names: Iterable[str], ours: Collection[str]) -> set[str]:
    """Give those of a remote's branches that can be sessions here. `ours` are the names of this store's sessions.

    A name of ours is, whatever it is. Any other is one that all file systems keep, and keep apart from ours.
    """
    taken = {name.lower() for name in ours if name != name.lower()}
    return {
        name for name in names if name in ours or name == STORE_BRANCH or (_is_portable(name) and name not in taken)
    }


def _is_portable(name: str) -> bool:
    return (
        is_session_name(name)
        and bool(_PORTABLE.fullmatch(name))
        and not (_DEVICE.fullmatch(name) or _POINTER.fullmatch(name))
    )


def why(name: str) -> str:
    """Say why no session can have a name that is not `fit`."""
    if not _PORTABLE.fullmatch(name):
        return WHY
    if _DEVICE.fullmatch(name):
        return _KEPT.format("Windows")
    if _POINTER.fullmatch(name):
        return _KEPT.format("git")
    return "a session here has this name, but for upper and lower case" if _is_portable(name) else WHY


def is_ref(name: str) -> bool:
    """Tell whether git takes the name for a branch's, so that it can be asked for."""
    return bool(_REF.fullmatch(name)) and name != "@"


def shown(name: str) -> str:
    """Give a name as a terminal takes it, and nothing else for it."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    safe = "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)
    return safe if len(safe) <= 100 else safe[:100] + "…"


def grouped(aside: dict[str, str], unfit: Collection[str]) -> tuple[dict[str, str], str]:
    """Give what was set aside by name, as it is told; and a line for unfit names where they are too many to be told."""
    told = {shown(name): reason for name, reason in sorted(aside.items()) if name not in unfit}
    names = sorted(name for name in aside if name in unfit)
    told |= {shown(name): aside[name] for name in names[:_SEVERAL]}
    more = len(names) - _SEVERAL
    return told, f"{more:,} more branches there have names that no session can have" if more > 0 else ""
