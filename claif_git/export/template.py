"""Export templates: Jinja, rendered in a process of its own that can see, take and keep as little as possible.

A template may come from anybody. Jinja's sandbox keeps it away from Python's objects but not from the machine's time
and memory (`{{ 'a' * 10**9 }}`), so it gets plain data, a fresh interpreter without our environment, files or paths,
and limits that the kernel and a clock keep.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model import Message, Session, iso

_CHILD = Path(__file__).with_name("render_child.py")
OUT_OF_MEMORY = 3
"""The exit status by which the child says so: it has no memory left for words."""
_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What one rendering may take: seconds of waiting, seconds of CPU, bytes of memory, characters of output."""

    seconds: float = 10.0
    cpu_seconds: int = 10
    memory: int = 512 * _MEBIBYTE
    output: int = 64 * _MEBIBYTE
    source: int = _MEBIBYTE


DEFAULT_LIMITS = Limits()


def check_template(source: str, *, limits: Limits = DEFAULT_LIMITS) -> None:
    """See whether a template is one, without running it. InvalidInputError names the line where it is not."""
    _ask({"verb": "check", "source": source}, limits)


def render_template(source: str, session: Session, *, limits: Limits = DEFAULT_LIMITS) -> str:
    """Render a template over a session. InvalidInputError where it fails, with its line, or breaks a limit."""
    return _ask({"verb": "render", "source": source, "session": template_data(session)}, limits)


def template_data(session: Session) -> dict[str, Any]:
    """Give what a template sees as `session`: dicts, lists, text, numbers and booleans only."""
    return {
        "id": session.id,
        "title": session.title,
        "template": session.template,
        "created_at": iso(session.created_at),
        "updated_at": iso(session.updated_at),
        "metadata": session.metadata,
        "parameters": session.parameters,
        "messages": [_message(index, message) for index, message in session.readable],
    }


def _message(index: int, message: Message) -> dict[str, Any]:
    """`content` is all of it as markdown, `text` only what was said, `blocks` the content as the API has it."""
    if isinstance(message.content, str):
        content, blocks = message.content, [{"type": "text", "text": message.content}]
    else:
        from claif_git.export.markdown import body

        content, blocks = body(message.content), message.content
    return {
        "index": index,
        "role": str(message.role),
        "content": content,
        "text": message.text,
        "blocks": blocks,
        "timestamp": iso(message.timestamp),
        "metadata": message.metadata,
        "tokens": message.tokens,
        "model": message.model,
        "id": message.id,
    }


def _ask(request: Mapping[str, Any], limits: Limits) -> str:
    if len(request["source"]) > limits.source:
        raise InvalidInputError(f"the template is larger than {limits.source:,} characters")
    sent = json.dumps(request).encode()
    command = [sys.executable, "-I", "-S", "-B", str(_CHILD), json.dumps(asdict(limits)), *_folders()]
    try:
        done = subprocess.run(
            command, input=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}, cwd="/",
            timeout=limits.seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise InvalidInputError(f"the template was stopped after {limits.seconds:g} s") from None
    if done.returncode != 0:
        raise InvalidInputError(_death(done.returncode, limits))
    answer = json.loads(done.stdout)
    if "error" in answer:
        raise InvalidInputError(f"the template does not work: {answer['error']}")
    return str(answer["text"])


def _folders() -> list[str]:
    """Give the folders from which the child may import: those that hold Jinja and what it needs."""
    origins = (spec.origin for name in ("jinja2", "markupsafe") if (spec := find_spec(name)) is not None)
    return sorted({str(Path(origin).parent.parent.absolute()) for origin in origins if origin})


def _death(returncode: int, limits: Limits) -> str:
    if returncode == -getattr(signal, "SIGXCPU", 0):
        return f"the template was stopped after {limits.cpu_seconds} s of computing"
    if returncode == OUT_OF_MEMORY:
        return f"the template wanted more than {limits.memory // _MEBIBYTE} MiB of memory"
    return f"the process that renders templates died ({returncode})"
