"""How a conversation went: what it was about, how it sounded, who said how much and how fast."""

from __future__ import annotations

from typing import Any

from claif_git.analytics.prose import prose_of, words_of
from claif_git.analytics.sentiment import sentiment
from claif_git.analytics.timing import response_times
from claif_git.analytics.topics import topics
from claif_git.model import MessageRole, Session


def conversation_flow(session: Session) -> dict[str, Any]:
    """Describe how a session went. Offline, deterministic; an empty session gives empty lists.

    topics                list of {term, weight, messages}: words and two-word phrases of the prose, best first, with
                          the indexes of the messages where they come up; system messages are not asked
    sentiment_over_time   list of {index, timestamp, score}, one a message: a datetime, and -1 (bad) to 1 (good)
    turn_lengths          list of {index, role, words, characters}, one a message; words of its prose, characters of
                          its whole text
    response_times        list of {index, seconds}: the assistant's message that began an answer, and the wait for it

    Messages that cannot be read are left out; the others keep their indexes.
    `docs/analytics.md` says what the methods are, and where they are weak.
    """
    numbered = session.readable
    prose = {index: prose_of(message) for index, message in numbered}
    said = {index: prose[index] for index, message in numbered if message.role != MessageRole.SYSTEM}
    waits = response_times([message for _, message in numbered])
    return {
        "topics": topics(said),
        "sentiment_over_time": [
            {"index": index, "timestamp": message.timestamp, "score": sentiment(prose[index])}
            for index, message in numbered
        ],
        "turn_lengths": [
            {
                "index": index,
                "role": str(message.role),
                "words": len(words_of(prose[index])),
                "characters": len(message.text),
            }
            for index, message in numbered
        ],
        "response_times": [{"index": numbered[at][0], "seconds": seconds} for at, seconds in waits],
    }
