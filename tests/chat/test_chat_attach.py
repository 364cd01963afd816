from __future__ import annotations

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.chat import attach, take_turn
from claif_git.chat.attach import MAX_IMAGE, MAX_TEXT, MAX_TOTAL
from claif_git.errors import InvalidInputError, NotFoundError

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def written(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_text_file_is_a_text_block_with_its_name(tmp_path):
    path = written(tmp_path, "utils.py", b"x = 1\n")
    assert attach([path]) == [{"type": "text", "text": "utils.py:\n\n```py\nx = 1\n```"}]


def test_a_fence_is_longer_than_any_in_the_text(tmp_path):
    path = written(tmp_path, "README", b"````\ncode\n````")
    assert attach([str(path)])[0]["text"] == "README:\n\n`````\n````\ncode\n````\n`````"


@pytest.mark.parametrize("data", ["ä\n".encode("utf-8-sig"), "ä\n".encode("utf-16")])
def test_byte_order_marks_are_understood_and_not_sent(tmp_path, data):
    assert attach([written(tmp_path, "a.txt", data)])[0]["text"] == "a.txt:\n\n```txt\nä\n```"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0x", "image/jpeg"),
        (b"GIF89a..", "image/gif"),
        (b"RIFF\n\n\n\nWEBPVP8 ", "image/webp"),
    ],
)
def test_an_image_is_known_by_its_first_bytes_whatever_its_name(tmp_path, data, kind):
    source = {"type": "base64", "media_type": kind, "data": base64.b64encode(data).decode()}
    assert attach([written(tmp_path, "picture.txt", data)]) == [{"type": "image", "source": source}]


def test_a_pdf_is_a_document_with_its_name(tmp_path):
    block = attach([written(tmp_path, "paper.pdf", b"%PDF-1.7 ...")])[0]
    assert (block["type"], block["title"], block["source"]["media_type"]) == (
        "document",
        "paper.pdf",
        "application/pdf",
    )


def test_files_stay_in_order(tmp_path):
    paths = [written(tmp_path, name, name.encode()) for name in ("b", "a", "c")]
    assert [block["text"][0] for block in attach(paths)] == ["b", "a", "c"]


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match=r"no file '.*gone'"):
        attach([tmp_path / "gone"])


def test_folders_and_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(InvalidInputError, match="not a file"):
            attach([path])


def test_a_path_that_cannot_be_is_refused():
    with pytest.raises(InvalidInputError, match="cannot be read"):
        attach(["a\0b"])


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = written(tmp_path, "secret", b"x")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(InvalidInputError, match="secret: cannot be read: Permission denied"):
        attach([path])


@pytest.mark.parametrize("data", [b"\x00\x01\x02", b"caf\xe9", b"PK\x03\x04\x00"])
def test_other_kinds_of_files_are_refused(tmp_path, data):
    with pytest.raises(InvalidInputError, match="neither text nor an image"):
        attach([written(tmp_path, "thing", data)])


def test_empty_files_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="empty"):
        attach([written(tmp_path, "nothing", b"")])


def test_what_the_api_would_not_take_is_refused_here(tmp_path):
    image = written(tmp_path, "large.png", PNG + bytes(MAX_IMAGE * 3 // 4))
    text = written(tmp_path, "large.txt", b"x" * (MAX_TEXT + 1))
    huge = written(tmp_path, "huge.pdf", b"%PDF-")
    os.truncate(huge, MAX_TOTAL + 1)
    for path, reason in (
        (image, "an image of more than 3.75 MiB"),
        (text, "a text of more than 2 MiB"),
        (huge, "larger"),
    ):
        with pytest.raises(InvalidInputError, match=f"{path.name}: {reason}"):
            attach([path])


def test_many_files_are_refused_that_are_too_much_together(tmp_path):
    half = written(tmp_path, "half.pdf", b"%PDF-")
    os.truncate(half, MAX_TOTAL // 2)
    with pytest.raises(InvalidInputError, match="more than 32 MiB together"):
        attach([half, half])


@given(st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_text_stands_whole_between_its_fences(tmp_path_factory, text):
    shown = attach([written(tmp_path_factory.mktemp("t"), "a", text.encode())])[0]["text"]
    head, _, rest = shown.removeprefix("a:\n\n").partition("\n")
    body = rest.removesuffix(head)
    assert body.removesuffix("\n") == text.removeprefix("\ufeff").removesuffix("\n")
    assert head.startswith("```")
    assert head not in text


def test_the_api_takes_what_is_attached(tmp_path, api, sessions, client):
    paths = [
        written(tmp_path, "a.png", PNG),
        written(tmp_path, "b.pdf", b"%PDF-1.7"),
        written(tmp_path, "c.py", b"x\n"),
    ]
    session = sessions.create_session()
    turn = take_turn(sessions, session, [*attach(paths), {"type": "text", "text": "What is this?"}], client=client)
    assert turn.notes == []
    assert [block["type"] for block in api.requests[0]["messages"][0]["content"]] == [
        "image",
        "document",
        "text",
        "text",
    ]
