"""One manager and many threads; several managers of one store."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import Message, SessionManager


def together(*works: Callable[[], Any]) -> list[Any]:
    """Run works in a thread each, started at once; give what they gave, or raise what one raised."""
    barrier = threading.Barrier(len(works))

    def started(work: Callable[[], Any]) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(started, works))


def test_threads_that_write_to_the_same_and_to_other_sessions_lose_nothing(manager: SessionManager) -> None:
    sessions = [talk(manager, "start") for _ in range(3)]

    def writer(name: str) -> Callable[[], None]:
        def work() -> None:
            dice = random.Random(name)
            for at in range(12):
                session = dice.choice(sessions)
                manager.add_message(session, Message("user", f"{name} {at}"))
                manager.update_metadata(session, {name: at})
                texts(manager, session)
                if at % 5 == 0:
                    manager.update_session_messages(session, manager.get_session(session).messages)
                    manager.list_sessions()

        return work

    together(*(writer(name) for name in "abcdef"))
    said = [text for session in sessions for text in texts_afresh(manager.path, session) if text != "start"]
    assert sorted(said) == sorted(f"{name} {at}" for name in "abcdef" for at in range(12))
    for name in "abcdef":
        own = [int(text[2:]) for session in sessions for text in texts(manager, session) if text.startswith(name + " ")]
        assert sorted(own) == list(range(12))
    git(manager.path, "fsck", "--strict")


def test_a_batch_in_one_thread_and_turns_in_others(manager: SessionManager) -> None:
    session = talk(manager, "start")

    def batched() -> None:
        for _ in range(4):
            with manager.batch():
                for _ in range(10):
                    say(manager, session, "batch")

    def single() -> None:
        for _ in range(10):
            say(manager, session, "single")
            assert texts(manager, session)

    together(batched, single, single)
    shown = texts_afresh(manager.path, session)
    assert (shown.count("batch"), shown.count("single")) == (40, 20)
    git(manager.path, "fsck", "--strict")


def test_sessions_read_in_one_thread_while_another_batches_the_same_words(manager: SessionManager) -> None:
    """What a reader wants may stand in the pack that is being written."""
    sessions = [talk(manager, "start", title="The same title") for _ in range(4)]

    def batched() -> None:
        for _ in range(5):
            with manager.batch():
                for _ in range(20):
                    manager.create_session("The same title", "coding", {"the same": "key"})

    def reading() -> None:
        for _ in range(60):
            read = [manager.get_session(session) for session in sessions]
            assert {session.title for session in read} == {"The same title"}
            assert all(len(session.messages) == 1 for session in read)

    held = [manager.get_session(session) for session in sessions]

    def lazily() -> None:
        for _ in range(200):
            for session in held:
                session._read = None
                assert len(session.messages) == 1

    together(batched, reading, lazily)
    assert len(manager.list_sessions()) == 104
    git(manager.path, "fsck", "--strict")


def test_branches_and_merges_in_many_threads(manager: SessionManager) -> None:
    session = talk(manager, *"0123")

    def work(name: str) -> Callable[[], None]:
        def act() -> None:
            for at in range(3):
                branch = manager.branch_session(session, at)
                say(manager, branch, f"{name}{at}")
                manager.merge_sessions(session, branch, into_primary=True)

        return act

    together(*(work(name) for name in "abcd"))
    shown = texts_afresh(manager.path, session)
    assert sorted(shown) == sorted([*"0123", *(f"{name}{at}" for name in "abcd" for at in range(3))])
    git(manager.path, "fsck", "--strict")


def test_managers_of_one_store_see_each_others_turns_at_once(manager: SessionManager, tmp_path: Path) -> None:
    session = talk(manager, "0")
    with SessionManager(manager.path) as one, SessionManager(tmp_path / "store") as other:
        for at in range(5):
            say(one, session, f"one {at}")
            assert texts(other, session)[-1] == f"one {at}"
            other.update_title(session, f"title {at}")
            assert one.get_session(session).title == f"title {at}"
            say(other, session, f"other {at}")
            assert texts(one, session)[-1] == f"other {at}"
        made = other.create_session("New")
        assert made in {found.id for found in one.list_sessions()}
        one.delete_session(made)
        assert made not in {found.id for found in other.list_sessions()}


def test_one_who_writes_alone_stays_in_one_run_and_two_who_alternate_do_not_mix(manager: SessionManager) -> None:
    session = talk(manager, "0", "1", "2")
    copy = manager.path.parent / "copy"
    git(manager.path, "clone", "-q", "--bare", str(manager.path), str(copy))
    runs = {message.origin.path.split("/")[0] for message in manager.get_messages(session) if message.origin}
    assert len(runs) == 1
    with SessionManager(copy) as other:
        say(other, session, "3")
        assert {m.origin.path.split("/")[0] for m in other.get_messages(session) if m.origin} > runs


def test_index_positions_stay_while_others_append(manager: SessionManager) -> None:
    session = talk(manager, *(str(at) for at in range(10)))
    stop = threading.Event()

    def appending() -> None:
        while not stop.is_set():
            say(manager, session, "more")

    def indexing() -> None:
        for at in range(10):
            manager.update_message_metadata(session, at, {"at": at})
        stop.set()

    together(appending, indexing)
    assert [message.metadata for message in manager.get_messages(session)[:10]] == [{"at": at} for at in range(10)]
