"""What is searched and what is asked: any text is a query, and a snippet says where it matched."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claif_git.index import schema
from claif_git.index.text import END, LONGEST_QUERY, START, expression, kept, snippet


@pytest.fixture(scope="module")
def table() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.create(connection)
    yield connection
    connection.close()


def matches(table: sqlite3.Connection, text: str, query: str) -> bool:
    asked = expression(query)
    if not asked:
        return False
    table.execute("DELETE FROM titles")
    table.execute("INSERT INTO titles(title) VALUES(?)", (kept(text),))
    return table.execute("SELECT 1 FROM titles WHERE titles MATCH ?", (asked,)).fetchone() is not None


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Hello World", "world hello"),
        ("a tale of two cities", '"two cities"'),
        ("configuration", "config*"),
        ("a configuration file", '"configuration fi"*'),
        ("unbalanced quotes", '"unbalanced quotes'),
        ("naïve CAFÉ", "NAIVE café"),
        ("nai\u0308ve", "naïve"),
        ("call foo.bar(x) in snake_case", "foo.bar snake_case"),
        ("ПРИВЕТ мир", "привет"),
        ("日本語のテスト", "本語"),
        ("日本語のテスト", "日本*"),
        ("用Python写代码", "python 代码"),
        ("한국어 대화를 하자", "대화"),
        ("สวัสดีครับ", "สวัส"),
        ("deploy ✅ done", "✅"),
        ("done✅deploy", "deploy"),
        ("👩\u200d💻 at work", "👩\u200d💻"),
        ("├──README.md 20°C", "readme c"),
        ("nul\x00in\x02the\x03text", "in text"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("AND OR NOT NEAR", "NOT AND"),
        ("title: x", "title:x"),
        ("c* is a star", '"c*"'),
        ("→ hello", "→ hello"),
    ],
)
def test_text_is_found(table: sqlite3.Connection, text: str, query: str) -> None:
    assert matches(table, text, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("hello", "hello world"),
        ("two big cities", '"two cities"'),
        ("configuration", "config"),
        ("日語本", "日本"),
        ("anything", ""),
        ("anything", " \n\t"),
        ("anything", '"'),
        ("anything", '""'),
        ("anything", "*"),
        ("anything", "()[]{}^~:;,.!?-+/\\"),
        ("anything", "\x00"),
    ],
)
def test_text_is_not_found(table: sqlite3.Connection, text: str, query: str) -> None:
    assert not matches(table, text, query)


words = st.sampled_from([*'"*-^:é日🎉a {', "AND", "NEAR(", "'", "\x00", "\ud800"])


@given(st.text(max_size=60) | st.lists(words, max_size=20).map("".join), st.text(max_size=60))
@example('"' * 50, "x")
@settings(max_examples=300)
def test_any_text_is_a_query(table: sqlite3.Connection, query: str, text: str) -> None:
    matches(table, text, query)


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20))
def test_what_holds_letters_finds_itself(table: sqlite3.Connection, word: str) -> None:
    assert matches(table, f"before {word} after", word) or not matches(table, word, word)


def test_a_long_query_is_cut(table: sqlite3.Connection) -> None:
    assert matches(table, "word", "word " * 5000 + "other")
    assert len(expression("a" * 100_000)) == LONGEST_QUERY + 2
    assert not matches(table, "x", ".".join(["a"] * 1000))


def test_a_snippet_says_where_it_matched() -> None:
    made = snippet(f"a {START}cat{END}\n and {START}two{END} {START}dogs{END} {START}日{END}\x01{START}本{END}")
    assert made == "a cat and two dogs 日本"
    assert [made[start:end] for start, end in made.spans] == ["cat", "two dogs 日本"]
    assert snippet("plain").spans == ()
