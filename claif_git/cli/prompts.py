"""What a person says to a model: words, stdin and files put together."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from claif_git.model import Block, Content

_TITLE = 60


def said(words: str | None, files: Sequence[Path] | None, *, retry: bool) -> Content | None:
    """Give what is asked: what stands on stdin, then the words, after the files' blocks. None for a retry.

    `typer.BadParameter` where nothing is said, or something beside --retry.
    """
    if retry:
        if words is not None or files:
            raise typer.BadParameter(
                "it sends what was said last once more, and takes no prompt.", param_hint="--retry"
            )
        return None
    text = "\n\n".join(part for part in _parts(words) if part)
    if not text.strip():
        raise typer.BadParameter("say something, or pipe it in.", param_hint="PROMPT")
    if not files:
        return text
    from claif_git.chat import attach

    return [*attach(list(files)), {"type": "text", "text": text}]


def _parts(words: str | None) -> list[str]:
    if words == "-":
        return [_stdin()]
    piped = _stdin() if _is_piped() else ""
    return [piped, words or ""]


def _is_piped() -> bool:
    """Whether somebody sent something to stdin: a pipe, a file or a socket; /dev/null and terminals are neither."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):  # closed, or none at all
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _stdin() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"stdin is not UTF-8 text: {error}", param_hint="PROMPT") from None


def title_of(content: Content) -> str:
    """Make a title of what was said: the first line that is not blank, shortened."""
    texts: list[Block] = [{"text": content}] if isinstance(content, str) else content
    text = "\n".join(str(block["text"]) for block in texts[-1:] if "text" in block)
    line = next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE else f"{line[: _TITLE - 1].rstrip()}…"
