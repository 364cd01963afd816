"""What goes wrong in a call, as one line of ours with a hint."""

from __future__ import annotations

import re

from claif_git.errors import ModelError

_TRANSPORT = frozenset({"httpx2", "httpx", "httpcore2", "httpcore", "h11", "ssl", "socket"})
_HINTS = {
    400: "see what the model takes, or name another: --model",
    401: "check ANTHROPIC_API_KEY",
    402: "check the account's balance",
    403: "this key may not do that; check it, or name another model: --model",
    404: "check the model's name, and ANTHROPIC_BASE_URL",
    413: "leave files out, or go on in a new session",
    429: "too many requests; wait a little",
    529: "the API is overloaded; wait a little",
}
_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "api_error": 500,
    "overloaded_error": 529,
}
_LONGEST = 300


def failure(error: Exception, *, key: str = "") -> ModelError | None:
    """Give the error of ours for one of the SDK's or of what carries it; None for a fault that is not theirs.

    The text is one line, and `key` stands nowhere in it.
    """
    if isinstance(error, ModelError):
        return error
    status = _status(error)
    if status is not None:
        said = getattr(error, "api_message", None) or _said(getattr(error, "body", None)) or str(error)
        return ModelError(f"the API said {status}: {_one_line(said, key)}", status=status, hint=_hint(status))
    if _is_transport(error):
        cause = error.__cause__ or error.__context__
        said = f"{error} {cause or ''}".strip()
        return ModelError(
            f"no answer from the API: {_one_line(said, key)}", hint="check the network, and ANTHROPIC_BASE_URL"
        )
    if isinstance(error, ValueError):
        return ModelError(f"no answer of the Messages API: {_one_line(str(error), key)}", hint=_hint(404))
    return None


def _status(error: Exception) -> int | None:
    """Give the HTTP status; for an error in mid-stream, whose response began with 200, the one its type stands for."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return None
    body = getattr(error, "body", None)
    inner = body.get("error") if isinstance(body, dict) else None
    kind = inner.get("type") if isinstance(inner, dict) else None
    return status if status >= 400 else _STATUSES.get(str(kind), 500)


def _said(body: object) -> str:
    inner = body.get("error") if isinstance(body, dict) else None
    return str(inner.get("message") or "") if isinstance(inner, dict) else ""


def _is_transport(error: Exception) -> bool:
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, OSError) or bool(packages & (_TRANSPORT | {"anthropic"}))


def _hint(status: int) -> str:
    return _HINTS.get(status, "the API's own trouble; try again later")


def _one_line(text: str, key: str) -> str:
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
    line = line.replace(key, "…") if key else line
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
