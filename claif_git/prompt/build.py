"""A prompt from a session, whatever was branched, merged, trimmed or cut off in it."""

from __future__ import annotations

from claif_git.errors import InvalidInputError
from claif_git.model import Block, Session, plain
from claif_git.prompt.calls import match_calls
from claif_git.prompt.notes import Notes
from claif_git.prompt.request import Prompt
from claif_git.prompt.said import clean, on_the_wire
from claif_git.prompt.thinking import FINGERPRINT, settle_thinking
from claif_git.prompt.turns import Turn, build_turns

MAX_MESSAGES = 100_000
"""The API takes no more in one request."""

_TOOL = "A tool that was used earlier in this conversation. It cannot be called now."


def build_prompt(session: Session, *, cache: bool = True, thinking: bool = True) -> Prompt:
    """Build a request that the Messages API takes, and say what was left out or supplied. Pure.

    cache     mark what will not change for prompt caching: tools and system, the end of the last request, the
              answer to it, and the newest turn
    thinking  send signed thinking back where it still answers what stands before it

    Messages that are added to a session change nothing before them in its prompt but three things: a result supplied
    for a call that gets its own, the last user message supplied, and what a system message or a new tool adds to the
    top. InvalidInputError if nothing in the session can be sent.
    """
    notes = Notes()
    said = [clean(index, message, notes) for index, message in enumerate(session.messages)]
    for one, message in zip(said, session.messages, strict=True):
        claim = message.metadata.get(FINGERPRINT)
        one.fingerprint = claim if thinking and isinstance(claim, str) else ""
    system = [block for one in said if one.role == "system" for block in one.blocks]
    spoken = [one for one in said if one.role != "system"]
    turns = _within_limit(build_turns(spoken, match_calls(spoken, notes), notes), notes)
    if not turns:
        raise InvalidInputError("there is nothing to send: the session has no message with content")
    tools = _tools(turns)
    settle_thinking(turns, tools, system, notes)
    if cache:
        _mark(turns, tools, system)
    messages = [{"role": turn.role, "content": turn.blocks} for turn in turns]
    parameters = on_the_wire(plain(session.parameters, "parameters"))
    return Prompt(system, messages, parameters, notes.lines(), tools)


def _within_limit(turns: list[Turn], notes: Notes) -> list[Turn]:
    """Leave out the oldest turns past the limit, up to a user's turn that answers no call."""
    if len(turns) <= MAX_MESSAGES:
        return turns
    start = len(turns) - MAX_MESSAGES
    while start < len(turns) and (turns[start].role != "user" or turns[start].blocks[0]["type"] == "tool_result"):
        start += 1
    notes.add(f"the oldest {start} messages left out: a request holds {MAX_MESSAGES}")
    return turns[start:]


def _tools(turns: list[Turn]) -> list[Block]:
    """Define the tools that were used, in the order of their first use: history with calls is refused without."""
    calls = (block for turn in turns for block in turn.blocks if block["type"] == "tool_use")
    names = dict.fromkeys(block["name"] for block in calls)
    return [{"name": name, "description": _TOOL, "input_schema": {"type": "object"}} for name in names]


def _mark(turns: list[Turn], tools: list[Block], system: list[Block]) -> None:
    """Mark at most four places, each at the end of something that stays.

    The end of the user's turn before the last answer is where the request before this one ended, so that all up to
    there is in the cache already; the answer's end is where branches part.
    """
    for blocks in [system or tools, *(turn.blocks for turn in turns[-3:])]:
        if blocks:
            blocks[-1] = {**blocks[-1], "cache_control": {"type": "ephemeral"}}
