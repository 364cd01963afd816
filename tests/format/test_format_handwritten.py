from __future__ import annotations

from datetime import UTC, datetime

import pytest

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.handwritten import moment, read
from claif_git.format.messages import attachment_paths, decode, encode, head

FRONT = "role: user\ntimestamp: 2026-11-24T21:32:05.123456Z\n"
WHEN = datetime(2026, 11, 24, 21, 32, 5, 123456, tzinfo=UTC)


def message(front="", body="", opening=FRONT):
    return decode(f"---\n{opening}{front}---\n{body}".encode(), lambda path: path.encode())


def malformed(front="", body="", opening=FRONT):
    with pytest.raises(MalformedError) as caught:
        message(front, body, opening)
    return caught.value


def test_block_style_and_comments_are_read():
    front = "# by hand\nmetadata:\n  file: utils.py\n  tags: [a, b]\n  n: 1\n\nmodel: claude\nid: 'it''s'\n"
    read = message(front, "hi\n")
    assert read.metadata == {"file": "utils.py", "tags": ["a", "b"], "n": 1}
    assert (read.model, read.id, read.content, read.timestamp) == ("claude", "it's", "hi", WHEN)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-24T21:32:05.123456Z", WHEN),
        ('"2026-11-24T21:32:05.123456Z"', WHEN),
        ("2026-11-24 21:32:05.123456", WHEN),
        ("2026-11-24 23:32:05.123456 +2", WHEN),
        ("2026-11-24t21:32:05.123456789-00:00", WHEN),
        ("2026-11-24T21:32:05Z", WHEN.replace(microsecond=0)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
    ],
)
def test_a_timestamp_may_stand_in_any_of_yamls_forms(written, meant):
    read = message(opening=f"role: user\ntimestamp: {written}\n")
    assert read.timestamp == meant
    assert read.timestamp.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        *("yesterday", "2026-13-01", "2026-11-24T25:00:00Z", "1969-12-31", "9990-01-01", "12", "[]", "null", "''"),
        *('"2026-13-24T21:32:05.123456Z"', "0001-01-01 00:00:00 +9"),
    ],
)
def test_any_other_timestamp_is_an_error_with_its_line(written):
    error = malformed(opening=f"role: user\ntimestamp: {written}\n")
    assert error.line == 3
    assert "timestamp" in error.reason


def test_moments_out_of_order_are_refused():
    for text in ("x", "2026-02-30", "2026-01-01 00:00:00 +99:99"):
        with pytest.raises(InvalidInputError):
            moment(text)


def test_carriage_returns_in_the_front_matter_are_line_ends():
    data = f'---\n{FRONT}model: "m"\n---\nhi\nthere\n'.replace("\n", "\r\n").encode()
    read = decode(data, bytes)
    assert (read.content, read.model) == ("hi\r\nthere", "m")
    assert head(data).timestamp == WHEN


def test_carriage_returns_around_parts_are_line_ends():
    blocks = 'blocks:\n- {"text":{"$part":1}}\n- {"text":{"$part":2}}\n'
    data = f"---\n{FRONT}{blocks}---\n<!-- abcd:1 -->\none\n<!-- abcd:2 -->\ntwo\n".replace("\n", "\r\n").encode()
    assert decode(data, bytes).content == [{"text": "one"}, {"text": "two"}]


def test_a_byte_order_mark_in_front_is_passed_over():
    assert decode(f"\ufeff---\n{FRONT}---\n\ufeffhi\n".encode(), bytes).content == "\ufeffhi"


@pytest.mark.parametrize(("body", "content"), [("", ""), ("\n", ""), ("hi", "hi"), ("hi\n", "hi"), ("hi\n\n", "hi\n")])
def test_one_newline_at_the_end_is_the_formats_own(body, content):
    assert message(body=body).content == content


def test_a_file_may_end_with_the_front_matter():
    assert decode(f"---\n{FRONT}---".encode(), bytes).content == ""


def test_blanks_after_the_dashes_do_not_matter():
    assert decode(f"--- \n{FRONT}---\t\nhi\n---\n".encode(), bytes).content == "hi\n---"


