"""Who waited for whom, and how long."""

from __future__ import annotations

from collections.abc import Sequence

from claif_git.model import Message, MessageRole


def is_persons(message: Message) -> bool:
    """Tell whether a person said it: a user's message that holds more than the results of tools."""
    if message.role != MessageRole.USER:
        return False
    return isinstance(message.content, str) or any(block.get("type") != "tool_result" for block in message.content)


def response_times(messages: Sequence[Message]) -> list[tuple[int, float]]:
    """Give, for each answer, the index of its message and the seconds since the person's message it answers.

    An answer is an assistant's first message after a person's; what follows, up to the next person's message, is the
    same answer going on. Where a person wrote several messages in a row, the last one counts. An answer that is dated
    before its question, as a merge or clocks can have it, has no response time.
    """
    times: list[tuple[int, float]] = []
    asked: Message | None = None
    for index, message in enumerate(messages):
        if is_persons(message):
            asked = message
        elif message.role == MessageRole.ASSISTANT and asked is not None:
            seconds = (message.timestamp - asked.timestamp).total_seconds()
            if seconds >= 0:
                times.append((index, seconds))
            asked = None
    return times
