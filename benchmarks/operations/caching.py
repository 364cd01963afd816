"""What a long conversation costs: how many of its tokens are sent as cached, told by a server on loopback.

The server (`fixtures/messages_api.py`) counts four bytes as a token and keeps a prompt cache by the API's rules: a
prefix up to a mark, of at least 1,024 tokens, found up to 20 blocks back. Beside ours stands a client that sends the
same messages without a mark, as `llm` and the SDKs do where nobody asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.workload import Conversation
from claif_git import ClaudeClient, SessionManager
from fixtures.messages_api import MessagesServer

_MODEL = "claude-opus-4-8"
_READ, _WRITTEN = 0.1, 1.25
"""Prices of a token read from the cache, and of one written to it, beside that of a plain one: this model's."""
UNMARKED = "without marks"


@dataclass
class _Sent:
    """Tokens of all requests of a conversation."""

    plain: int = 0
    read: int = 0
    written: int = 0

    def add(self, usage: dict[str, int]) -> None:
        self.plain += usage["input_tokens"]
        self.read += usage["cache_read_input_tokens"]
        self.written += usage["cache_creation_input_tokens"]

    @property
    def total(self) -> int:
        return self.plain + self.read + self.written

    @property
    def price(self) -> float:
        """In tokens at the plain price."""
        return self.plain + _READ * self.read + _WRITTEN * self.written


def caching(bench: Bench) -> None:
    """Talk for some hundred turns; branch in the middle, and go on there."""
    bench.say("caching")
    turns = bench.sizes.turns
    with MessagesServer() as api:
        said = Conversation(90, 2 * turns)
        api.answer = lambda request: said.said(len(request["messages"])).text
        with (
            SessionManager(bench.folder("caching", OURS) / "store") as manager,
            ClaudeClient("key", api.url, session_manager=manager) as client,
        ):
            session_id = None
            for at in range(turns):
                _, session_id = client.chat_with_session(said.said(2 * at).text, session_id, model=_MODEL)
            assert session_id is not None
            whole = _counted(api.usages)
            branch = manager.branch_session(session_id, turns)
            client.chat_with_session("And another way?", branch, model=_MODEL)
            forked = _counted(api.usages[turns:])
    for key, sent in ((f"caching/{turns}", whole), ("caching/branch", forked)):
        bench.results.add(f"{key}: input", OURS, [sent.total], "tokens")
        bench.results.add(f"{key}: of these from the cache", OURS, [100 * sent.read / sent.total], "%")
        bench.results.add(f"{key}: priced as", OURS, [sent.price], "tokens")
        bench.results.add(f"{key}: priced as", UNMARKED, [sent.total], "tokens")


def _counted(usages: list[dict[str, int]]) -> _Sent:
    sent = _Sent()
    for usage in usages:
        sent.add(usage)
    return sent
