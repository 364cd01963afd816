from __future__ import annotations

from datetime import UTC, datetime

import pytest
import yaml
from format_strategies import exactly, keys, mappings, moments, names, values
from hypothesis import example, given
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError, MalformedError, StoreError
from claif_git.format import handwritten
from claif_git.format.drops import Drop, decode_drop, encode_drop
from claif_git.format.header import SessionHeader, decode_header, encode_header
from claif_git.format.lines import read_lines
from claif_git.format.settings import decode_setting, encode_setting, metadata_file

WHEN = datetime(2026, 11, 24, 21, 32, 5, 123456, tzinfo=UTC)
PATHS = st.lists(st.from_regex(r"[a-z0-9.-]{1,5}(/[\w é#:'\"-]{1,9}){0,2}", fullmatch=True), max_size=3)


def agree(data):
    """Hold both readers to the same reading of a file that we wrote."""
    assert exactly(handwritten.read(data.decode())) == exactly(read_lines(data))


@given(keys, values)
@example("title", "A title\nof two lines\r\n" + "x" * 3000)
@example("no", None)
@example("", "~")
@example("timestamp", "2026-01-01")
def test_any_setting_comes_back_from_its_one_line(key, value):
    data = encode_setting(key, value)
    assert exactly(decode_setting(data)) == exactly([key, value])
    assert data.count(b"\n") == 1
    agree(data)


def test_settings_look_like_this():
    assert encode_setting("title", "Debug session") == b'title: "Debug session"\n'
    assert encode_setting("my key", {"a": [1, 1.0]}) == b'"my key": {"a":[1,1.0]}\n'
    assert encode_setting("order", None) == b"order: null\n"


@pytest.mark.parametrize(
    ("data", "setting"),
    [
        (b"title: A plain title\n", ("title", "A plain title")),
        (b"# mine\r\ntitle: >\r\n  A long\r\n  title\r\n", ("title", "A long title\n")),
        (b"\xef\xbb\xbftitle: x", ("title", "x")),
        (b"due: 2026-01-01\n", ("due", "2026-01-01")),
        (b"on: yes", ("on", True)),
    ],
)
def test_settings_may_be_written_by_hand(data, setting):
    assert decode_setting(data) == setting


@pytest.mark.parametrize(
    "data", [b"", b"a: 1\nb: 2\n", b"title\n", b"- a\n", b"a: &x 1\n", b"a: \xff\n", b"a: [1\n", b"a: 1\n---\nb: 1\n"]
)
def test_what_is_no_setting_is_an_error_with_a_line(data):
    with pytest.raises(MalformedError) as caught:
        decode_setting(data)
    assert caught.value.line in {1, 2, 3}


def test_a_setting_with_an_endless_key_is_refused():
    with pytest.raises(InvalidInputError):
        encode_setting("k" * 201, 1)


@pytest.mark.parametrize(
    ("key", "slug"),
    [
        *(
            ("Client Name", "client-name"),
            ("Größe", "groe"),
            ("日本", "key"),
            ("", "key"),
            ("--", "key"),
            ("../x", "x"),
        ),
        *(("a" * 50, "a" * 40), ("a" * 39 + " b", "a" * 39), ("\ud83d", "key")),
    ],
)
def test_a_metadata_key_names_its_file(key, slug):
    name = metadata_file(key)
    assert name[:-14] == slug
    assert name.endswith(".yaml")
    assert len(name) <= 54


@given(st.lists(keys, min_size=2, max_size=2, unique=True))
def test_two_keys_have_two_files(pair):
    one, other = map(metadata_file, pair)
    assert one != other
    assert one.isascii()
    assert one == one.lower()


@given(st.builds(SessionHeader, moments, names, mappings))
@example(SessionHeader(WHEN, "no", {"temperature": 0.2}))
def test_any_header_comes_back(header):
    data = encode_header(header)
    assert decode_header(data) == header
    assert exactly(decode_header(data).parameters) == exactly(header.parameters)
    plain = yaml.load(data, Loader=yaml.CSafeLoader)
    assert (plain["format"], plain["created_at"]) == (1, header.created_at)
    agree(data)


