"""AsyncSessionManager: the same verbs, awaitable; each runs in a worker thread, so that the loop is never held up."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Self

from claif_git.session.manager import SessionManager

_batches: ContextVar[dict[int, Executor]] = ContextVar("claif_git_batches")
"""The threads of the batches that this task is in, by manager: a batch belongs to one thread."""


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
            return await self._call(functools.partial(verb, *args, **options))

        return awaitable

    async def _call(self, call: Callable[[], Any]) -> Any:
        thread = _batches.get({}).get(id(self))
        if thread is None:
            return await asyncio.to_thread(call)
        return await asyncio.get_running_loop().run_in_executor(thread, call)

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[Self]:
        """Write all turns of the block as one pack.

        What this task, and tasks that it starts in the block, ask of the manager runs in the batch's own thread, one
        call after another; other tasks wait for the end of the block.
        """
        if id(self) in _batches.get({}):
            yield self
            return
        thread = ThreadPoolExecutor(1, "claif-git-batch")
        batch, loop = self._manager.batch(), asyncio.get_running_loop()
        try:
            # Shielded: who is cancelled while others are at it still comes in at last, and has to go out again.
            await asyncio.shield(loop.run_in_executor(thread, batch.__enter__))
            token = _batches.set({**_batches.get({}), id(self): thread})
            try:
                yield self
            finally:
                _batches.reset(token)
        finally:
            leaving = loop.run_in_executor(thread, batch.__exit__, None, None, None)
            thread.shutdown(wait=False)
            await asyncio.shield(leaving)

    async def close(self) -> None:
        """Close the store."""
        await asyncio.to_thread(self._manager.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
