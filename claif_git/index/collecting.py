"""Making many objects without the garbage collector, which would look through them again and again meanwhile."""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections.abc import Iterator

AT_ONCE = 256
"""Rows to make them of that are in memory at a time: what holds them is used again, and stays near the processor."""


class _Pause:
    """How many threads are making many objects, and whether the collector is to run once none is."""

    def __init__(self) -> None:
        self.guard, self.inside, self.was_on = threading.Lock(), 0, False


_pause = _Pause()


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Leave garbage alone within the block, which is to be short. Any number of threads may do so."""
    with _pause.guard:
        if _pause.inside == 0:
            _pause.was_on = gc.isenabled()
            gc.disable()
        _pause.inside += 1
    try:
        yield
    finally:
        with _pause.guard:
            _pause.inside -= 1
            if _pause.inside == 0 and _pause.was_on:
                gc.enable()


def _in_child() -> None:
    """Go on without the threads that a fork left behind in their blocks."""
    if _pause.inside and _pause.was_on:
        gc.enable()
    _pause.__init__()  # type: ignore[misc]


os.register_at_fork(after_in_child=_in_child)
