from __future__ import annotations

import pytest
from export_samples import PIXEL, SESSIONS, TOOL_ROUND, picture, said, session
from hypothesis import given, settings
from markdown_it import MarkdownIt

from claif_git.export import containment, export
from claif_git.export.containment import LONGEST, code_span, contained, fenced, parsed

READER = MarkdownIt("commonmark")


def text_of(content, role="user"):
    whole = export(session(said(role, content)), include_timestamps=False)
    return whole.removeprefix("# Fix the parser\n\n## User").strip("\n")


def test_a_session_reads_as_a_heading_and_a_text_a_message():
    assert export(session(said("user", "Hello"), said("assistant", "Hi!\n", 1))) == (
        "# Fix the parser\n\n"
        "**Created:** 2026-11-24 21:32:05 UTC\\\n**Updated:** 2026-11-24 21:32:05 UTC\n\n"
        "## User (2026-11-24 21:32:05 UTC)\n\nHello\n\n"
        "## Assistant (2026-11-24 21:33:05 UTC)\n\nHi!\n"
    )


def test_timestamps_can_be_left_out():
    assert export(session(said("user", "Hello")), include_timestamps=False) == "# Fix the parser\n\n## User\n\nHello\n"


def test_metadata_and_tokens_are_shown_when_wanted():
    made = session(*TOOL_ROUND, template="coding", metadata={"project": "my-app", "tags": ["a", "`b`"]})
    plain = export(made)
    assert "my-app" not in plain
    assert "claude-sonnet" not in plain
    full = export(made, include_metadata=True, include_tokens=True)
    for line in (
        "**Session:** `fix-parser-0123456789ab`\\", "**Template:** `coding`\\", "**project:** `my-app`\\",
        '**tags:** ``["a", "`b`"]``\\', "**Tokens:** 117 (20 in, 7 out)", "**Model:** `claude-sonnet-5-5`\\",
        "**Tokens:** 27 (20 in, 7 out)", "**confidence:** `0.95`\\", "**Tokens:** 90",
    ):  # fmt: skip
        assert line in full.split("\n")


def test_tool_calls_results_and_thinking_are_told_apart():
    assert export(session(*TOOL_ROUND[1:3]), include_timestamps=False) == (
        "# Fix the parser\n\n## Assistant\n\n"
        "<details>\n<summary>Thinking</summary>\n\nThey may *fail*.\n\n</details>\n\nOn it.\n\n"
        '### Tool call: `Bash` (`toolu_1`)\n\n```json\n{\n  "command": "make test",\n  "timeout": 5\n}\n```\n\n'
        "## User\n\n### Tool result, an error (`toolu_1`)\n\n```\n1 failed\n```\n"
    )


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (picture(), "*[image: image/png, 69 bytes]*"),
        (picture(PIXEL * 300), "*[image: image/png, 20.7 kB]*"),
        (picture(PIXEL * 30000), "*[image: image/png, 2.1 MB]*"),
        (picture() | {"filename": "plot_1.png"}, "*[image: plot\\_1.png, image/png, 69 bytes]*"),
        ({"type": "image", "source": {"type": "base64", "data": "§"}}, "*[image: damaged]*"),
        (
            {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
            "*[image: https://a.example/b.png]*",
        ),
        ({"type": "document", "source": {"type": "file", "file_id": "file_1"}}, "*[document: file\\_1]*"),
        ({"type": "document", "source": {"type": "content"}}, "*[document]*"),
        (
            {"type": "document", "title": "Notes", "source": {"type": "text", "data": "a\n```"}},
            "*[document: Notes, 5 bytes]*\n\n````\na\n```\n````",
        ),
        (
            {"type": "redacted_thinking", "data": "x"},
            "<summary>Thinking</summary>\n\n*not readable: encrypted by the API*",
        ),
        ({"type": "text", "text": 5}, '### Block: `text`\n\n```json\n{\n  "type": "text",\n  "text": 5\n}\n```'),
        ({"type": 5}, '### Block: `unknown`\n\n```json\n{\n  "type": 5\n}\n```'),
        ({"type": "tool_result", "content": [picture()]}, "### Tool result\n\n*[image: image/png, 69 bytes]*"),
        ({"type": "tool_result"}, "### Tool result"),
        ({"type": "server_tool_use", "name": "search", "input": "a"}, '### Tool call: `search`\n\n```json\n"a"\n```'),
    ],
)
def test_every_kind_of_block_has_a_readable_form(block, shown):
    assert shown in text_of([block])


