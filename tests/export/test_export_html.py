from __future__ import annotations

import re

import pytest
from export_samples import PIXEL, TOOL_ROUND, picture, said, session

from claif_git.export import export
from claif_git.export.highlight import LONGEST
from claif_git.export.parts import image_type


def page(*messages, **options):
    return export(session(*messages), "html", **options)


def text_of(content, role="assistant"):
    whole = page(said(role, content), include_timestamps=False)
    return re.search(r"</h2>\n(.*?)\n</article>", whole, re.DOTALL)[1]


def test_a_page_is_one_whole_document_that_says_who_said_what_when():
    whole = page(*TOOL_ROUND)
    assert whole.startswith('<!DOCTYPE html>\n<html lang="en" data-theme="default">')
    assert whole.endswith("</html>\n")
    assert "<title>Fix the parser</title>" in whole
    assert '<article class="user" id="m0">' in whole
    assert '<time datetime="2026-11-24T21:33:05.123456Z">2026-11-24 21:33 UTC</time>' in whole
    assert '<a class="number" href="#m3">#3</a>' in whole


def test_css_and_theme_are_choices():
    assert "<style>" in page()
    assert "<style>" not in page(include_css=False)
    assert 'data-theme="dark"' in page(theme="dark")
    assert '<meta name="color-scheme" content="dark">' in page(theme="dark")


def test_metadata_timestamps_and_tokens_are_choices():
    made = session(*TOOL_ROUND, metadata={"project": "my-app"}, template="coding")
    bare = export(made, "html", include_timestamps=False)
    for word in ("my-app", "coding", "claude-sonnet-5-5", "tokens</span>", "<time", "confidence"):
        assert word not in bare
    full = export(made, "html", include_metadata=True, include_tokens=True)
    for word in ("my-app", "coding", "claude-sonnet-5-5", "117 tokens (20 in, 7 out)", "<time", "confidence"):
        assert word in full


def test_the_day_of_the_last_change_is_told_where_it_is_another_one():
    later = session(said("user", "a"), updated_at=said("user", "b", 60 * 24).timestamp)
    assert "updated <time" in export(later, "html")
    assert "updated <time" not in page()


def test_an_empty_page_says_so():
    assert "This session holds no messages yet." in page()
    assert "0 messages" in page()
    assert ">1 message <" in page(said("user", "a"))


def test_tool_calls_results_and_thinking_are_folded_and_named():
    whole = page(*TOOL_ROUND)
    assert (
        '<details class="thinking"><summary><span class="title">Thinking</span> <span class="gist" dir="auto">They'
        in whole
    )
    assert (
        '<details class="call"><summary><span class="title">Bash</span> <span class="gist" dir="auto">make test'
        in whole
    )
    assert '<details class="result failed"><summary><span class="title">Bash: error</span>' in whole
    assert "<dt>command</dt><dd><code>make test</code></dd>" in whole
    assert '<span class="who">Tool results</span>' in whole
    assert " open" not in re.sub(r"<style>.*</style>", "", whole, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"content": "a\nb"}, '<dt>content</dt><dd><pre class="code"><code>a\nb</code></pre></dd>'),
        ({"n": 5}, "<dt>n</dt><dd><code>5</code></dd>"),
        ({"n": [1]}, '<pre class="code" data-language="json"><code>'),
        ({}, "No arguments."),
        ([1], '<pre class="code" data-language="json"><code>'),
    ],
)
def test_a_call_shows_its_arguments_with_their_own_lines(given, shown):
    assert shown in text_of([{"type": "tool_use", "id": "t", "name": "Write", "input": given}])


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        ({"type": "redacted_thinking", "data": "x"}, "Not readable: encrypted by the API."),
        ({"type": "tool_result", "tool_use_id": "t"}, "Nothing."),
        ({"type": "tool_result", "content": [picture()]}, '<figure><img src="data:image/png;base64,'),
        ({"type": "novelty", "<b>": 1}, '<details class="other"><summary><span class="title">novelty</span>'),
        (
            {"type": "document", "title": "Notes", "source": {"type": "text", "data": "<b>"}},
            "<pre><code>&lt;b&gt;</code></pre>",
        ),
        (picture(b"<svg>", "image/svg+xml"), '<p class="placeholder">[image: image/svg+xml, 5 bytes]</p>'),
        (
            {"type": "image", "source": {"type": "url", "url": "http://a.example/b.png"}},
            '<p class="placeholder">[image: http://a.example/b.png]</p>',
        ),
    ],
)
def test_every_kind_of_block_is_shown(block, shown):
    assert shown in text_of([block])


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PIXEL, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", None),
        (b"<svg", None),
        (b"", None),
    ],
)
def test_an_images_type_is_what_its_bytes_say(start, kind):
    assert image_type(start) == kind


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("# A *b*", "<h3>A <em>b</em></h3>"),
        ("~~a~~ **b**", "<s>a</s> <strong>b</strong>"),
        ("|a|b|c|\n|-|-:|:-:|\n|1|2|3|", '<th class="right">b</th>'),
        ("```py\nx = 1\n```", '<pre class="code" data-language="py"><code><span class="n">x</span>'),
        ("```nonsuch\nx = <1>\n```", '<pre class="code" data-language="nonsuch"><code>x = &lt;1&gt;\n</code></pre>'),
        ("    x\n", '<pre class="code"><code>x\n</code></pre>'),
        ("3. a", '<ol start="3">'),
        ("[a](https://a.example)", '<a href="https://a.example" rel="noopener noreferrer nofollow">a</a>'),
        ("<ada@a.example>", '<a href="mailto:ada@a.example" rel="noopener noreferrer nofollow">'),
        ("[a](src/a.py:42)", 'a <span class="target">(src/a.py:42)</span>'),
        ("[a](javascript:x)", 'a <span class="target">(javascript:x)</span>'),
        (
            "![a](http://b.example/c.png)",
            '<a href="http://b.example/c.png" rel="noopener noreferrer nofollow">[image: a]</a>',
        ),
        ("![](file:///c.png)", "[image: file:///c.png]"),
        (
            "[![a](http://b.example)](http://c.example)",
            '<a href="http://c.example" rel="noopener noreferrer nofollow">[image: a]</a>',
        ),
        ("![a](data:image/png;base64,%%%)", "[image: a]"),
        ("![a](data:image/png;base64,AAAA)", "[image: a]"),
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
        ("a\x1b[0m\u202eb\ud800", "a␛[0m[U+202E]b�"),
    ],
)
def test_markdown_is_rendered(markdown, html):
    assert html in text_of(markdown)


def test_an_image_that_the_text_holds_is_shown():
    data = picture()["source"]["data"]
    assert f'<img src="data:image/png;base64,{data}" alt="a">' in text_of(f"![a](data:image/png;base64,{data})")


def test_a_persons_line_ends_stay_and_a_models_do_not():
    assert "a<br>\nb" in text_of("a\nb", "user")
    assert "<p>a\nb</p>" in text_of("a\nb")


def test_long_code_stays_plain_and_nothing_nested_is_lost():
    assert "<span" not in text_of("```py\n" + "x = 1\n" * (LONGEST // 6 + 1) + "```")
    assert '<pre class="plain">&gt;&gt;' in text_of(">" * 200 + " deep")
    assert '<pre class="plain">' in text_of("x" * 600_000)
    assert "deep" in text_of("> " * 60 + "deep")
