from __future__ import annotations

import pytest
from support.memory_sessions import MemorySessions
from support.messages_api import KEY, MessagesApi

from claif_git.chat import ClaudeClient


@pytest.fixture
def api():
    with MessagesApi() as server:
        server.keys = {KEY}
        yield server


@pytest.fixture
def sessions():
    return MemorySessions()


@pytest.fixture
def client(api, sessions):
    with ClaudeClient(KEY, api.url, session_manager=sessions) as made:
        yield made
