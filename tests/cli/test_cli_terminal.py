"""Nothing that a message says reaches the terminal as a command, and nothing hides."""

from __future__ import annotations

import json
import unicodedata

import pytest
from cli_fakes import Fake, claif, session_of
from hypothesis import example, given
from hypothesis import strategies as st

from claif_git.cli import environment
from claif_git.cli.terminal import Escaper, Output, escape, json_text, one_line, tabbed

ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("\r\n\t\x1b\x9b\u200d\u200c\ufe0f\u202e❤👨a"))


def hides(text: str) -> list[str]:
    """Give the characters that a terminal obeys, or that show nothing."""
    bidi = ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
    return [
        char
        for char in text
        if (char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"})
        or unicodedata.bidirectional(char) in bidi
        or char in "\u200b\u2060\ufeff\u00ad"
    ]


@given(ANY_TEXT)
@example("\x1b]0;title\x07\x9b31m\x7f\u202eevil\u2066\ud800")
def test_escaped_text_holds_nothing_that_a_terminal_obeys_or_hides(text: str) -> None:
    assert hides(escape(text)) == []


@given(ANY_TEXT)
def test_what_is_plain_stays_as_it_is(text: str) -> None:
    plain = "".join(char for char in text if char.isalnum() or char in " \n\t.,-#")
    assert escape(plain) == plain or any(0x115F <= ord(char) <= 0xFFA0 for char in plain)


@given(st.lists(ANY_TEXT | st.integers(), max_size=4))
def test_cells_of_a_row_are_shown_as_each_is_alone(cells: list[object]) -> None:
    assert tabbed(cells) == "\t".join(map(one_line, cells))


@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    assert not set(one_line(text)) & set("\n\t\r")


@given(st.lists(ANY_TEXT, max_size=6))
@example(["a\r", "\nb"])
@example(["👨\u200d", "👩", "\u200d👧"])
def test_a_text_in_pieces_is_escaped_like_the_whole(pieces: list[str]) -> None:
    escaper = Escaper()
    shown = "".join(map(escaper.feed, pieces)) + escaper.close()
    assert shown == escape("".join(pieces))


@pytest.mark.parametrize(
    "text", ["👨\u200d👩\u200d👧", "❤\ufe0f\u200d🔥", "1\ufe0f\u20e3", "क्\u200dष", "héllo\n\tworld"]
)
def test_joiners_that_join_are_kept(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200dpal", r"pay\u200dpal"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\r\nb\rc", "a\nb\\x0dc"),
        ("x\U000e0041", r"x\U000e0041"),
        ("a\ufe0f\ufe01\ufe02", "a\ufe0f\\ufe01\\ufe02"),
    ],
)
def test_what_hides_is_shown(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(st.recursive(ANY_TEXT | st.integers() | st.booleans() | st.none(), lambda inner: st.lists(inner, max_size=3)))
def test_json_is_safe_on_a_terminal_and_reads_back(value: object) -> None:
    written = json_text(value)
    assert hides(written) == []
    assert json.dumps(json.loads(written)) == json.dumps(json.loads(json.dumps(value)))


@given(ANY_TEXT, ANY_TEXT, st.booleans())
def test_no_control_sequence_of_a_message_or_title_reaches_a_terminal(content: str, title: str, markdown: bool) -> None:
    blocks = [
        {"type": "text", "text": content},
        {"type": "tool_use", "name": content, "input": {title: content}},
        {"type": "tool_result", "content": [{"type": "text", "text": content}]},
        {"type": content, "source": {"media_type": title, "data": "AAAA"}},
    ]
    session = session_of("s-1", ("user", content if markdown else blocks), title=title, metadata={"user": content})
    manager = Fake(held={"s-1": session})
    for args in (["session", "show", "s-1"], ["session", "list"], ["session", "show", "s-1", "--raw"]):
        ran = claif(*args, manager=manager, terminal=True)
        assert (ran.code, hides(ran.out)) == (0, [])


@pytest.mark.parametrize(
    "text", ["&#x202e;abc", "&#x9b;31m", "&#27;[31m", "&ZeroWidthSpace;a", "[x](http://e/&#x202e;)"]
)
def test_markdown_entities_cannot_smuggle(text: str) -> None:
    ran = claif("session", "show", "s", manager=Fake(held={"s": session_of("s", ("user", text))}), terminal=True)
    assert (ran.code, hides(ran.out)) == (0, [])


def test_a_link_shows_where_it_leads() -> None:
    session = session_of("s", ("user", "[bank.example](https://evil.example)"))
    ran = claif("session", "show", "s", manager=Fake(held={"s": session}), terminal=True, no_colour=False)
    assert "https://evil.example" in ran.out
    assert "\x1b]8" not in ran.out


def test_raw_passes_in_a_pipe_and_not_on_a_terminal() -> None:
    manager = Fake(held={"s": session_of("s", ("user", "a\x1b[31mb"))})
    args = ("session", "show", "s", "--message", "0", "--raw")
    assert claif(*args, manager=manager).out == "a\x1b[31mb\n"
    assert claif(*args, manager=manager, terminal=True).out == "a\\x1b[31mb\n"
    assert "\\x1b" in claif("session", "show", "s", manager=manager).out


def test_errors_are_escaped() -> None:
    ran = claif("session", "show", "\x1b[2Jx\u202e", manager=Fake())
    assert (ran.code, ran.out) == (3, "")
    assert hides(ran.err) == []


@pytest.mark.parametrize(
    ("terminal", "colour", "no_colour", "coloured"),
    [
        (True, "auto", False, True),
        (True, "auto", True, False),
        (True, "never", False, False),
        (False, "auto", False, False),
        (False, "always", True, True),
    ],
)
def test_colours_follow_the_terminal_and_what_was_asked(
    terminal: bool, colour: str, no_colour: bool, coloured: bool
) -> None:
    manager = Fake(held={"s": session_of("s", ("user", "hi"))})
    ran = claif("--color", colour, "session", "show", "s", manager=manager, terminal=terminal, no_colour=no_colour)
    assert ("\x1b[" in ran.out) is coloured


def test_progress_is_for_terminals_only() -> None:
    manager = Fake(held={"s": session_of("s")}, answers={"push": {}})
    assert "pushing" not in claif("push", manager=manager).err
    assert "pushing to origin" in claif("push", manager=manager, terminal_err=True).err


def test_a_closed_stream_is_no_terminal() -> None:
    from io import StringIO

    stream = StringIO()
    stream.close()
    assert not Output(stream, StringIO()).to_terminal


@pytest.mark.parametrize(
    ("variables", "forbidden"),
    [({}, False), ({"NO_COLOR": "1"}, True), ({"NO_COLOR": ""}, False), ({"TERM": "dumb"}, True)],
)
def test_colours_are_forbidden_by_no_color_and_by_a_terminal_that_has_none(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], forbidden: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert environment.no_colour() is forbidden
