"""Sessions in memory, with the verbs of a SessionManager that a turn needs."""

from __future__ import annotations

import copy
import itertools

from claif_git.errors import SessionNotFoundError
from claif_git.model import Message, Session, now


class MemorySessions:
    def __init__(self):
        self._sessions: dict[str, Session] = {}
        self._numbers = itertools.count()

    def create_session(self, *, title=None, parameters=None) -> str:
        session_id, moment = f"session-{next(self._numbers)}", now()
        self._sessions[session_id] = Session(session_id, moment, moment, title=title, parameters=parameters or {})
        return session_id

    def get_session(self, session_id) -> Session:
        found = [session for name, session in self._sessions.items() if name.startswith(session_id)]
        if not found:
            raise SessionNotFoundError(session_id)
        snapshot = copy.copy(found[0])
        snapshot.messages = found[0].messages
        return snapshot

    def add_message(self, session_id, message: Message) -> Message:
        stored = copy.deepcopy(message)
        self._sessions[session_id].messages = [*self._sessions[session_id].messages, stored]
        return stored

    def leave_out(self, session_id, messages) -> None:
        held = self._sessions[session_id].messages
        self._sessions[session_id].messages = [one for one in held if not any(one is gone for gone in messages)]
