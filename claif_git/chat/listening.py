"""Listening to an answer to its end."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from claif_git.chat.answers import Answer, Event
from claif_git.errors import ModelError

Events = Generator[Event, None, None]
"""The events of one answer. Closing it drops the connection."""


def take_in(events: Events, answer: Answer) -> Generator[str, None, None]:
    """Feed events into `answer`, and give the pieces of text that they add. ModelError if it stops short."""
    with closing(events):
        for event in events:
            try:
                text = answer.add(event)
            except ValueError as error:
                raise ModelError(f"no answer of the Messages API: {error}", hint="check ANTHROPIC_BASE_URL") from error
            if text:
                yield text
    if not answer.ended:
        raise ModelError("the answer broke off before its end", hint="check the network, and ANTHROPIC_BASE_URL")
