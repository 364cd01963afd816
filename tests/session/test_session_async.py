"""The same manager for asyncio."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support.talks import texts_afresh

from claif_git import AsyncSessionManager, Message, SessionManager
from claif_git.errors import SessionNotFoundError, StoreError


def run(path: Path, work: Callable[[AsyncSessionManager], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        async with AsyncSessionManager(path, author="Ada <ada@example.org>", durability="relaxed") as manager:
            return await asyncio.wait_for(work(manager), 60)

    return asyncio.run(main())


def verbs() -> list[str]:
    found = inspect.getmembers(SessionManager, inspect.isfunction)
    return [name for name, _ in found if not name.startswith("_") and name not in {"batch", "close"}]


def test_every_method_is_a_coroutine_with_the_same_arguments_and_words(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        for name in verbs():
            method = getattr(manager, name)
            assert inspect.iscoroutinefunction(method), name
            assert inspect.signature(method) == inspect.signature(getattr(manager._manager, name)), name
            assert method.__doc__ == getattr(SessionManager, name).__doc__

    assert len(verbs()) > 30
    run(tmp_path / "store", work)


def test_a_conversation_is_had_branched_merged_and_exported(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> str:
        assert manager.path == tmp_path / "store"
        session: str = await manager.create_session("T", "coding")
        await manager.add_message(session, Message("user", "one"))
        branch = await manager.branch_session(session, from_message_index=0)
        await manager.add_message(branch, Message("user", "two"))
        merged = await manager.merge_sessions(session, branch, strategy="chronological")
        assert len((await manager.get_session(merged)).messages) == 3
        assert "one" in await manager.export_session(merged, "markdown")
        assert len(await manager.list_sessions({"template": "coding"})) == 3
        with pytest.raises(SessionNotFoundError):
            await manager.get_session("nothing")
        with pytest.raises(AttributeError):
            manager.no_such_verb  # noqa: B018 - asked for
        with pytest.raises(AttributeError):
            manager._hidden  # noqa: B018 - asked for
        return session

    session = run(tmp_path / "store", work)
    assert texts_afresh(tmp_path / "store", session)[1:] == ["one"]


def test_many_tasks_write_at_once_and_the_loop_goes_on(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        session = await manager.create_session()
        here = threading.get_ident()
        manager._manager.hook = threading.get_ident  # type: ignore[attr-defined]
        assert await manager.hook() != here
        await asyncio.gather(*(manager.add_message(session, Message("user", str(at))) for at in range(20)))
        read = await manager.get_messages(session)
        assert sorted(int(message.text) for message in read) == list(range(20))

    run(tmp_path / "store", work)


def test_a_batch_is_awaited_like_all_else_by_its_own_task_and_by_those_it_starts(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        session = await manager.create_session()
        async with manager.batch() as same:
            assert same is manager
            await manager.add_message(session, Message("user", "0"))
            async with manager.batch():
                await manager.add_message(session, Message("user", "1"))
            await asyncio.gather(*(manager.add_message(session, Message("user", str(at))) for at in range(2, 6)))
            made = await manager.create_session("in a batch")
            await manager.add_message(made, Message("user", "x"))
            assert len(await manager.get_messages(session)) == 6
            with SessionManager(manager.path) as other:
                assert [message.text for message in other.get_messages(session)] != []
        assert sorted(m.text for m in await manager.get_messages(session)) == list("012345")
        assert texts_afresh(manager.path, made) == ["x"]
        assert list((manager.path / "objects/pack").glob("*.pack"))

    run(tmp_path / "store", work)


def test_other_tasks_wait_for_the_end_of_a_batch(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        session = await manager.create_session()
        inside, order = asyncio.Event(), []

        async def other() -> None:
            await inside.wait()
            await manager.add_message(session, Message("user", "other"))
            order.append("other")

        waiting = asyncio.create_task(other())
        async with manager.batch():
            inside.set()
            await asyncio.sleep(0.05)
            await manager.add_message(session, Message("user", "batch"))
            order.append("batch")
        await waiting
        assert order == ["batch", "other"]
        assert [message.text for message in await manager.get_messages(session)] == ["batch", "other"]

    run(tmp_path / "store", work)


def test_an_error_in_a_batch_comes_out_and_leaves_the_manager_usable(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        session = await manager.create_session()

        async def failing() -> None:
            async with manager.batch():
                await manager.add_message(session, Message("user", "0"))
                raise KeyError

        with pytest.raises(KeyError):
            await failing()
        await manager.add_message(session, Message("user", "1"))
        assert [message.text for message in await manager.get_messages(session)] == ["0", "1"]

    run(tmp_path / "store", work)


def test_who_is_cancelled_while_waiting_for_a_batch_blocks_nobody(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        session = await manager.create_session()
        reached = []

        async def second() -> None:
            async with manager.batch():
                reached.append("inside")

        async with manager.batch():
            waiting = asyncio.get_running_loop().create_task(second(), context=contextvars.Context())
            await asyncio.sleep(0.05)
            waiting.cancel()
            await asyncio.sleep(0)
            await manager.add_message(session, Message("user", "0"))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await manager.add_message(session, Message("user", "1"))
        assert reached == []
        assert len(await manager.get_messages(session)) == 2

    run(tmp_path / "store", work)


def test_a_closed_manager_says_so(tmp_path: Path) -> None:
    async def work(manager: AsyncSessionManager) -> None:
        await manager.close()
        with pytest.raises(StoreError):
            await manager.list_sessions()
        with pytest.raises(StoreError):
            async with manager.batch():
                pass

    run(tmp_path / "store", work)
