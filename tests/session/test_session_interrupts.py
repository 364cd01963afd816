"""A Ctrl-C may come at any moment of a turn: whatever it kept from being freed is free once the next one begins."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from claif_git import Message, SessionManager
from claif_git.git import lockfiles, locks

_FILES = {lockfiles.__file__, locks.__file__}


class Interrupter:
    """Interrupts at one step of what takes and frees locks: where a function begins, or has given something back."""

    def __init__(self, step: int) -> None:
        self.left = step

    def run(self, act: Callable[[], object]) -> None:
        sys.setprofile(self._look)
        try:
            act()
        except KeyboardInterrupt:
            pass
        finally:
            sys.setprofile(None)

    def _look(self, frame: FrameType, event: str, _: Any) -> None:
        if frame.f_code.co_name == "__del__":
            return  # whom Python calls, and keeps the interrupt for itself
        if event in {"call", "return", "c_return"} and frame.f_code.co_filename in _FILES:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt


def test_an_interrupt_at_any_step_of_a_turn_leaves_no_lock(tmp_path: Path) -> None:
    one = SessionManager(tmp_path / "store", durability="relaxed")
    two = SessionManager(tmp_path / "store", durability="relaxed")
    session, step = one.create_session("Talk"), 0
    while True:
        step += 1
        interrupter = Interrupter(step)
        interrupter.run(lambda: one.add_message(session, Message("user", f"interrupted at {step}")))  # noqa: B023
        if interrupter.left > 0:
            break
        one.add_message(session, Message("assistant", f"after {step}"))
        two.add_message(session, Message("assistant", f"elsewhere after {step}"))
        with one._working.repo.exclusive(timeout=1.0):
            assert not list((tmp_path / "store/refs").rglob("*.lock"))
    assert step > 30
    said = [message.text for message in two.get_session(session).messages]
    assert [text for text in said if text.startswith("after")] == [f"after {at}" for at in range(1, step)]
    one.close()
    two.close()