def test_blocks_may_be_plain_yaml_with_their_text_inline():
    front = "blocks:\n- type: text\n  text: |\n    Look at\n    this\n"
    front += "- {type: tool_use, id: t, name: bash, input: {n: 1}}\n"
    read = message(front)
    assert read.content == [
        {"type": "text", "text": "Look at\nthis\n"},
        {"type": "tool_use", "id": "t", "name": "bash", "input": {"n": 1}},
    ]
    assert decode(encode(read).data, bytes) == read


def test_empty_values_are_as_good_as_absent():
    read = message("id:\ntokens: ~\nmetadata:\nblocks:\ncopied_from: null\nescaped: false\n", "hi\n")
    assert (read.id, read.tokens, read.metadata, read.content, read.copied_from) == (None, None, {}, "hi", None)


def test_unknown_keys_survive_a_rewrite():
    read = message('mood: good\nsince: 2026-01-01\non: yes\nlist:\n- "a"\n- {"b":1}\n', "hi\n")
    assert read.extra == {"mood": "good", "since": "2026-01-01", "on": True, "list": ["a", {"b": 1}]}
    again = encode(read).data
    assert decode(again, bytes) == read
    assert head(again).extra == read.extra


def test_lists_by_hand_are_whole_in_the_head_too():
    data = f'---\n{FRONT}list:\n- "a"\nblocks:\n- {{"type":"text"}}\n---\n'.encode()
    assert head(data).extra == {"list": ["a"]}


@pytest.mark.parametrize(
    ("front", "line", "reason"),
    [
        ("metadata: {a: 1, a: 2}\n", 4, "stands twice"),
        ('metadata: {"a":1,"a":2}\n', 4, "stands twice"),
        ("role: user\n", 4, "stands twice"),
        ("metadata: &x {a: 1}\n", 4, "anchors"),
        ("model: m\nmetadata: *x\n", 5, "aliases"),
        ("metadata: !!map {a: 1}\n", 4, "tags"),
        ("model: !x m\n", 4, "tags"),
        ("metadata:\n  <<: {a: 1}\n", 5, "a key is text"),
        ("? [a]\n: 1\n", 4, "a key is text"),
        ("metadata: [1]\n", 4, "metadata is a mapping"),
        ("id: 12\n", 4, "id is text"),
        ('id: ""\n', 4, "id is text"),
        ("model: no\n", 4, "model is text"),
        ("copied_from: [a]\n", 4, "copied_from is text"),
        ("tokens: -1\n", 4, "tokens"),
        ("tokens: 1.5\n", 4, "tokens"),
        ("tokens: yes\n", 4, "tokens"),
        ("escaped: 1\n", 4, "escaped"),
        ("blocks: {}\n", 4, "blocks are a list"),
        ("x: [\n", 5, "not YAML"),
        ("x: 1\n y\n: 2\n", 6, "not YAML"),
        ("x: \x07\n", 4, "not YAML"),
        ("x: .inf\n", 4, "not a number that JSON has"),
        ("x: .nan\n", 4, "not a number that JSON has"),
        ("x: 1.0e+999\n", 4, "not a number that JSON has"),
        (f"x: {'k' * 201}: 1\n", 4, "not YAML"),
        (f"x: 1\n{'k' * 201}: 1\n", 5, "a key of more than"),
        (f"x: {'1' * 4200}\n", 4, "more than 4000 digits"),
        (f"x: {'1' * 6000}\n", 4, "too long"),
        ("x: 1\n--- y\n", 5, "not YAML"),
        ("- 1\n", 4, "not YAML"),
    ],
)
def test_what_breaks_the_rules_is_an_error_with_its_line(front, line, reason):
    error = malformed(front, "hi\n")
    assert (error.line, reason in error.reason) == (line, True), str(error)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", 1),
        (b"hello\n", 1),
        (b"\n---\n---\n", 1),
        (b"---\nrole: user\n", 1),
        (b"---\nrole: user\n ---\n", 1),
        (b"---\n- a\n---\n", 2),
        (b"---\nnothing\n---\n", 2),
        (b"---\nrole: user\nmodel: \xff\n---\n", 3),
        (b"---\nrole: user\ntimestamp: 2026-11-24T21:32:05.123456Z\n---\nhi\n\xff\n", 6),
        (b"---\nrole: user\ntimestamp: 2026-11-24T21:32:05.123456Z\n---\n\xed\xa0\x80\n", 5),
        (b"---\nrole: bob\ntimestamp: 2026-11-24T21:32:05.123456Z\n---\n", 2),
        (b"---\nrole: [user]\n---\n", 2),
        (b"---\n---\n", None),
        (b"---\n\n---\n", None),
        (b"---\nrole: user\n---\n", None),
    ],
)
def test_a_file_that_is_no_message_is_an_error_with_its_line(data, line):
    with pytest.raises(MalformedError) as caught:
        decode(data, bytes)
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("blocks", "body", "line"),
    [
        ("[]", "stray\n", 7),
        ('[{"a": {"$part": 1}}]', "stray\n<!-- abcd:1 -->\nx\n", 7),
        ('[{"a": {"$part": 1}}]', "<!-- abcd:1 -->\nx\n<!-- abcd:2 -->\ny\n", 5),
        ('[{"a": {"$part": 1}}]', "<!-- abcd:1 -->\nx\n<!-- abcd:1 -->\ny\n", 9),
        ('[{"a": {"$part": 1}}, {"a": {"$part": 1}}]', "<!-- abcd:1 -->\nx\n", 5),
        ('[{"a": {"$part": true}}]', "<!-- abcd:1 -->\nx\n", 5),
        ("[1]", "", 5),
        ('[{"$part": 1}]', "", 5),
        ('[{"$part": 1}]', "<!-- abcd:1 -->\nx\n", 5),
        ('[{"$json": 1}]', "<!-- abcd:1 -->\nx\n", 5),
        ('[{"$json": 1}]', "<!-- abcd:1 -->\n[]\n", 5),
        ('[{"$json": "x"}]', "", 5),
        ('[{"a": {"$attachment": "../../x"}}]', "", 5),
        ('[{"a": {"$attachment": "attachments/ab/cd.png"}}]', "", 5),
        ('[{"a": {"$attachment": 1}}]', "", 5),
    ],
)
def test_references_that_lead_nowhere_are_an_error_with_its_line(blocks, body, line):
    error = malformed(f'model: "m"\nblocks: {blocks}\n', body)
    assert error.line == line


