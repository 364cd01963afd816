"""The remotes of a store. They stand in its git config, as git itself writes them, so that plain `git fetch` works."""

from __future__ import annotations

import re

from claif_git.errors import InvalidInputError, RemoteNotFoundError, UnsafeAddressError, is_like_address, quoted
from claif_git.git import Repository
from claif_git.git.transport import Address, parse_address, printable, redact
from claif_git.history.store_branch import HIDDEN_TRACKING, PLAIN_HEADS, PLAIN_TRACKING
from claif_git.sync.seen import forget

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_URL = re.compile(r"remote\.(.+)\.url")


def tracking_prefix(heads: str, remote: str) -> str:
    """Give the prefix of the refs that say where a remote's sessions stood.

    In a code repository those of `refs/remotes/` are the code's.
    """
    return f"{PLAIN_TRACKING if heads == PLAIN_HEADS else HIDDEN_TRACKING}{remote}/"


def add_remote(repo: Repository, heads: str, name: str, address: str) -> None:
    """Name a remote. InvalidInputError for a name that is taken or cannot be, UnsafeAddressError."""
    if not _NAME.fullmatch(name) or ".." in name or name.endswith((".", ".lock")):
        what = "claif-git remote add NAME ADDRESS" if is_like_address(name) else "letters, digits, '.', '_' and '-'"
        raise InvalidInputError(f"not a name for a remote: {quoted(name)}", hint=what)
    parsed = parse_address(address)
    if repo.config_get(f"remote.{name}.url") is not None:
        raise InvalidInputError(f"there is a remote {name!r} already", hint="claif-git remote list")
    repo.config_set(f"remote.{name}.fetch", _refspec(heads, name))
    # Where a group shares the repository, it goes on reading the config.
    shared = repo.config_get("core.sharedRepository") not in (None, "umask", "false", "0", "no")
    repo.config_set(f"remote.{name}.url", parsed.url, secret=parsed.has_secret and not shared)


def _refspec(heads: str, name: str) -> str:
    return f"+{heads}*:{tracking_prefix(heads, name)}*"


def remotes(repo: Repository) -> dict[str, str]:
    """Give the remotes: name to address, credentials left out."""
    urls = ((_URL.fullmatch(key), value) for key, value in repo.config_items())
    return {found[1]: _shown(value) for found, value in urls if found}


def _shown(url: str) -> str:
    try:
        address = parse_address(url)
    except UnsafeAddressError:  # written by git: never used, and shown only as far as it can hold no password
        return "…" + printable(redact(url).rpartition("@")[2].partition("?")[0])
    return redact(url) if address.is_local else str(address)


def remote_address(repo: Repository, name: str) -> Address:
    """Give where a remote is. RemoteNotFoundError, UnsafeAddressError."""
    url = repo.config_get(f"remote.{name}.url") if _NAME.fullmatch(name) else None
    if url is None:
        raise RemoteNotFoundError(name)
    address = parse_address(url)
    if address.is_local and not url.startswith(("/", "file:")):  # not ours, which are whole: git's own, from the top
        top = repo.path.parent if repo.path.name == ".git" else repo.path
        return parse_address(str(top / url))
    return address


def remove_remote(repo: Repository, heads: str, name: str) -> None:
    """Forget a remote, with what is known of it here. RemoteNotFoundError.

    InvalidInputError for one of a code repository that code is fetched from as well: that is git's to forget.
    """
    remote_address(repo, name)
    refspecs = {value for key, value in repo.config_items() if key == f"remote.{name}.fetch"}
    if heads != PLAIN_HEADS and refspecs != {_refspec(heads, name)}:
        raise InvalidInputError(f"{name} is a remote of the code as well", hint=f"git remote remove {name}")
    prefix = f"remote.{name}."
    for key in {key for key, _ in repo.config_items() if key.startswith(prefix)}:
        repo.config_unset(key)
    for ref, tip in repo.refs(tracking_prefix(heads, name)).items():
        repo.move_ref(ref, tip, None)
    forget(repo, name)
