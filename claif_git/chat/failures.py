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
_THEIRS = "the API's own trouble; try again later"
_BAD = 400
_LONGEST = 300


def failure(error: Exception, *, key: str = "") -> ModelError | None:
    """Give the error of ours for one of the SDK's or of what carries it; None for a fault that is not theirs.

    The text is one line, and `key` stands nowhere in it.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        kind, said = _said(getattr(error, "body", None))
        # A stream that fails half-way began with 200: then the error's type says which status it stands for.
        status = status if status >= _BAD else _STATUSES.get(kind, 500)
        told = _one_line(said or str(error), key)
        return ModelError(f"the API said {status}: {told}", status=status, hint=_HINTS.get(status, _THEIRS))
    if _is_transport(error):
        cause = error.__cause__ or error.__context__
        said = f"{error} {cause or ''}".strip()
        return ModelError(
            f"no answer from the API: {_one_line(said, key)}", hint="check the network, and ANTHROPIC_BASE_URL"
        )
    if isinstance(error, ValueError):
        return ModelError(f"no answer of the Messages API: {_one_line(str(error), key)}", hint=_HINTS[404])
    return None


def _said(body: object) -> tuple[str, str]:
    """Give the type and the message of an error's body, empty where it has none."""
    inner = body.get("error") if isinstance(body, dict) else None
    return (str(inner.get("type") or ""), str(inner.get("message") or "")) if isinstance(inner, dict) else ("", "")


def _is_transport(error: Exception) -> bool:
    packages = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, OSError) or bool(packages & (_TRANSPORT | {"anthropic"}))


def _one_line(text: str, key: str) -> str:
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", text).split())
    line = line.replace(key, "…") if key else line
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
