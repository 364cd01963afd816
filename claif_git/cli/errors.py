"""The one place that turns an exception into a line on stderr, a hint and an exit code."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Sequence

import typer
from typer import TyperException

from claif_git import errors
from claif_git.cli.terminal import Output, one_line

OK, FAILURE, USAGE, NOT_FOUND, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130

# The first that fits decides: the refused stand before the wider classes that they belong to.
_CODES: tuple[tuple[type[BaseException], int], ...] = (
    (errors.MissingKeyError, REFUSED),
    (errors.NotPermittedError, REFUSED),
    (errors.UnsafeAddressError, REFUSED),
    (errors.DivergedError, REFUSED),
    (errors.NotFoundError, NOT_FOUND),
    (errors.AmbiguousIdError, NOT_FOUND),
    (errors.InvalidInputError, USAGE),
    (errors.MessageIndexError, USAGE),
    (FileNotFoundError, NOT_FOUND),
)
_HTTP_REFUSALS = (401, 403)
_SYSTEM_HINTS = {
    errno.EROFS: "what is there is mounted read-only",
    errno.EACCES: "see whose it is, and who may use it: ls -ld",
    errno.EPERM: "see whose it is, and who may use it: ls -ld",
}
_DEBUG_HINT = "CLAIF_GIT_DEBUG=1 shows where it happened"


def report(error: BaseException, out: Output, *, about: str = "", debug: bool = False) -> int:
    """Say in one line what happened, in another what to do, and give the exit code.

    `about` names the one of several things that it happened to; `debug` adds the traceback.
    """
    code = exit_code(error)
    if debug and code != INTERRUPTED:
        out.note("".join(traceback.format_exception(error)).rstrip())
    message, hint = described(error)
    if message:
        out.note(f"error: {one_line(f'{about}: {message}' if about and about not in message else message)}")
    if hint:
        out.note(f"hint: {one_line(hint)}")
    return code


def unread(out: Output, broken: Sequence[errors.MalformedError]) -> None:
    """Name what in a session could not be read, once all that can is shown. typer.Exit if there is anything."""
    for error in broken:
        report(error, out)
    if broken:
        raise typer.Exit(FAILURE)


def exit_code(error: BaseException) -> int:
    """Give 0 ok, 1 failure, 2 usage, 3 not found, 4 refused or no key, 130 interrupted."""
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, TyperException):
        return int(error.exit_code)
    if isinstance(error, errors.ModelError) and error.status in _HTTP_REFUSALS:
        return REFUSED
    return next((code for kind, code in _CODES if isinstance(error, kind)), FAILURE)


def described(error: BaseException) -> tuple[str, str]:
    """Give the message and the hint, either of which may be empty."""
    if isinstance(error, (KeyboardInterrupt, typer.Exit)):
        return "", ""
    if isinstance(error, typer.Abort):
        return "nothing was done", ""
    if isinstance(error, errors.ClaifGitError):
        return str(error), error.hint
    if isinstance(error, TyperException):
        return error.format_message(), _usage_hint(error)
    if isinstance(error, OSError) and error.strerror:
        hint = _SYSTEM_HINTS.get(error.errno or 0, "")
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, hint
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, _DEBUG_HINT


def _usage_hint(error: TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context else ""
