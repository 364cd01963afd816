"""Addresses of remotes: the forms that are known, what is refused, and keeping credentials out of every text."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
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
_TYPED = (  # what is no address any more, or not yet: user:password@host, and a URL that lost a slash or a colon
    (re.compile(r"(\b[A-Za-z][A-Za-z0-9+.-]+:/)(?!/)[^\s/]*:\S*@|(\b(?:https?|ssh|git)/{1,2})[^\s/:@]*:\S*@"), r"\1\2"),
    (re.compile(r"(\bhttps?:/?[^\s/?#'\"][^\s?#'\"]*\?)[^\s'\"]+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(?<![^\s'\"(=])(/{0,2}[^\s/:@'\"]+:)(?!/)[^\s@]*@"), r"\1…@"),
    (re.compile(r"(?<=[^\s/:]/)([^\s/:@'\"]+:)(?!/)[^\s@]*@"), r"\1…@"),  # as the end of a path
)
_LIKE_SECRET = re.compile(r":[^@]*@")
_FORMS = "a path, user@host:path, or ssh://, https://, git://"
_ESCAPES = "in a password, write %2F for '/', %40 for '@', %3F for '?' and %23 for '#'"
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
        """Give what may be shown: made of parts, so that nothing else of what was typed can be in it."""
        if self.is_local:
            return self.path
        port = f":{self.port}" if self.port is not None else ""
        user = f"{self.user}@" if self.user and self.kind == "ssh" else ""
        scheme, found, _ = self.url.partition("://")
        if not found:
            return f"{user}{self.host}:{self.path}"
        return f"{scheme}://{user}{self.host}{port}/{self.path.lstrip('/')}"

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine's file system."""
        return self.kind in ("path", "bundle")

    @property
    def has_secret(self) -> bool:
        """Whether there is a password in it, or a user or query by http, which are as good as one."""
        return bool(self.password) or (self.kind == "http" and (bool(self.user) or "?" in self.url))

    def redact(self, text: str) -> str:
        """Take credentials out of a text, this address's own wherever they stand."""
        secrets = {self.password, _raw_password(self.url), *_query_secrets(self.url)}
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) > 2:
                text = text.replace(secret, "***")
        return redact(text)


def parse_address(text: str) -> Address:
    """Read an address: a path, file://, ssh://, user@host:path, git://, http(s)://. UnsafeAddressError for all else.

    A relative path is taken from the current folder, once and for all. A path to a file is a bundle.
    """
    if not text or _CONTROL.search(text):
        raise UnsafeAddressError("an address is empty, or holds control characters")
    # What cannot be read is not shown either: any of it may be a password.
    if "://" in text and any(mark.isspace() for mark in text):
        raise UnsafeAddressError("an address with a scheme holds no spaces", hint="write %20")
    if text.startswith("-"):
        raise UnsafeAddressError("an address cannot start with '-'")
    if scheme := _SCHEME.match(text):
        return _from_url(text, scheme[1].lower())
    if _HELPER.match(text):
        raise _unknown(text.partition(":")[0] + "::")
    if os.path.exists(text):  # noqa: PTH110 - no error for what is too long for a name
        return _local(text)
    scp = _SCP.fullmatch(text)
    if scp:
        return _from_scp(text, scp[1] or "", scp[2], scp[3])
    if _LIKE_SECRET.search(text):
        raise UnsafeAddressError("not an address, and not a path that is there", hint=_FORMS)
    return _local(text)


def _local(path: str) -> Address:
    whole = os.path.abspath(path)  # noqa: PTH100 - symlinks stay as they are
    return Address("bundle" if os.path.isfile(whole) else "path", whole, whole)  # noqa: PTH113 - false for what is too long


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
        raise UnsafeAddressError("not an address that can be read", hint=_ESCAPES) from None
    if scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise UnsafeAddressError("a file:// address names no host")
        return _local(unquote(text[len("file://") + len(parts.netloc) :]))
    if "@" in parts.path + parts.query + parts.fragment:  # a password with a raw '/' or '?' looks like this
        raise UnsafeAddressError("an address with an '@' behind its host", hint=_ESCAPES)
    if "#" in text or ("?" in text and scheme not in ("http", "https")):
        raise UnsafeAddressError("an address with a '#' or a '?'", hint="in a path, write %23 and %3F")
    user, password, host = unquote(parts.username or ""), unquote(parts.password or ""), _host_of(parts.netloc)
    path = parts.path.removeprefix("/") if parts.path.startswith("/~") else parts.path
    kind = "http" if scheme in ("http", "https") else scheme
    url = scheme + text[len(scheme) :]
    address = Address(kind, url, path if kind != "http" else parts.path, host, port, user, password)
    if kind == "git" and (user or password):
        raise UnsafeAddressError("a git:// address takes no user")
    return _checked(replace(address, user=user))


def _from_scp(text: str, user: str, host: str, path: str) -> Address:
    if host.lower() in SCHEMES or (not user and "@" in path):  # https:/…, or user:password@host:path
        raise UnsafeAddressError("not an address that can be read", hint=_FORMS)
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


def _query_secrets(url: str) -> list[str]:
    query = url.partition("?")[2] if "://" in url else ""
    return [
        query,
        *(part.partition("=")[2] for part in query.split("&")),
        *(unquote(part) for part in query.split("=")),
    ]


def _raw_password(url: str) -> str:
    userinfo, at, _ = url.partition("://")[2].partition("/")[0].rpartition("@")
    return userinfo.partition(":")[2] if at else ""


def redact(text: str) -> str:
    """Take credentials out of every address in `text`: users and passwords, of ssh only passwords, of http queries."""
    return _QUERY.sub(r"\1…", _SECRET.sub(lambda found: found[1] or found[2], text))


def redact_typed(text: str) -> str:
    """Do as `redact` for a text that repeats what somebody typed: also where it is no address as it should be."""
    text = redact(text)
    for pattern, kept in _TYPED:
        text = pattern.sub(kept, text)
    return text
