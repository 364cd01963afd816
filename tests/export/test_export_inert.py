from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from export_samples import HOSTILE, SESSIONS, SHARP, said, session
from hypothesis import given, settings

from claif_git.export import export
from claif_git.export.rich_text import rich

ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ),
    *("p", "span", "time", "a", "div", "dl", "dt", "dd", "details", "summary", "pre", "code", "figure", "figcaption"),
    *(
        "img",
        "em",
        "strong",
        "s",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "br",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    ),
}
ATTRIBUTES = {
    *(
        "lang",
        "data-theme",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "id",
        "dir",
        "datetime",
        "href",
        "rel",
    ),
    *("src", "alt", "start", "data-language"),
}
VOID = {"meta", "img", "br", "hr"}
LINK = re.compile(r"#m\d+|https?://[^\s]+|mailto:[^\s]+", re.IGNORECASE)
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*")
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Inspector(HTMLParser):
    """Complains about everything that is not on the lists above."""

    def __init__(self):
        super().__init__()
        self.open, self.pages, self.articles = [], 0, 0

    def handle_starttag(self, tag, attrs):
        assert tag in ELEMENTS
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            assert name != "href" or (tag == "a" and LINK.fullmatch(value)), value
            assert name != "src" or (tag == "img" and PICTURE.fullmatch(value)), value
        links_out = tag == "a" and not dict(attrs)["href"].startswith("#")
        assert not links_out or dict(attrs)["rel"] == "noopener noreferrer nofollow"
        self.articles += tag == "article"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_pi = unknown_decl = handle_comment


def inspect(text):
    text.encode()
    assert not UNSEEN.search(text)
    inspector = Inspector()
    inspector.feed(text)
    inspector.close()
    assert inspector.open == []
    return inspector


@settings(max_examples=80)
@given(SESSIONS)
def test_a_page_holds_only_harmless_elements_whatever_the_messages_hold(made):
    whole = export(made, "html", include_metadata=True, include_tokens=True)
    assert inspect(whole).articles == len(made.messages)
    inspect(export(made, "html", include_css=False, theme="dark"))


@settings(max_examples=200)
@given(HOSTILE)
def test_rendered_markdown_holds_only_harmless_elements(text):
    inspect(rich(text))
    inspect(rich(text, breaks=True))


@pytest.mark.parametrize("sharp", SHARP)
def test_each_known_trick_fails_alone(sharp):
    for text in (
        sharp,
        f"a {sharp} b",
        f"> {sharp}",
        f"- {sharp}",
        f"|{sharp}|b|\n|-|-|\n|{sharp}|{sharp}|",
        f"[{sharp}]({sharp})",
    ):
        inspect(export(session(said("user", text), title=sharp), "html"))


def test_the_policy_lets_nothing_in_but_the_style_sheet_and_pictures_in_the_file():
    whole = export(session(), "html")
    style = re.search(r"<style>(.*)</style>", whole, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', whole)[1]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert whole.index("Content-Security-Policy") < whole.index("<style>") < whole.index("<body>")
    assert "url(" not in style
    assert "@import" not in style
    assert "style-src 'unsafe-inline'" in export(session(), "html", include_css=False)