def test_results_inside_results_end_as_json():
    block = {"type": "tool_result", "content": "deep"}
    for _ in range(12):
        block = {"type": "tool_result", "content": [block]}
    assert text_of([block]).count("### Tool result") == 8
    assert '"deep"' in text_of([block])


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("# Plan\ntext", "#### Plan\ntext"),
        ("## User (2026-11-24 21:32:05 UTC)", "##### User (2026-11-24 21:32:05 UTC)"),
        ("###### deep", "###### deep"),
        ("Title\nof two\n======", "#### Title of two"),
        ("Sub\n---\nx", "##### Sub\nx"),
        ("a\n\n---\n\nb", "a\n\n---\n\nb"),
        ("```py\n# no heading\n```", "```py\n# no heading\n```"),
        ("```py\nopen", "```py\nopen\n```"),
        ("~~~~\nopen\n~~~", "~~~~\nopen\n~~~\n~~~~"),
        ("```", "```\n```"),
        ("<!-- open\n\n## User", "\\<!-- open\n\n##### User"),
        ("<script>\n# x\n<!--\n# y", "\\<script>\n#### x\n\\<!--\n#### y"),
        ("a <b>bold</b> `<i>` <https://a.example> \\<u>", "a \\<b>bold\\</b> `<i>` <https://a.example> \\<u>"),
        (
            "[1] and\n\n[1]: http://a.example\n\n[1]: http://b.example",
            "[1] and\n\n\\[1]: http://a.example\n\n\\[1]: http://b.example",
        ),
        ("\r\nline\rline", "line\nline"),
        ("\x1b[31m red \x7f \x9b \u202e \ud800", "␛[31m red ␡ � [U+202E] �"),
    ],
)
def test_content_stays_inside_its_message(written, shown):
    assert text_of(written) == shown


def test_what_no_parser_can_follow_is_shown_as_it_is():
    assert contained(">" * 200 + " deep", 3) == "```\n" + ">" * 200 + " deep\n```"
    assert contained("x" * (LONGEST + 1), 3).startswith("```\nx")
    comments = "\n".join(f"{'>' * level} <!--" for level in range(40))
    assert "\\<!--" in contained(comments, 3) or contained(comments, 3).startswith("```")


def test_what_stays_html_after_many_passes_is_shown_as_it_is(monkeypatch):
    monkeypatch.setattr(containment, "_PASSES", 1)
    assert contained("a <b>", 3) == "```\na <b>\n```"


def test_a_parser_that_goes_too_deep_is_not_trusted():
    class Deep:
        def parse(self, *_):
            raise RecursionError

    assert parsed(Deep(), "", {}) is None


def test_a_title_is_one_line_that_shows_itself():
    first = export(session(title="# *a*\n## b <x>"), include_timestamps=False)
    assert first == "# \\# \\*a\\* \\#\\# b \\<x\\>\n"


@pytest.mark.parametrize("text", ["a", "`", "``a`", "a ``` b", " ", ""])
def test_code_spans_and_fences_hold_any_backticks(text):
    assert READER.parse(fenced(text))[0].content == text + "\n"
    (span,) = READER.parseInline(code_span(text))[0].children
    assert span.content == (text if text.strip() else '""')


@settings(max_examples=80)
@given(SESSIONS)
def test_no_content_can_be_taken_for_the_document_around_it(made):
    text = export(made, include_metadata=True, include_tokens=True)
    text.encode()
    tokens = READER.parse(text)
    headings = [token.tag for token in tokens if token.type == "heading_open" and token.level == 0]
    assert headings.count("h1") == 1
    assert headings.count("h2") == len(made.messages)
    blocks = {token.content for token in tokens if token.type == "html_block"}
    assert blocks <= {"<details>\n<summary>Thinking</summary>\n", "</details>\n"}
    inline = [child for token in tokens for child in token.children or ()]
    assert not [child.content for child in inline if child.type == "html_inline"]
