"""What goes wrong inside dulwich, in words of ours: of a stranger's bytes, only what a git server says on purpose."""

from __future__ import annotations

import re
import zlib

from claif_git.git.transport.address import Address
from claif_git.git.transport.process import printable

_STATUS = re.compile(r"unexpected http resp (\d{3})")
_HTTP = {
    "NameResolutionError": "the host's name is not known",
    "NewConnectionError": "the host cannot be reached",
    "SSLError": "its certificate, or its TLS, is not one to trust",
    "ProxyError": "the proxy cannot be reached",
    "ProtocolError": "it does not answer as a web server does",
    "IncompleteRead": "it broke off in the middle of an answer",
    "MaxRetryError": "it does not answer",
}
_NO_GIT = (ValueError, AssertionError, NotImplementedError)
"""What dulwich, and urllib3 below it, raise where they read something else than git's protocol."""
# The same, of the class in which a server's own words come too.
_PROTOCOL = re.compile(
    r"\bb['\"]|invalid pkt-line|length of pkt|expected command|unexpected (?:number of packets|first line)"
    r"|unknown command|invalid (?:ref status|shallow|content-type)|received more data|redirected from",
    re.IGNORECASE,
)


def kinds(error: BaseException) -> list[str]:
    """Give the classes of a fault and of those that it tells of, the innermost first."""
    inner = getattr(error, "reason", None) or error.__cause__
    return [*(kinds(inner) if isinstance(inner, Exception) else []), type(error).__name__]


def worded(error: Exception, address: Address) -> str:
    """Say in one line what dulwich's exception means, and of http without the words of whoever answered."""
    known = _known(error, address)
    if known:
        return f"{address}: {known}"
    if not address.is_local and _is_no_git(error):
        return f"{address} answers, but not as a git repository does"
    lines = [line for line in address.redact(str(error)).splitlines() if line.strip()]
    text = printable(lines[-1] if lines else "")
    return f"{address}: {(text or type(error).__name__)[:300]}"


def _known(error: Exception, address: Address) -> str:
    kind = type(error).__name__
    if kind == "NotGitRepository":
        return "there is no repository"
    if kind in ("HTTPUnauthorized", "HTTPProxyUnauthorized"):
        return "the remote asks for a user and a password that it takes"
    if isinstance(error, FileNotFoundError) and address.kind == "ssh":
        return "ssh cannot be run"
    if kind == "HangupException" and not getattr(error, "stderr_lines", None):
        return "it closed the connection too soon"
    if isinstance(error, zlib.error):  # a push reads our own as well
        return "what should be an object cannot be unpacked"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if address.kind != "http":
        return ""
    status = _STATUS.search(str(error))
    return next((_HTTP[one] for one in kinds(error) if one in _HTTP), "") or (
        f"it answers with status {status[1]}" if status else ""
    )


def _is_no_git(error: Exception) -> bool:
    if isinstance(error, _NO_GIT) or isinstance(error.__cause__, _NO_GIT):
        return True
    return type(error).__name__ == "GitProtocolError" and bool(_PROTOCOL.search(str(error)))
