"""Addresses of remotes: the forms that are known, what is refused, and keeping credentials out of every text."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from claif_git.errors import UnsafeAddressError

SCHEMES = ("file", "ssh", "git", "http", "https")
"""What is spoken, beside plain paths and `user@host:path`. Anything else, such as `ext::`, could run a program."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_HELPER = re.compile(r"[A-Za-z0-9+.-]+::")
_SCP = re.compile(r"(?:([^@/:]+)@)?(\[[^\]/]+\]|[^:/\[\]]+):(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*)|\[[0-9A-Fa-f:.]+(?:%[0-9A-Za-z]+)?\]")
_USER = re.compile(r"[^\s/:@-][^\s/:@]*")
_SECRET = re.compile(r"\b(ssh://[^\s/:@]+):[^\s/]*(?=@)|(?<!ssh)(://)(?:[^\s/]*@|[^\s/@:]*:(?!\d+/)\S*@)")
_QUERY = re.compile(r"(\bhttps?://[^\s?#'\"]*\?)[^\s'\"]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a remote is. `kind` is "path", "bundle", "ssh", "git" or "http"; `url` is what git takes, secrets included.

    For paths and bundles `path` is absolute, for the others it is the path at `host`.
    """

    kind: str
    url: str
    path: str
    host: str = ""
    port: int | None = None
    user: str = ""
    password: str = ""

    def __str__(self) -> str:
        return redact(self.url)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine's file system."""
        return self.kind in ("path", "bundle")

    def redact(self, text: str) -> str:
        """Take credentials out of a text, this address's own wherever they stand."""
        text = redact(text)
        for secret in {self.password, _raw_password(self.url)}:
            if len(secret) > 2:
                text = text.replace(secret, "***")
        return text


def parse_address(text: str) -> Address:
    """Read an address: a path, file://, ssh://, user@host:path, git://, http(s)://. UnsafeAddressError for all else.

    A relative path is taken from the current folder, once and for all. A path to a file is a bundle.
    """
    if not text or _CONTROL.search(text):
        raise UnsafeAddressError("an address is empty, or holds control characters")
    if "://" in text and " " in text:  # not shown: what stands around the space may be a password
        raise UnsafeAddressError("an address with a scheme holds no spaces", hint="write %20")
    if text.startswith("-"):
        raise UnsafeAddressError(f"an address cannot start with '-': {redact(text)[:80]!r}")
    if scheme := _SCHEME.match(text):
        return _from_url(text, scheme[1].lower())
    if _HELPER.match(text):
        raise _unknown(text.partition(":")[0] + "::")
    scp = _SCP.fullmatch(text)
    if scp and not Path(text).exists():
        return _from_scp(text, scp[1] or "", scp[2], scp[3])
    return _local(text)


def _local(path: str) -> Address:
    whole = os.path.abspath(path)  # noqa: PTH100 - symlinks stay as they are
    return Address("bundle" if Path(whole).is_file() else "path", whole, whole)


def _unknown(scheme: str) -> UnsafeAddressError:
    return UnsafeAddressError(
        f"addresses of the form {scheme[:40]} are not taken", hint=f"a path, user@host:path, or {', '.join(SCHEMES)}"
    )


def _from_url(text: str, scheme: str) -> Address:
    if scheme not in SCHEMES:
        raise _unknown(f"{scheme}://")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UnsafeAddressError(f"not an address: {redact(text)[:80]!r}") from None
    if scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise UnsafeAddressError("a file:// address names no host")
        return _local(unquote(text[len("file://") + len(parts.netloc) :]))
    user, password, host = unquote(parts.username or ""), unquote(parts.password or ""), _host_of(parts.netloc)
    path = parts.path.removeprefix("/") if parts.path.startswith("/~") else parts.path
    kind = "http" if scheme in ("http", "https") else scheme
    url = scheme + text[len(scheme) :]
    address = Address(kind, url, path if kind != "http" else parts.path, host, port, user, password)
    if kind == "git" and (user or password):
        raise UnsafeAddressError("a git:// address takes no user")
    return _checked(replace(address, user=user))


def _from_scp(text: str, user: str, host: str, path: str) -> Address:
    return _checked(Address("ssh", text, path, host, None, user))


def _checked(address: Address) -> Address:
    """Refuse what a program on the way could take for an option or for something else than a name."""
    decoded = unquote(address.host)
    if not _HOST.fullmatch(address.host) or decoded != address.host:
        raise UnsafeAddressError(f"not a host: {decoded[:80]!r}")
    if address.kind != "http" and address.user and not _USER.fullmatch(address.user):
        raise UnsafeAddressError("not a user's name")
    path = unquote(address.path)
    if not path or path == "/" or path.lstrip("/").startswith("-"):
        raise UnsafeAddressError(f"not a repository's path: {path[:80]!r}")
    if _CONTROL.search(path) or _CONTROL.search(address.user) or _CONTROL.search(address.password):
        raise UnsafeAddressError("an address holds control characters")
    return address


def _host_of(netloc: str) -> str:
    place = netloc.rpartition("@")[2]
    return place[: place.index("]") + 1] if place.startswith("[") and "]" in place else place.partition(":")[0]


def _raw_password(url: str) -> str:
    userinfo, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    return userinfo.partition(":")[2] if at else ""


def redact(text: str) -> str:
    """Take credentials out of every address in `text`: users and passwords, of ssh only passwords, of http queries."""
    return _QUERY.sub(r"\1…", _SECRET.sub(lambda found: found[1] or found[2], text))
