from __future__ import annotations

import base64
import dataclasses
import hashlib
from datetime import UTC, datetime

import pytest
import yaml
from format_strategies import blocks, exactly, facts, headed, messages, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.format import handwritten
from claif_git.format.lines import scan
from claif_git.format.messages import attachment_paths, decode, encode, head, identity
from claif_git.format.values import unescape
from claif_git.model import Message, Origin

WHEN = datetime(2026, 11, 24, 21, 32, 5, 123456, tzinfo=UTC)


def none(path):
    raise AssertionError(f"no attachment expected, asked for {path}")


def back(message):
    encoded = encode(message)
    return decode(encoded.data, encoded.attachments.__getitem__)


def front_of(data):
    return data[4 : data.index(b"\n---\n", 3) + 1].decode()


def unescaped(value):
    if isinstance(value, dict):
        return {unescape(key): unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    return unescape(value) if isinstance(value, str) else value


@settings(max_examples=2000)
@given(messages(texts))
@example(Message("user", "", WHEN))
@example(Message("user", "\n---\n", WHEN))
@example(Message("user", "---\nrole: system\n---\n", WHEN))
@example(Message("user", "\ufeff\r\n\0\x1b[0m\x1a\x85\u2028\n\n", WHEN))
@example(Message("user", "\ud83d\ude00 \ude00\x1a\x1ad83d", WHEN))
@example(Message("user", "x" * 1_000_000, WHEN))
def test_any_text_comes_back_and_both_readers_agree(message):
    check(message)


@settings(max_examples=2000)
@given(messages(st.lists(blocks, max_size=3)))
@example(Message("assistant", [], WHEN))
@example(Message("assistant", [{"type": "text", "text": "\n" * 1_000_000 + "\ud83d"}], WHEN))
@example(Message("assistant", [{}, {"$part": 1}, {"$json": 1}, {"$attachment": "x"}, {"data": "\n"}], WHEN))
def test_any_blocks_come_back_and_both_readers_agree(message):
    check(message)


def check(message):
    encoded = encode(message)
    read = decode(encoded.data, encoded.attachments.__getitem__)
    assert facts(read) == facts(message)
    assert encode(read) == encoded
    check_readers(encoded.data, message)
    check_head(encoded, message)


def check_readers(data, message):
    front = front_of(data)
    scanned = scan(front)
    assert scanned is not None
    assert exactly(handwritten.read(front)) == exactly(scanned)
    plain = yaml.load(front, Loader=yaml.CSafeLoader)
    assert plain.pop("timestamp") == message.timestamp
    del scanned["timestamp"]
    assert exactly(unescaped(plain)) == exactly(scanned)


def check_head(encoded, message):
    short = head(encoded.data)
    for field in dataclasses.fields(short):
        assert exactly(str(getattr(short, field.name))) == exactly(str(getattr(message, field.name)))
    paths = attachment_paths(encoded.data)
    assert sorted(paths) == sorted(encoded.attachments)
    assert paths == sorted(paths, key=lambda path: encoded.data.index(path.encode()))


@settings(max_examples=300)
@given(headed(st.sampled_from(["x", "\ud83d", [], [{"type": "text", "text": "\ud83d\n"}]])))
def test_any_front_matter_comes_back_and_both_readers_agree(message):
    check(message)


@given(headed(texts))
def test_a_message_read_is_like_one_that_was_made(message):
    read = back(message)
    assert vars(read).keys() == vars(message).keys()
    assert {name: type(value) for name, value in vars(read).items()} == {
        name: type(value) for name, value in vars(message).items()
    }
    assert read == message


def test_a_message_file_looks_like_this():
    message = Message(
        "user", "Can you review this?", WHEN, {"file": "utils.py"}, 12, "msg_1", model="m", extra={"no": 1}
    )
    message.copied_from = "a/b.md"
    assert encode(message).data.decode() == (
        "---\n"
        "role: user\n"
        "timestamp: 2026-11-24T21:32:05.123456Z\n"
        'id: "msg_1"\n'
        "tokens: 12\n"
        'model: "m"\n'
        'metadata: {"file":"utils.py"}\n'
        'copied_from: "a/b.md"\n'
        '"no": 1\n'
        "---\n"
        "Can you review this?\n"
    )


def test_blocks_look_like_this():
    content = [{"type": "text", "text": "Look:\n```\n1\n```"}, {"type": "tool_use", "id": "t", "input": {"n": 1.5e300}}]
    data = encode(Message("assistant", content, WHEN)).data.decode()
    marker = data.split("<!-- ")[1][:4]
    assert data == (
        "---\n"
        "role: assistant\n"
        "timestamp: 2026-11-24T21:32:05.123456Z\n"
        "blocks:\n"
        '- {"type":"text","text":{"$part":1}}\n'
        '- {"type":"tool_use","id":"t","input":{"n":1.5e+300}}\n'
        "---\n"
        f"<!-- {marker}:1 -->\n"
        "Look:\n```\n1\n```\n"
    )


def test_lone_surrogates_are_marked():
    data = encode(Message("user", "a\ud83d\x1ab", WHEN)).data
    assert b"\nescaped: true\n---\na\x1ad83d\x1a001ab\n" in data
    assert b"escaped" not in encode(Message("user", "a\x1ab", WHEN)).data


def test_a_payload_becomes_an_attachment_wherever_it_stands():
    payload = bytes(range(256))
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": b64(payload)}}
    content = [image, {"type": "tool_result", "tool_use_id": "t", "content": [image, {"type": "text", "text": "ok"}]}]
    encoded = encode(Message("user", content, WHEN))
    (path,) = encoded.attachments
    assert path.startswith("attachments/40/40aff2e9d2d8922e47afd4648e6967497158785f")
    assert path.endswith(".png")
    assert encoded.attachments == {path: payload}
    assert attachment_paths(encoded.data) == [path]
    assert b64(payload).encode() not in encoded.data
    assert decode(encoded.data, encoded.attachments.__getitem__).content == content


def b64(payload):
    return base64.b64encode(payload).decode()


@pytest.mark.parametrize(
    "source",
    [
        {"type": "base64", "media_type": "image/png", "data": b64(b"short")},
        {"type": "base64", "media_type": "image/png", "data": b64(bytes(200)) + "\n"},
        {"type": "base64", "media_type": "image/png", "data": b64(bytes(200))[:-1] + "\u00e9"},
        {"type": "base64", "media_type": "image/png", "data": b64(bytes(200))[:-3] + "F=="},
        {"type": "url", "data": b64(bytes(200))},
    ],
)
def test_what_is_no_canonical_base64_worth_a_file_stays(source):
    message = Message("user", [{"type": "image", "source": source}], WHEN)
    assert not encode(message).attachments
    assert back(message) == message


@pytest.mark.parametrize(("media", "extension"), [("image/jpeg", "jpg"), ("a/b", "bin"), (None, "bin"), ([], "bin")])
def test_the_extension_comes_from_the_media_type(media, extension):
    source = {"type": "base64", "media_type": media, "data": b64(bytes(200))}
    (path,) = encode(Message("user", [{"type": "document", "source": source}], WHEN)).attachments
    assert path.endswith(f".{extension}")


def test_what_an_attachment_lacks_is_told_by_its_giver():
    encoded = encode(Message("user", [{"source": {"type": "base64", "data": b64(bytes(200))}}], WHEN))
    with pytest.raises(KeyError):
        decode(encoded.data, {}.__getitem__)


def test_an_attachment_is_read_once_however_often_it_is_named():
    source = {"type": "base64", "data": b64(bytes(200))}
    encoded = encode(Message("user", [{"a": source}, {"b": source}], WHEN))
    asked = []
    decode(encoded.data, lambda path: asked.append(path) or bytes(200))
    assert len(asked) == 1


@pytest.mark.parametrize("key", ["k" * 201, "\ud83d" * 150])
def test_a_block_with_a_long_key_stands_in_the_body_as_json(key):
    message = Message("user", [{"type": "tool_use", "input": {key: "\x85\n"}}, {"type": "text", "text": "x"}], WHEN)
    assert b'- {"$json":1}\n- {"type":"text","text":"x"}\n' in encode(message).data
    assert facts(back(message)) == facts(message)


def test_a_block_that_would_make_a_long_line_stands_in_the_body():
    message = Message("user", [{"type": "x", "rows": ["y"] * 10_000}], WHEN)
    assert len(front_of(encode(message).data)) < 200
    assert back(message) == message


@pytest.mark.parametrize("depth", [60, 66, 150])
def test_deeply_nested_blocks_come_back(depth):
    value = "x\n"
    for _ in range(depth):
        value = [value]
    message = Message("user", [{"type": "x", "y": value}], WHEN)
    assert back(message) == message


def test_a_marker_in_the_content_is_avoided():
    first = encode(Message("user", [{"type": "text", "text": "a\nb"}], WHEN)).data
    marker = first[first.index(b"<!-- ") :][:9].decode()
    message = Message("user", [{"type": "text", "text": f"{marker}:1 -->\n{marker}:2 -->\n"}], WHEN)
    assert back(message) == message
    every = "".join(f"<!-- {number:04x}:1 -->\n" for number in range(1 << 16))
    message = Message("user", [{"type": "text", "text": every}, {"type": "text", "text": "\n"}], WHEN)
    assert back(message) == message


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"k" * 201: 1}},
        {"metadata": {"a": {"\ud83d" * 150: 1}}},
        {"extra": {"k" * 201: 1}},
        {"extra": {"\x85" * 190: 1}},
        {"extra": {"role": "user"}},
        {"tokens": {"k" * 201: 1}},
    ],
)
def test_keys_that_yaml_cannot_hold_are_refused(change):
    with pytest.raises(InvalidInputError):
        encode(Message("user", "x", WHEN, **change))


