"""docs/format.md is the contract: its example files are what the code writes, its names and numbers the code's own."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from support.documents import ROOT

from claif_git import Message
from claif_git.format import layout
from claif_git.format.drops import Drop, decode_drop, encode_drop
from claif_git.format.header import SessionHeader, decode_header, encode_header
from claif_git.format.messages import KEYS, decode, encode
from claif_git.format.settings import decode_setting, encode_setting, metadata_file

PAGE = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^<!-- file: (\w+) -->\n```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
WHEN = datetime(2026, 11, 24, 21, 32, 5, 123456, tzinfo=UTC)
PICTURE = base64.b64encode(bytes(range(120))).decode()
MESSAGES = {
    "message": Message("user", "Can you review this Python function?", WHEN, {"file": "utils.py"}, 12),
    "blocks": Message(
        "assistant",
        [
            {"type": "text", "text": "Here is the plan:\n\n1. read it\n2. run it"},
            {"type": "tool_use", "id": "toolu_1", "name": "bash", "input": {"command": "ls"}},
        ],
        WHEN + timedelta(seconds=4),
        tokens={"input_tokens": 12, "output_tokens": 40},
        model="claude-sonnet-5-5",
        id="msg_01AbC",
    ),
    "attachment": Message(
        "user",
        [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "content": [
                    {"type": "text", "text": "a.py\nb.py"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
                ],
            }
        ],
        WHEN + timedelta(seconds=5),
    ),
    "escaped": Message("user", "half \ud83d of a pair", WHEN),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_the_example_of_a_message_is_what_is_written_and_reads_back(name: str) -> None:
    shown = FILES[name].replace("␚", "\x1a").encode()
    written = encode(MESSAGES[name])
    assert written.data == shown
    assert decode(shown, written.attachments.__getitem__) == MESSAGES[name]


def test_the_other_examples_are_what_is_written() -> None:
    header = SessionHeader(WHEN, "coding", {"temperature": 0.2})
    assert encode_header(header).decode() == FILES["session"]
    assert decode_header(FILES["session"].encode()) == header
    assert encode_setting("title", "Debug").decode() == FILES["title"]
    assert decode_setting(FILES["title"].encode()) == ("title", "Debug")
    drop = decode_drop(FILES["drop"].encode())
    assert encode_drop(drop).decode() == FILES["drop"]
    assert drop == Drop(("2026-11-24T21-32-05.123456-k3xq-0000/2026-11-24T21-32-09.123456-assistant-22aa90ef.md",))
    assert set(FILES) == {*MESSAGES, "session", "title", "drop"}


def test_the_names_in_it_are_names() -> None:
    names = re.findall(r"\b\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{6,}-[\w.-]+", PAGE)
    assert len(names) >= 6
    for name in names:
        parsed = layout.parse_message_name(name) or layout.parse_run_name(name) or layout.drop_stamp(name)
        assert parsed, name
    assert f"metadata/{metadata_file('project')}" in PAGE


def test_its_table_lists_the_keys_of_the_front_matter_in_their_order() -> None:
    table = PAGE[PAGE.index("| key | value | when |") : PAGE.index("They stand in this order")]
    assert tuple(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == KEYS


def test_its_numbers_are_the_codes() -> None:
    assert (layout.PAGE_SIZE, layout.FOLDER_SIZE, layout.LAST_PAGE, layout.FORMAT) == (128, 128, 9999, 1)
    assert layout.ATTRIBUTES == b"* -text\n"
    for said in ("at most 128 messages", "`messages/` takes 128 runs", "After page 9999", "version 1"):
        assert said in PAGE
