"""openai-agents: AdvancedSQLiteSession, which knows turns and branches."""

from __future__ import annotations

import os
from typing import Any

from agents.extensions.memory.advanced_sqlite_session import AdvancedSQLiteSession

from benchmarks.backends import openai_session
from benchmarks.workload import Conversation


class Adapter(openai_session.Adapter):
    def make(self, key: str) -> Any:
        return AdvancedSQLiteSession(session_id=key, db_path=self.path, create_tables=True)

    def branch(self, talk: Conversation, index: int) -> None:
        """Branch from a user's turn: it knows no other place."""
        session = self.session(talk)
        self.loop.run_until_complete(session.create_branch_from_turn(index // 2 + 1, os.urandom(6).hex()))
        self.loop.run_until_complete(session.switch_to_branch("main"))