def test_a_body_of_parts_forgives_what_editors_do():
    blocks = 'blocks:\n- {"a":{"$part":1}}\n- {"a":{"$part":2}}\n- {"a":{"$part":3}}\n'
    body = "\n<!-- abcd:1 --> \n<!-- abcd:2 -->\nx\n\n<!-- abcd:3 -->"
    assert message(blocks, body).content == [{"a": ""}, {"a": "x\n"}, {"a": ""}]


def test_only_an_attachments_own_place_is_listed():
    data = f'---\n{FRONT}blocks:\n- {{"a":{{"$attachment":"../x"}},"b":{{"$attachment":3}}}}\n---\n'.encode()
    assert attachment_paths(data) == []


def test_a_message_of_text_has_no_attachments():
    assert attachment_paths(f"---\n{FRONT}---\n$attachment\n".encode()) == []


def test_more_than_a_mebibyte_by_hand_is_refused():
    for front in ("x: a\n# " + "x" * (1 << 20) + "\n", "# " + "\u3042" * 400_000 + "\n"):
        assert "1 MiB" in malformed(front).reason
        with pytest.raises(MalformedError, match="1 MiB"):
            read(front)


def test_more_than_a_mebibyte_of_ours_is_read():
    read = message(f'metadata: {{"a":"{"x" * (1 << 20)}"}}\n')
    assert len(read.metadata["a"]) == 1 << 20


def test_an_error_says_where_it_is_once_the_caller_knows():
    error = malformed("id: 12\n").located(session_id="s", path="messages/a.md")
    assert str(error) == "s:messages/a.md:4: id is text that is not empty: put it in quotes"
