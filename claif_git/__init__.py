"""claif-git: conversations with language models, kept in plain git.

    from claif_git import Message, MessageRole, SessionManager

    with SessionManager("talks") as manager:
        session_id = manager.create_session("Code review")
        manager.add_message(session_id, Message(MessageRole.USER, "Can you review this function?"))

Everything listed in `__all__` is public; what it names is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claif_git import errors
    from claif_git.chat import ClaudeClient
    from claif_git.merge.result import MergeResult
    from claif_git.model import Message, MessageRole, Session
    from claif_git.prompt import build_prompt
    from claif_git.session.asynchronous import AsyncSessionManager
    from claif_git.session.manager import SessionManager
    from claif_git.session.remotes import clone

__version__ = "0.1.0"

_HOMES = {
    "AsyncSessionManager": "claif_git.session.asynchronous",
    "ClaudeClient": "claif_git.chat",
    "MergeResult": "claif_git.merge.result",
    "Message": "claif_git.model",
    "MessageRole": "claif_git.model",
    "Session": "claif_git.model",
    "SessionManager": "claif_git.session.manager",
    "build_prompt": "claif_git.prompt",
    "clone": "claif_git.session.remotes",
}

__all__ = [
    "AsyncSessionManager",
    "ClaudeClient",
    "MergeResult",
    "Message",
    "MessageRole",
    "Session",
    "SessionManager",
    "build_prompt",
    "clone",
    "errors",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return importlib.import_module("claif_git.errors")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'claif_git' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
