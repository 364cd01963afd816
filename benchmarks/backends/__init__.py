"""One small file for each way to keep conversations. `base.py` says what such a file has to hold."""

from __future__ import annotations

import importlib

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


def backend(name: str) -> type[Backend]:
    """Give a backend, to be made with the folder of its data. ImportError if what it needs is not installed."""
    module = importlib.import_module(f"benchmarks.backends.{(MODULES | _HELPERS)[name]}")
    found: type[Backend] = module.Adapter
    return found
