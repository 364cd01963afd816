from __future__ import annotations

import base64
import copy
from datetime import UTC, datetime, timedelta

import pytest
from format_strategies import exactly, facts
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.format.merging import Conflict, Merged, merge_message, merge_setting
from claif_git.format.messages import attachment_paths, decode, decode_kept, encode
from claif_git.format.settings import encode_setting
from claif_git.model import Message

WHEN = datetime(2026, 11, 24, 21, 32, 5, tzinfo=UTC)
IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": base64.b64encode(bytes(300)).decode()},
}
CONTENTS = [
    "a",
    "b",
    "\ud83d",
    [],
    [{"type": "text", "text": "x\ny"}],
    [{"type": "text", "text": "z\n"}, IMAGE],
    [IMAGE],
]
VALUES = [1, 1.0, True, 0, False, None, "x", -0.0, 0.0, {"a": 1, "b": 2}, {"b": 2, "a": 1}, [1], [1.0], {}, []]
some = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(VALUES), max_size=3)
messages = st.builds(
    Message,
    st.sampled_from(["user", "assistant"]),
    st.sampled_from(CONTENTS),
    st.sampled_from([WHEN, WHEN + timedelta(days=1)]),
    some,
    st.sampled_from([None, 1, 2, {"input_tokens": 1}]),
    st.sampled_from([None, "i", "j"]),
    model=st.sampled_from([None, "m", "n"]),
    copied_from=st.sampled_from([None, "p/q.md"]),
    extra=some,
)


def data_of(message):
    return encode(message).data


def edited(**changes):
    message = Message("user", "hi", WHEN, {"a": 1}, 1, "i", extra={"x": 1})
    for name, value in changes.items():
        setattr(message, name, value)
    return message


@settings(max_examples=250)
@given(st.one_of(st.none(), messages), messages, messages)
def test_without_a_conflict_it_does_not_matter_who_is_first(base, ours, theirs):
    sides = [data_of(side) for side in (ours, theirs)]
    before = data_of(base) if base else None
    one, other = merge_message(before, *sides), merge_message(before, *reversed(sides))
    assert sorted(c.key for c in one.conflicts) == sorted(c.key for c in other.conflicts)
    if not one.conflicts:
        assert one.data == other.data
    assert [exactly([c.ours, c.theirs]) for c in one.conflicts] == [
        exactly([c.theirs, c.ours]) for c in other.conflicts
    ]


@settings(max_examples=150)
@given(messages, messages)
def test_a_side_that_changed_nothing_gives_way_byte_for_byte(base, ours):
    before, mine = data_of(base), data_of(ours)
    assert merge_message(before, mine, before) == Merged(mine)
    assert merge_message(before, before, mine) == Merged(mine)
    assert merge_message(before, mine, mine) == Merged(mine)
    assert merge_message(None, mine, mine) == Merged(mine)


@settings(max_examples=150)
@given(messages, messages, st.sampled_from(["role", "content", "timestamp", "tokens", "id", "model"]))
def test_edits_of_different_keys_both_arrive(base, other, name):
    ours, theirs = copy.deepcopy(base), copy.deepcopy(base)
    setattr(ours, name, getattr(other, name))
    theirs.metadata, theirs.extra = other.metadata, other.extra
    expected = copy.deepcopy(ours)
    expected.metadata, expected.extra = other.metadata, other.extra
    merged = merge_message(data_of(base), data_of(ours), data_of(theirs))
    assert merged.conflicts == []
    payloads = {**encode(base).attachments, **encode(other).attachments}
    read = decode(merged.data, payloads.__getitem__)
    assert exactly(read.content) == exactly(expected.content)
    assert exactly(sorted(read.metadata)) == exactly(sorted(expected.metadata))
    assert all(exactly(read.metadata[key]) == exactly(value) for key, value in expected.metadata.items())
    assert (read.role, read.timestamp, read.id) == (expected.role, expected.timestamp, expected.id)


def test_metadata_is_merged_key_by_key():
    base = data_of(edited(metadata={"a": 1, "b": 1, "c": 1}))
    ours, theirs = (
        data_of(edited(metadata={"a": 2, "b": 1, "y": 1})),
        data_of(edited(metadata={"a": 1, "c": 1, "x": 1})),
    )
    merged = merge_message(base, ours, theirs)
    assert merged.conflicts == []
    assert exactly(decode_kept(merged.data).metadata) == exactly({"a": 2, "x": 1, "y": 1})


def test_where_both_changed_the_same_key_ours_stands_and_both_are_named():
    base, ours = edited(), edited(content="mine", metadata={"a": 2}, tokens=None, extra={"x": 2})
    theirs = edited(content="yours", metadata={}, tokens=3, extra={"x": [1]}, model="m")
    merged = merge_message(data_of(base), data_of(ours), data_of(theirs))
    ours.model = "m"
    assert facts(decode_kept(merged.data)) == facts(ours)
    assert merged.conflicts == [
        Conflict("tokens", None, 3),
        Conflict("content", "mine", "yours"),
        Conflict("metadata.a", 2, None),
        Conflict("x", 2, [1]),
    ]


def test_a_conflict_is_told_in_plain_data():
    base, ours, theirs = edited(), edited(role="system", timestamp=WHEN), edited(role="assistant")
    base.timestamp, theirs.timestamp = WHEN + timedelta(1), WHEN + timedelta(2)
    assert merge_message(*map(data_of, (base, ours, theirs))).conflicts == [
        Conflict("role", "system", "assistant"),
        Conflict("timestamp", "2026-11-24T21:32:05.000000Z", "2026-11-26T21:32:05.000000Z"),
    ]


