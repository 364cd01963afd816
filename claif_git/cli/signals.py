"""A closed terminal and a plain `kill` end a command as Ctrl-C does: what was heard so far is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_ENDINGS = ("SIGTERM", "SIGHUP")


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Raise KeyboardInterrupt for these signals inside the block, unless somebody has a use of their own for them."""
    kept = []
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _ENDINGS if hasattr(signal, name)):
            if signal.getsignal(number) is signal.SIG_DFL:
                kept.append(number)
                signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in kept:
            signal.signal(number, signal.SIG_DFL)