@pytest.mark.parametrize("spoil", [float("nan"), float("inf"), {1, 2}, b"x", 10**4000])
def test_what_was_spoilt_after_it_was_made_is_refused(spoil):
    message = Message("user", [{"type": "x"}], WHEN)
    message.metadata["x"] = spoil
    with pytest.raises(InvalidInputError):
        encode(message)
    message.metadata, message.content[0]["x"] = {}, spoil
    with pytest.raises(InvalidInputError):
        encode(message)


@pytest.mark.parametrize("depth", [70, 5000])
def test_nesting_beyond_all_reason_is_refused(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    message = Message("user", [], WHEN)
    message.metadata = {"x": value}
    with pytest.raises(InvalidInputError):
        encode(message)
    message.metadata, message.content = {}, [{"x": [[value] for _ in range(2)]}]
    if depth > 200:
        with pytest.raises(InvalidInputError):
            encode(message)


def test_the_origin_is_passed_through():
    origin = Origin("a/b.md", "0" * 40, "1" * 40)
    assert decode(encode(Message("user", "x", WHEN)).data, none, origin=origin).origin is origin


def test_identity_is_the_id_where_there_is_one():
    one = Message("user", "x", WHEN, id="msg_1")
    assert identity(one) == identity(Message("assistant", "y", id="msg_1", metadata={"a": 1}))
    assert identity(one) == hashlib.sha256(b"msg_1").hexdigest()[:8]
    assert identity(one) != identity(Message("user", "x", WHEN))


def test_identity_is_else_of_role_time_and_content_only():
    one = Message("user", "x", WHEN)
    assert identity(one) == identity(Message("user", "x", WHEN, {"a": 1}, 7, model="m", copied_from="p"))
    others = [Message("system", "x", WHEN), Message("user", "y", WHEN), Message("user", "x", WHEN.replace(second=6))]
    others.append(Message("user", [{"type": "text", "text": "x"}], WHEN))
    assert identity(one) not in {identity(other) for other in others}
    assert identity(Message("user", [{"a": 1, "b": 2}], WHEN)) == identity(Message("user", [{"b": 2, "a": 1}], WHEN))


def test_identity_takes_surrogates_apart_from_what_they_would_be():
    lone, whole = Message("user", "\ud83d\ude00", WHEN), Message("user", "\U0001f600", WHEN)
    assert identity(lone) != identity(whole)
    assert len(identity(Message("user", "x", id="\ud83d"))) == 8
