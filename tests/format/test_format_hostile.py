"""Files made to hurt: each must be an error of ours or a message, and none may take time by the square of its size.

The sizes are such that a quadratic reader would run into the suite's timeout, so nothing here measures time.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.errors import ClaifGitError, MalformedError
from claif_git.format.blocks import MAX_BLOCK_DEPTH
from claif_git.format.drops import decode_drop
from claif_git.format.handwritten import MAX_BYTES, read
from claif_git.format.header import decode_header
from claif_git.format.merging import merge_message
from claif_git.format.messages import attachment_paths, decode, encode, head
from claif_git.format.settings import decode_setting
from claif_git.model import Message

FRONT = b"---\nrole: user\ntimestamp: 2026-11-24T21:32:05.123456Z\n"
PART = b'blocks:\n- {"a":{"$part":1}}\n---\n<!-- 1f3a:1 -->\n'
BIG = 4 << 20
EVERY_READER = (
    lambda data: decode(data, lambda _path: b""),
    head,
    attachment_paths,
    decode_setting,
    decode_header,
    decode_drop,
)


def survive(data):
    for reader in EVERY_READER:
        try:
            reader(data)
        except ClaifGitError:
            continue


@pytest.mark.parametrize(
    "text",
    [
        *("[]," * (MAX_BYTES // 8), "a," * (MAX_BYTES // 8), "a " * (MAX_BYTES // 2 - 8), "'" * (MAX_BYTES - 8)),
        *("1:" * (MAX_BYTES // 2 - 8) + "1", "0x" + "f" * (MAX_BYTES - 8), "1" * (MAX_BYTES - 8), "1" + "_" * 900_000),
        *("[" * 900_000, "{a: " * 200_000, "- " * 400_000, "? " * 400_000, "&a " * 300_000, "!a " * 300_000),
        *("|\n" + " \n" * 400_000, "\n" * (MAX_BYTES - 8), "#\n" * 400_000, "*a " * 300_000, '"' + "\\x20" * 200_000),
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_a_mebibyte_of_odd_yaml_is_read_or_refused(text):
    for whole in (f"x: {text}", f"x: [{text}]"):
        try:
            read(whole)
        except MalformedError:
            continue


@pytest.mark.parametrize(
    "data",
    [
        *(b"---\n" + b"--- " * (BIG // 4), b"---\n" + b"---x\n" * (BIG // 5), b"---\n---" + b" " * BIG),
        *(b"---\n" + (b"---" + b" " * 1000 + b"x\n") * (BIG // 1004), b"--- " + b" \t" * (BIG // 2)),
        *(FRONT + PART + b"<!-- 1f3a:2 -->\n" * (BIG // 16), FRONT + PART + (b"<!-- 1f3a:2 -->" + b" " * 1000) * 4000),
        *(FRONT + b"blocks: []\n---\n" + b" " * BIG + b"x", FRONT + b"blocks: []\n---\n" + b"\n" * BIG + b"x"),
        *(FRONT + b"escaped: true\n---\n" + b"\x1a" * BIG, FRONT + b"x: " + b"[" * BIG + b"\n---\n"),
        *(
            FRONT + b"x: " + b"1" * BIG + b"\n---\n",
            FRONT + b"x: " + b"[" * 5000 + b"\n---\n",
            FRONT + b"a: 1\n" * 500_000,
        ),
        *(FRONT + b"x: [" + b",".join([b"1" * 4300] * 500) + b"]\n---\n", FRONT + b"x: 1e" + b"1" * BIG + b"\n---\n"),
        *(FRONT + b'blocks:\n- {"$json":1}\n---\n<!-- 1f3a:1 -->\n' + b"[" * BIG, FRONT + b'"' * BIG + b"\n---\n"),
        *(FRONT + b'blocks:\n- {"$json":1}\n---\n<!-- 1f3a:1 -->\n{"a":NaN}\n', b"\n" * BIG, b"[" * BIG, b"\xff" * BIG),
    ],
    ids=lambda data: f"{data[:10]!r}{len(data)}",
)
def test_a_huge_odd_file_is_read_or_refused(data):
    survive(data)


def test_a_bomb_of_aliases_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(MalformedError, match="aliases and anchors"):
        read("\n".join(lines))


def test_a_part_named_many_times_is_refused():
    data = FRONT + b'blocks:\n- {"a":[' + b",".join([b'{"$part":1}'] * 1000) + b"]}\n---\n<!-- 1f3a:1 -->\nx\n"
    with pytest.raises(MalformedError, match="used twice"):
        decode(data, bytes)


def test_all_short_markers_taken_cost_no_search():
    taken = "".join(f"<!-- {number:04x}:" for number in range(1 << 16))
    message = Message("user", [{"type": "text", "text": f"{taken}\n{taken}"}] * 3)
    assert decode(encode(message).data, bytes) == message


def test_text_full_of_what_we_look_for_is_written_in_one_pass():
    text = "<!-- " * 300_000 + "\\" * 300_000 + '1e+5"' * 100_000 + "\x1a" * 100_000 + "\n"
    message = Message("user", [{"type": "text", "text": text}], metadata={"a": text})
    assert decode(encode(message).data, bytes) == message


@pytest.mark.parametrize("depth", [MAX_BLOCK_DEPTH - 2, MAX_BLOCK_DEPTH + 2, 900, 100_000])
def test_nesting_ends_in_an_error_of_ours_and_never_in_a_crash(depth):
    json = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    data = FRONT + b'blocks:\n- {"$json":1}\n---\n<!-- 1f3a:1 -->\n' + json + b"\n"
    if depth < MAX_BLOCK_DEPTH:
        read = decode(data, bytes)
        assert decode(encode(read).data, bytes) == read
    else:
        with pytest.raises(MalformedError):
            decode(data, bytes)
    survive(FRONT + b"x: " + json + b"\n---\n")
    survive(b"x: " + json + b"\n")


@settings(max_examples=300)
@given(st.binary(max_size=60), st.sampled_from([b"", b"---\n", FRONT, FRONT + b"metadata: ", FRONT + PART]))
def test_any_bytes_are_read_or_refused(data, start):
    survive(start + data)
    survive(start + data + b"\n---\n")
    assert merge_message(None, FRONT + b"---\nx\n", start + data)


PIECES = [
    "a",
    ": ",
    "- ",
    "\n",
    "  ",
    "[",
    "]",
    "{",
    "}",
    ",",
    '"',
    "'",
    "&x ",
    "*x",
    "!t ",
    "|",
    ">",
    "? ",
    "#",
    "%",
    "\\",
]
MORE = [
    "1",
    ".",
    "e",
    "_",
    "0x",
    "~",
    "<<",
    "2026-01-01",
    "\r",
    "\t",
    "\x85",
    "\u2028",
    "\ufeff",
    "---\n",
    "...\n",
    '{"$part":1}',
]


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(PIECES + MORE), max_size=20).map("".join))
def test_any_front_matter_is_read_or_refused_and_what_is_read_can_be_written(text):
    data = FRONT + text.encode() + b"\n---\nx\n"
    try:
        message = decode(data, bytes)
    except MalformedError:
        return
    encoded = encode(message).data
    assert decode(encoded, bytes) == message
    assert head(data).metadata == message.metadata
