"""A store to talk in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from claif_git import SessionManager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened
