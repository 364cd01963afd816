from __future__ import annotations

from typing import Any

import pytest
from analytics_helpers import said, session_of
from hypothesis import given
from hypothesis import strategies as st

from claif_git.analytics import conversation_flow
from claif_git.analytics.lexicon import stop_lists, valences
from claif_git.analytics.prose import prose_of, words_of
from claif_git.analytics.sentiment import sentiment
from claif_git.analytics.topics import MOST_TOPICS, topics


def terms(*texts: str) -> list[str]:
    return [topic["term"] for topic in topics(dict(enumerate(texts)))]


def prose(text: str) -> str:
    return " ".join(prose_of(said("user", text)).split())


def test_an_empty_session_gives_empty_lists() -> None:
    assert conversation_flow(session_of()) == {
        "topics": [],
        "sentiment_over_time": [],
        "turn_lengths": [],
        "response_times": [],
    }


def test_each_message_has_a_length_and_a_sentiment_at_its_time() -> None:
    first, second = (
        said("user", "This is terrible: `x`"),
        said("assistant", [{"type": "text", "text": "Wonderful."}], 4),
    )
    flow = conversation_flow(session_of(first, second))
    assert [(mood["index"], mood["timestamp"]) for mood in flow["sentiment_over_time"]] == [
        (0, first.timestamp),
        (1, second.timestamp),
    ]
    assert flow["sentiment_over_time"][0]["score"] < 0 < flow["sentiment_over_time"][1]["score"]
    assert flow["turn_lengths"] == [
        {"index": 0, "role": "user", "words": 3, "characters": 21},
        {"index": 1, "role": "assistant", "words": 1, "characters": 10},
    ]
    assert flow["response_times"] == [{"index": 1, "seconds": 4.0}]


def test_what_comes_up_often_and_widely_ranks_first() -> None:
    found = topics({0: "Parsers and parsers.", 3: "The parser again, and a lexer.", 4: "A parser. A scanner."})
    assert found[0] == {"term": "parser", "weight": 1.0, "messages": [0, 3, 4]}
    assert [topic["weight"] for topic in found] == sorted((topic["weight"] for topic in found), reverse=True)


def test_a_phrase_that_comes_up_again_stands_for_its_words() -> None:
    found = terms("The merge conflict is back.", "A merge conflict? Which branch?")
    assert found[0] == "merge conflict"
    assert "merge" not in found
    assert "conflict" not in found


def test_a_word_that_is_said_mostly_alone_stays_beside_its_phrase() -> None:
    assert {"git", "git merge"} <= set(terms("git. git. git merge", "git, git merge", "git!"))


def test_a_stop_word_or_a_full_stop_parts_a_phrase() -> None:
    assert "branch merge" not in terms("branch the merge. branch the merge", "branch. Merge", "branch, merge")


def test_the_system_message_is_no_topic() -> None:
    flow = conversation_flow(session_of(said("system", "Engineer engineer engineer."), said("user", "Tell of whales.")))
    assert [topic["term"] for topic in flow["topics"]] == ["whales"]
    assert flow["topics"][0]["messages"] == [1]


def test_results_of_tools_and_thinking_are_no_prose() -> None:
    content = [
        {"type": "thinking", "thinking": "badgers", "signature": "x"},
        {"type": "tool_use", "id": "a", "name": "otters", "input": {"q": "otters"}},
        {"type": "tool_result", "tool_use_id": "a", "content": "weasels"},
        {"type": "text", "text": "stoats"},
    ]
    assert [topic["term"] for topic in conversation_flow(session_of(said("assistant", content)))["topics"]] == [
        "stoats"
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a\n```python\ncode\n```\nb", "a b"),
        ("a\n~~~\n```\ncode\n~~~\nb", "a b"),
        ("a\n````\n```\ncode\n````\nb", "a b"),
        ("a\n```\nnever closed", "a"),
        ("a\n\n    code\n\n    code\nb", "a b"),
        ("- item\n\n    more of it\nb", "- item more of it b"),
        ("a\n    wrapped", "a wrapped"),
        ("use `x = 1` or ``a ` b`` now", "use or now"),
        ("see https://x.org/a?b and www.y.org or me@z.org.", "see and or"),
        ("[the docs](https://x.org) say", "[the docs] say"),
        ("open /etc/hosts, src/a/b.py, setup.py and read_me or call()", "open and or"),
        ("<b class='x'>bold</b> 3 < 4", "bold 3 < 4"),
        ("and/or stays", "and/or stays"),
        ("An end. A start.", "An end. A start."),
    ],
)
def test_code_addresses_and_names_of_things_are_no_prose(text: str, left: str) -> None:
    assert prose(text) == left


