"""The three streams that every program has, for one that was started with some of them closed (`>&-`)."""

from __future__ import annotations

import os
import sys


def fill_in() -> None:
    """Put something in the place of each closed stream.

    Reading finds nothing, writing to stdout fails as on a full disk, and notes go nowhere. It is also what keeps a
    file of the store from being opened under a number that everybody prints to.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")  # which takes no writing
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
