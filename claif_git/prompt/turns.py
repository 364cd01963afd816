"""Turns: users and assistants in alternation, every call answered at once, a user at both ends."""

from __future__ import annotations

from dataclasses import dataclass

from claif_git.model import Block
from claif_git.prompt.calls import missing_result
from claif_git.prompt.notes import Notes
from claif_git.prompt.said import THINKING, Said, text_block, without_thinking

OPENING = "(The conversation before this point is not shown.)"
CONTINUE = "Continue."


@dataclass
class Turn:
    """One message of the prompt. `fingerprint` is what its thinking claims to be an answer to, or '' for no claim."""

    role: str
    blocks: list[Block]
    fingerprint: str = ""
    index: int = 0


def build_turns(said: list[Said], results: dict[str, Block], notes: Notes) -> list[Turn]:
    """Make turns of what was said; an empty list if nothing was.

    Several messages in a row by one role become one turn. A call's results open the user's turn right after it, a
    missing one supplied as an error. What an assistant says after its calls, before their results, goes behind them.
    """
    builder = _Builder(results, notes)
    for one in said:
        builder.add(one)
    return builder.finish()


class _Builder:
    def __init__(self, results: dict[str, Block], notes: Notes) -> None:
        self._turns: list[Turn] = []
        self._results = results
        self._notes = notes
        self._waiting: list[tuple[str, int]] = []

    def add(self, one: Said) -> None:
        """Go on with what was said next."""
        if one.role == "user":
            if one.blocks or one.answers:
                self._answer()
            self._extend(one, one.blocks)
            return
        calls = [place for place, block in enumerate(one.blocks) if block["type"] == "tool_use"]
        split = calls[-1] + 1 if calls else 0
        before, after = one.blocks[:split], one.blocks[split:]
        if before and without_thinking(after):
            one.whole = False
        self._extend(one, before)
        self._waiting += [(one.blocks[place]["id"], one.index) for place in calls]
        if without_thinking(after):
            self._answer()
            self._extend(one, after)
        if one.answers:
            self._answer()

    def finish(self) -> list[Turn]:
        """Give the turns, a user's at both ends; none if nothing was said."""
        self._answer()
        if not self._turns:
            return []
        if self._turns[0].role != "user":
            self._notes.add("a first user message supplied")
            self._turns.insert(0, Turn("user", [text_block(OPENING)]))
        if self._turns[-1].role != "user":
            self._notes.add(f"a last user message supplied, {CONTINUE!r}: models refuse to continue their own")
            self._turns.append(Turn("user", [text_block(CONTINUE)]))
        return self._turns

    def _answer(self) -> None:
        """Close the calls that wait with their results."""
        if not self._waiting:
            return
        blocks = []
        for call, index in self._waiting:
            if call not in self._results:
                self._notes.add("a missing tool result supplied as an error", index)
            blocks.append(self._results.get(call) or missing_result(call))
        self._turns.append(Turn("user", blocks))
        self._waiting = []

    def _extend(self, one: Said, blocks: list[Block]) -> None:
        """Add blocks to the last turn if it is of the same role, else begin one. Only a turn's beginning may think."""
        joined = bool(self._turns) and self._turns[-1].role == one.role
        spoken = without_thinking(blocks)
        if len(spoken) < len(blocks) and (joined or not one.whole or not one.fingerprint):
            self._notes.add("thinking left out, since what was before it may have changed", one.index)
            blocks = spoken
        if not spoken:
            return
        if joined:
            self._turns[-1].blocks += blocks
        else:
            claim = one.fingerprint if any(block["type"] in THINKING for block in blocks) else ""
            self._turns.append(Turn(one.role, list(blocks), claim, one.index))
