"""AsyncSessionManager: the same verbs, awaitable; each runs in a worker thread, so that the loop is never held up."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from claif_git.session.manager import SessionManager


class AsyncSessionManager:
    """SessionManager for asyncio: every method of that class is a coroutine here, with the same arguments.

    async with AsyncSessionManager("talks") as manager:
        session_id = await manager.create_session("Code review")
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Open a store; the arguments are SessionManager's."""
        self._manager = SessionManager(*args, **options)

    @property
    def path(self) -> Path:
        """Where the store is."""
        return self._manager.path

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        verb = getattr(self._manager, name)

        @functools.wraps(verb)
        async def awaitable(*args: Any, **options: Any) -> Any:
            return await asyncio.to_thread(verb, *args, **options)

        return awaitable

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[SessionManager]:
        """Write all turns of the block as one pack.

        A batch belongs to one thread, so the block is given the plain manager to call, and holds up the loop meanwhile.
        """
        with self._manager.batch():
            yield self._manager

    async def close(self) -> None:
        """Close the store."""
        await asyncio.to_thread(self._manager.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
