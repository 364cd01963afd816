"""Which thinking may be sent back: only what was thought about this very prompt.

A signature binds thinking to all that stood before it, and some models refuse a request in which that has changed. A
session is branched, merged, trimmed and edited, so whoever stores an answer that holds thinking stores with it, in the
message's metadata under FINGERPRINT, the fingerprint of the prompt it answers. It is compared with what stands before
the answer now; thinking without a fingerprint, or with another, is left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from claif_git.model import Block
from claif_git.prompt.notes import Notes
from claif_git.prompt.said import without_thinking
from claif_git.prompt.turns import Turn

FINGERPRINT = "prompt_fingerprint"
_DIGITS = 32


class Prefix:
    """A running fingerprint of a prompt: tools, system, then one message after another; cache marks do not count."""

    def __init__(self, tools: list[Block], system: list[Block]) -> None:
        self._hash = hashlib.sha256()
        self._feed(tools)
        self._feed(system)

    def add(self, role: str, blocks: Iterable[Block]) -> None:
        """Go on by one message."""
        self._hash.update(role.encode())
        self._feed(blocks)

    def fingerprint(self) -> str:
        """Give the fingerprint up to here."""
        return self._hash.hexdigest()[:_DIGITS]

    def _feed(self, blocks: Iterable[Block]) -> None:
        bare = [{key: item for key, item in block.items() if key != "cache_control"} for block in blocks]
        self._hash.update(json.dumps(bare, sort_keys=True).encode())


def settle_thinking(turns: list[Turn], tools: list[Block], system: list[Block], notes: Notes) -> None:
    """Take out thinking that answers another prompt than the one before it. A turn never becomes empty by this."""
    if not any(turn.fingerprint for turn in turns):
        return
    prefix = Prefix(tools, system)
    for turn in turns:
        if turn.fingerprint and turn.fingerprint != prefix.fingerprint():
            notes.add("thinking left out, since what was before it may have changed", turn.index)
            turn.blocks = without_thinking(turn.blocks)
        prefix.add(turn.role, turn.blocks)
