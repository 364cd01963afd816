"""Making many objects without the garbage collector, which would look through them again and again meanwhile."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

AT_ONCE = 256
"""Rows to make them of that are in memory at a time: what holds them is used again, and stays near the processor."""


class _Pause:
    """Whether it was us who switched the collector off."""

    ours = False


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Leave garbage alone within the block, which is to be short. Any number of threads may do so.

    The first to leave switches the collector on again. What an exception from a signal may leave off, the next block
    puts right.
    """
    was_on = gc.isenabled() or _Pause.ours
    try:
        if was_on:
            _Pause.ours = True
            gc.disable()
        yield
    finally:
        if was_on:
            gc.enable()
            _Pause.ours = False


def _in_child() -> None:
    """Go on without the threads that a fork left behind in their blocks."""
    if _Pause.ours:
        gc.enable()
        _Pause.ours = False


os.register_at_fork(after_in_child=_in_child)
