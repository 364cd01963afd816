"""Talking to a model: one turn of a session, and a client in the shape that chat libraries share."""

from claif_git.chat.attach import attach
from claif_git.chat.client import ClaudeClient
from claif_git.chat.turn import Turn, take_turn

__all__ = ["ClaudeClient", "Turn", "attach", "take_turn"]