def test_other_languages_lose_their_own_filler_words() -> None:
    german = "Ich habe die Leitung nicht gefunden, und sie ist auch nicht da. Wo ist die Leitung?"
    french = "Je ne sais pas où est la baleine, mais elle est dans la mer avec les autres."
    spanish = "No sé dónde está la ballena, pero creo que está en el mar con las otras ballenas."
    assert terms(german)[0] == "leitung"
    assert {"nicht", "und", "sie"}.isdisjoint(terms(german))
    assert "baleine" in terms(french)
    assert {"elle", "dans"}.isdisjoint(terms(french))
    assert terms(spanish)[0] == "ballena"


def test_scripts_without_spaces_are_read_in_pairs() -> None:
    assert words_of("数据库 很慢 x") == ["数据", "据库", "很慢", "x"]
    assert terms("数据库很慢。数据库")[0] == "数据"
    assert words_of("数") == ["数"]


def test_words_keep_apostrophes_and_endless_ones_are_no_words() -> None:
    assert words_of("don\u2019t well-known 42 " + "x" * 50) == ["don't", "well-known"]


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("It is terrible.", "It is bad."),
        ("It is bad.", "It is."),
        ("It is not good.", "It is."),
        ("It is.", "It is not bad."),
        ("It is.", "It is good."),
        ("It is slightly good.", "It is good."),
        ("It is good.", "It is very good."),
        ("It is good.", "Good, good, excellent!"),
        ("It is very bad.", "It is bad."),
        ("I love it, but it is awful.", "It is awful, but I love it."),
        ("It isn\u2019t helpful.", "It is helpful."),
        ("I never had a good day.", "A good day."),
        ("It failed :(", "It failed."),
        ("Done.", "Done \U0001f44d"),
        ("Disliked", "Loved"),
    ],
)
def test_a_text_sounds_worse_than_another(lower: str, higher: str) -> None:
    assert sentiment(lower) < sentiment(higher)


@pytest.mark.parametrize(
    "text", ["", "   ", "The parser reads a file.", "Der Hund bellt.", "fatal error: process killed", "not"]
)
def test_a_text_without_known_words_is_neutral(text: str) -> None:
    assert sentiment(text) == 0.0


def test_code_has_no_sentiment() -> None:
    flow = conversation_flow(session_of(said("assistant", "```\nterrible awful hate\n```")))
    assert flow["sentiment_over_time"][0]["score"] == 0.0


def test_the_word_lists_are_clean() -> None:
    assert set(stop_lists()) == {"en", "de", "fr", "es"}
    assert all(word == word.lower() for words in stop_lists().values() for word in words)
    assert all(-3 <= value <= 3 and value for value in valences().values())
    assert all(word == word.lower() for word in valences())


_texts = st.text(st.characters(exclude_categories=[]), max_size=60) | st.lists(
    st.sampled_from(
        ["good", "not", "bad", "but", "very", "`x`", "```\n", "\n\n    ", "数据", "a.b", "<i>", "tests", "test", ". "]
    ),
    max_size=20,
).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from(["system", "user", "assistant"]), _texts, st.integers(0, 99)), max_size=6))
def test_any_conversation_has_a_flow_within_bounds(parts: Any) -> None:
    messages = [said(role, text, seconds) for role, text, seconds in parts]
    flow = conversation_flow(session_of(*messages))
    assert flow == conversation_flow(session_of(*messages))
    assert len(flow["sentiment_over_time"]) == len(flow["turn_lengths"]) == len(messages)
    assert all(-1 <= mood["score"] <= 1 for mood in flow["sentiment_over_time"])
    assert all(time["seconds"] >= 0 for time in flow["response_times"])
    assert len(flow["topics"]) <= MOST_TOPICS
    for topic in flow["topics"]:
        assert 0 < topic["weight"] <= 1
        assert topic["messages"] == sorted(set(topic["messages"]))
        assert all(messages[index].role != "system" for index in topic["messages"])


@given(_texts, st.integers(1, 50))
def test_more_of_the_same_does_not_leave_the_scale(text: str, times: int) -> None:
    assert -1 <= sentiment(text * times) <= 1