def test_a_header_looks_like_this():
    header = SessionHeader(WHEN, "coding", {"temperature": 0.2})
    assert encode_header(header).decode() == (
        'format: 1\ncreated_at: 2026-11-24T21:32:05.123456Z\ntemplate: "coding"\nparameters: {"temperature":0.2}\n'
    )


def test_a_header_may_say_more_and_be_written_by_hand():
    data = b"format: 1\n# hello\ncreated_at: 2026-11-24 21:32:05\ntemplate:\nlater: {a: 1}\n"
    assert decode_header(data) == SessionHeader(WHEN.replace(microsecond=0))


def test_a_later_format_is_an_error_that_says_so():
    with pytest.raises(StoreError, match="format 2") as caught:
        decode_header(b"format: 2\nanything: else\n")
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", None),
        (b"format: one\n", 1),
        (b"format: 0\n", 1),
        (b"format: true\n", 1),
        (b"format: 1\n", None),
        (b"format: 1\ncreated_at: x\n", 2),
        (b"format: 1\ncreated_at: 1\n", 2),
        (b"format: 1\ncreated_at: 2026-11-24\ntemplate: 1\n", 3),
        (b"format: 1\ncreated_at: 2026-11-24\nparameters: []\n", 3),
        (b"format: 1\ncreated_at: \xff\n", 2),
    ],
)
def test_a_malformed_header_is_an_error_with_its_line(data, line):
    with pytest.raises(MalformedError) as caught:
        decode_header(data)
    assert caught.value.line == line


@given(st.builds(Drop, PATHS.map(tuple), PATHS.map(tuple)))
@example(Drop())
@example(Drop((), ("a/b.md",)))
def test_any_drop_comes_back(drop):
    drop = Drop(*(tuple(p for p in side if not {".", "..", ""} & set(p.split("/"))) for side in (drop.drop, drop.keep)))
    data = encode_drop(drop)
    assert decode_drop(data) == drop
    agree(data)


def test_drops_look_like_this():
    drop = Drop(("2026/a.md", "2026/b.md"), ("2026/c.md",))
    assert encode_drop(drop) == b'drop:\n- "2026/a.md"\n- "2026/b.md"\nkeep:\n- "2026/c.md"\n'
    assert encode_drop(Drop()) == b"drop: []\n"


def test_a_drop_of_very_many_messages_is_read():
    drop = Drop(
        tuple(f"2026-11-24T21-32-05.123456-k3xq-0000/2026-11-24T21-32-05-user-{n:08x}.md" for n in range(20_000))
    )
    assert decode_drop(encode_drop(drop)) == drop


def test_drops_may_be_written_by_hand():
    assert decode_drop(b"drop: [a/b.md]\nkeep:\nwhy: because\n") == Drop(("a/b.md",))


@pytest.mark.parametrize(
    "path", ["", "/a", "a/", "a//b", "..", "../a", "a/../b", "./a", "a\nb", "a\x1b[31m", "a\ud83d", "a\u202eb"]
)
def test_paths_that_lead_elsewhere_are_refused(path):
    with pytest.raises(InvalidInputError):
        encode_drop(Drop((path,)))
    for data in (encode_setting("drop", [path]), b"x: 1\n" + encode_setting("keep", [path])):
        with pytest.raises(MalformedError) as caught:
            decode_drop(data)
        assert caught.value.line == data.count(b"\n")


@pytest.mark.parametrize("data", [b"drop: a\n", b"drop:\n- 1\n", b"drop: {a: b}\n", b"[a]\n"])
def test_a_malformed_drop_is_an_error_with_its_line(data):
    with pytest.raises(MalformedError) as caught:
        decode_drop(data)
    assert caught.value.line == 1