def test_both_adding_the_same_file_keeps_what_either_says():
    merged = merge_message(None, data_of(edited(model="m")), data_of(edited(copied_from="p")))
    assert merged.conflicts == []
    assert facts(decode_kept(merged.data)) == facts(edited(model="m", copied_from="p"))


def test_one_is_not_one_point_nought_nor_true():
    sides = [data_of(edited(metadata={"a": value})) for value in (1, 1.0, True)]
    (conflict,) = merge_message(*sides).conflicts
    assert exactly(conflict) == exactly(["metadata.a", 1.0, True])


def test_attachments_stay_where_they_are():
    base = edited(content=[IMAGE])
    ours, theirs = edited(content=[IMAGE], tokens=7), edited(content=[IMAGE, {"type": "text", "text": "x"}])
    merged = merge_message(*map(data_of, (base, ours, theirs)))
    assert attachment_paths(merged.data) == list(encode(base).attachments)
    read = decode(merged.data, encode(base).attachments.__getitem__)
    assert facts(read) == facts(edited(content=theirs.content, tokens=7))


def test_attachments_by_hand_stay_references_wherever_they_stand():
    path = f"attachments/ab/ab{'0' * 62}.png"
    base = data_of(edited()).replace(b"---\nhi\n", f'blocks: [{{a: {{"$attachment": {path}}}}}]\n---\n'.encode())
    merged = merge_message(base, base.replace(b"tokens: 1", b"tokens: 5"), base.replace(b"role: user", b"role: system"))
    assert merged.conflicts == []
    assert attachment_paths(merged.data) == [path]


def test_a_block_that_cannot_be_written_again_without_its_attachment_leaves_ours_standing():
    path = f"attachments/ab/ab{'0' * 62}.png"
    rows = ", ".join(["x"] * 10_000)
    blocks = f'blocks: [{{a: {{"$attachment": {path}}}, rows: [{rows}]}}]\n---\n'
    base = data_of(edited()).replace(b"---\nhi\n", blocks.encode())
    ours, theirs = base.replace(b"tokens: 1", b"tokens: 5"), base.replace(b"role: user", b"role: system")
    assert merge_message(base, ours, theirs) == Merged(ours, [Conflict("file", ours.decode(), theirs.decode())])


def test_a_side_that_is_malformed_leaves_ours_standing():
    base, good, bad = data_of(edited()), data_of(edited(tokens=2)), b"---\nrole: \xff\n---\n"
    assert merge_message(base, good, bad) == Merged(good, [Conflict("file", good.decode(), "---\nrole: \ufffd\n---\n")])
    assert merge_message(base, bad, good) == Merged(bad, [Conflict("file", "---\nrole: \ufffd\n---\n", good.decode())])
    assert merge_message(base, bad, base) == Merged(bad)


def test_a_malformed_base_is_as_good_as_none():
    sides = (data_of(edited(tokens=2)), data_of(edited(tokens=3)))
    assert merge_message(b"nothing", *sides) == merge_message(None, *sides)
    assert merge_setting(b"- a", b"a: 1\n", b"a: 2\n") == merge_setting(None, b"a: 1\n", b"a: 2\n")


def test_edits_by_hand_are_merged_like_any():
    base = data_of(edited())
    ours = base.replace(b'metadata: {"a":1}', b"metadata:\n  a: 1\n  by: hand")
    theirs = base.replace(b"hi\n", b"hi there\n")
    merged = merge_message(base, ours, theirs)
    assert merged == merge_message(base, theirs, ours)
    assert facts(decode_kept(merged.data)) == facts(edited(content="hi there", metadata={"a": 1, "by": "hand"}))


def test_the_same_edit_in_other_words_is_no_conflict():
    base = data_of(edited())
    ours, theirs = base.replace(b"tokens: 1", b"tokens: 5"), base.replace(b"tokens: 1", b"tokens:   5")
    assert merge_message(base, ours, theirs) == merge_message(base, theirs, ours) == Merged(data_of(edited(tokens=5)))


def test_settings_are_one_unit():
    base, ours, theirs = (encode_setting("title", title) for title in ("a", "b", "c"))
    assert merge_setting(base, ours, base) == Merged(ours)
    assert merge_setting(base, base, theirs) == Merged(theirs)
    assert merge_setting(base, ours, theirs) == Merged(ours, [Conflict("title", "b", "c")])
    assert merge_setting(base, b"title: c\n", theirs) == Merged(theirs)
    assert merge_setting(None, ours, encode_setting("title", None)).conflicts == [Conflict("title", "b", None)]


@pytest.mark.parametrize("theirs", [b"other: 1\n", b"- a\n"])
def test_settings_that_do_not_match_leave_ours_standing(theirs):
    ours = encode_setting("title", "b")
    assert merge_setting(b"title: x\n", ours, theirs) == Merged(
        ours, [Conflict("file", ours.decode(), theirs.decode())]
    )


@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(VALUES))
def test_settings_merge_alike_from_both_sides(base, ours, theirs):
    before, mine, other = (encode_setting("k", value) for value in (base, ours, theirs))
    one, two = merge_setting(before, mine, other), merge_setting(before, other, mine)
    assert bool(one.conflicts) == bool(two.conflicts)
    assert one.conflicts or one.data == two.data
