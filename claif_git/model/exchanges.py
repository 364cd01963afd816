"""Exchanges: what a person says, and all that is said and done until the same person, or another, speaks again."""

from __future__ import annotations

from claif_git.model.message import Message, MessageRole


def starts_exchange(message: Message) -> bool:
    """Tell a person's turn from a tool's result, which comes back under the user's role."""
    if message.role is not MessageRole.USER:
        return False
    blocks = message.content if isinstance(message.content, list) else []
    return not blocks or any(block.get("type") != "tool_result" for block in blocks)
