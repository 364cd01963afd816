"""One small file for each way to keep conversations. `base.py` says what such a file has to hold."""

from __future__ import annotations

import importlib
from pathlib import Path

from benchmarks.backends.base import Backend

OURS, CLONES = "claif-git", "two-clones"
"""The second is no other backend: two clones of one of our stores."""
MODULES = {
    OURS: "ours",
    "llm": "llm_logs",
    "openai": "openai_session",
    "openai-advanced": "openai_advanced",
    "langgraph": "langgraph_saver",
    "jsonl": "jsonl",
    "json-file": "json_file",
    "sqlite": "raw_sqlite",
    "git": "git_commands",
    "dulwich": "plain_dulwich",
}
_HELPERS = {CLONES: "ours_cloned"}


def backend(name: str, folder: Path) -> Backend:
    """Give a backend whose data stand in `folder`. ImportError if what it needs is not installed."""
    module = importlib.import_module(f"benchmarks.backends.{(MODULES | _HELPERS)[name]}")
    made: Backend = module.Adapter(folder)
    return made
