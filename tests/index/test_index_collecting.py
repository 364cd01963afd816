"""The garbage collector rests while many objects are made, and is as it was afterwards."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import pytest

from claif_git.index.collecting import uncollected


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_it_rests_within_the_block_and_not_after_it_whatever_happened() -> None:
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled()


def test_where_somebody_switched_it_off_it_stays_off() -> None:
    gc.disable()
    with uncollected():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_it_works_again_once_all_threads_are_done() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with uncollected():
            inside.set()
            leave.wait()

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait()
    with uncollected():
        assert not gc.isenabled()
        leave.set()
        thread.join()
    assert gc.isenabled()


def test_what_a_signal_left_off_the_next_block_puts_right() -> None:
    entered = uncollected()
    entered.__enter__()  # and nobody leaves: an exception came before the block began
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
    del entered


def test_a_child_that_is_forked_meanwhile_collects_its_garbage() -> None:
    with uncollected():
        child = os.fork()
        if child == 0:
            works = gc.isenabled()
            with uncollected():
                works = works and not gc.isenabled()
            os._exit(0 if works and gc.isenabled() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not gc.isenabled()
