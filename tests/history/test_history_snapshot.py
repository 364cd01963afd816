"""A session at a commit, whatever stands in its tree."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from claif_git.errors import InvalidInputError, MalformedError, StoreError
from claif_git.format.drops import Drop, encode_drop
from claif_git.format.header import SessionHeader
from claif_git.format.messages import encode
from claif_git.git.trees import Folder
from claif_git.history.change import Change
from claif_git.history.description import created_at, title_of
from claif_git.history.placing import Entry
from claif_git.history.replace import replace_messages
from claif_git.history.resetting import reset_to
from claif_git.history.snapshot import Snapshot, folder_at, updated_at
from claif_git.model import Message

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)
STAMP = "2026-05-05T12-00-0{}.000000"
PICTURE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGVs" * 2000}}


class Objects:
    """Objects in memory, as a repository would give them."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, data: bytes) -> str:
        oid = hashlib.sha1(b"%s %d\0%s" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()
        self.held[oid] = (kind, data)
        return oid

    def read(self, oid: str) -> tuple[str, bytes]:
        if oid not in self.held:
            raise StoreError(f"object {oid} is missing")
        return self.held[oid]

    def snapshot(self, files: dict[str, bytes], session: str = "s") -> Snapshot:
        root = Folder(lambda oid: self.read(oid)[1])
        for path, data in files.items():
            root = root.put(path, self.add("blob", data))
        return Snapshot(self, session, "c" * 40, folder_at(self, root.write(self.add)), NOON.timestamp())


def path_of(number: int, role: str = "user", hash8: str = "00000000", writer: str = "abcd") -> str:
    return f"{STAMP.format(0)}-{writer}-0000/{STAMP.format(number)}-{role}-{hash8}.md"


def said(text: str, **values: object) -> bytes:
    return encode(Message("user", text, NOON, **values)).data  # type: ignore[arg-type]


def dropped(*drop: str, keep: tuple[str, ...] = ()) -> bytes:
    return encode_drop(Drop(drop, keep))


def drop_path(number: int) -> str:
    return f"drops/{STAMP.format(number)}-abcd-{number:08}.yaml"


def shown(snapshot: Snapshot) -> list[str]:
    return [message.text if isinstance(message, Message) else "?" for message in snapshot.messages()]


def test_drops_apply_in_the_order_of_their_names() -> None:
    files = {f"messages/{path_of(number)}": said(str(number)) for number in range(4)}
    files[drop_path(1)] = dropped(path_of(0), path_of(1))
    files[drop_path(2)] = dropped(path_of(2), keep=(path_of(1),))
    snapshot = Objects().snapshot(files)
    assert shown(snapshot) == ["1", "3"]
    assert snapshot.problems == []


def test_what_breaks_the_format_is_named_and_the_rest_is_shown() -> None:
    objects = Objects()
    files = {
        f"messages/{path_of(1)}": said("fine"),
        f"messages/{path_of(2)}": b"rubbish",
        "messages/stray.txt": b"",
        "messages/folder/x.md": b"",
        f"messages/{STAMP.format(1)}-user-00000000.md": said("outside any page"),
        drop_path(1): b"drop: {not: a list}",
        "drops/notes.txt": b"",
        "sessions/s/session.yaml": b"format: x",
        "sessions/s/title.yaml": b"a: 1\nb: 2",
        "sessions/s/order.yaml": b'order: "backwards"',
        "sessions/s/metadata/x.yaml": b"[",
    }
    snapshot = objects.snapshot(files)
    assert shown(snapshot) == ["fine", "?"]
    (broken,) = [item for item in snapshot.messages() if isinstance(item, MalformedError)]
    assert (broken.session_id, broken.path, broken.line) == ("s", f"messages/{path_of(2)}", 1)
    assert sorted(problem.path for problem in snapshot.problems) == sorted(
        [
            "messages/stray.txt",
            "messages/folder",
            f"messages/{STAMP.format(1)}-user-00000000.md",
            drop_path(1),
            "sessions/s/session.yaml",
            "sessions/s/title.yaml",
            "sessions/s/metadata/x.yaml",
        ]
    )
    assert snapshot.settings.order == "path"
    with pytest.raises(MalformedError):
        snapshot.head(Entry(path_of(2), objects.add("blob", b"rubbish")))


def test_objects_of_another_kind_and_missing_ones_are_store_errors() -> None:
    objects = Objects()
    snapshot = objects.snapshot({f"messages/{path_of(1)}": said("x")})
    tree = objects.add("tree", b"")
    with pytest.raises(StoreError, match="not a blob"):
        snapshot.blob(tree)
    with pytest.raises(StoreError, match="not a tree"):
        _ = folder_at(objects, snapshot.files[0].blob).items
    with pytest.raises(StoreError, match="missing"):
        snapshot.message(Entry(path_of(1), "f" * 40))
    with pytest.raises(MalformedError, match="missing"):
        snapshot.attachment("attachments/00/00.png")


def test_two_files_of_one_id_are_one_message_the_first_in_path_order() -> None:
    files = {
        f"messages/{path_of(1, hash8='11111111')}": said("first", id="x"),
        f"messages/{path_of(2, hash8='11111111')}": said("twin", id="x"),
        f"messages/{path_of(3, hash8='11111111')}": said("another of the same hash", id="y"),
        f"messages/{path_of(4, hash8='11111111')}": b"rubbish",
        f"messages/{path_of(5, hash8='11111111')}": said("no id"),
    }
    snapshot = Objects().snapshot(files)
    assert shown(snapshot) == ["first", "another of the same hash", "?", "no id"]
    assert snapshot.twins == {path_of(2, hash8="11111111"): path_of(1, hash8="11111111")}
    assert snapshot.find_id("y", "11111111") == snapshot.files[2]
    assert snapshot.find_id("z", "11111111") is None
    assert snapshot.find_id("x", "22222222") is None


def test_a_branch_without_a_folder_of_its_own_is_described_by_what_it_holds() -> None:
    objects = Objects()
    files = {
        f"messages/{path_of(1, 'assistant')}": said("by the assistant"),
        f"messages/{path_of(2)}": b"rubbish",
        f"messages/{path_of(3)}": said("\n \n"),
        f"messages/{path_of(4)}": said("\n  First words \nmore"),
    }
    two = {**files, "sessions/a/title.yaml": b'title: "a"\n', "sessions/b/title.yaml": b'title: "b"\n'}
    for held in (files, two):
        snapshot = objects.snapshot(held)
        assert title_of(snapshot) == "First words"
        assert created_at(snapshot) == NOON + timedelta(seconds=1)
    one = objects.snapshot({**files, "sessions/a/title.yaml": b'title: "a"\n'})
    assert title_of(one) == "a"
    empty = objects.snapshot({"sessions/a/x": b"", "sessions/b/x": b""})
    assert (title_of(empty), created_at(empty)) == (None, NOON)
    assert empty.is_session
    assert not objects.snapshot({"readme": b""}).is_session


def test_a_session_changed_when_its_tip_was_made_to_within_a_second_when_it_was_said() -> None:
    objects = Objects()
    early = NOON - timedelta(days=1)
    for stamp, moment in (
        ("2026-05-05T12-00-00.500000", NOON + timedelta(seconds=0.5)),
        ("2026-05-05T12-00-01.000000", NOON),
        ("2026-05-05T11-59-59.000000", NOON),
        ("2099-05-05T12-00-00.000000", NOON),
    ):
        page = f"{STAMP.format(0)}-abcd-0000" if stamp.startswith("2026-05-05T12") else f"{stamp}-abcd-0000"
        snapshot = objects.snapshot({f"messages/{page}/{stamp}-user-00000000.md": b""})
        assert updated_at(snapshot, early) == moment
    assert updated_at(objects.snapshot({}), early) == NOON
    assert updated_at(objects.snapshot({}), NOON + timedelta(days=1)) == NOON + timedelta(days=1)


# Changes


def change_of(objects: Objects, snapshot: Snapshot) -> Change:
    return Change(snapshot, "wxyz", objects.add, NOON)


def test_a_first_setting_gives_a_branch_the_folder_that_it_lacks() -> None:
    objects = Objects()
    branched = change_of(objects, objects.snapshot({"sessions/a/title.yaml": b'title: "a"\n'}))
    branched.set_order("chronological")
    assert branched.root.file("sessions/s/title.yaml") == branched.root.file("sessions/a/title.yaml")
    alone = change_of(objects, objects.snapshot({"messages/x": b""}))
    alone.set_title("mine")
    header = alone.root.file("sessions/s/session.yaml")
    assert header is not None
    assert b"created_at: 2026-05-05T12:00:00.000000Z" in objects.read(header)[1]


def test_a_message_whose_path_would_grow_too_long_is_refused() -> None:
    objects = Objects()
    change = change_of(objects, objects.snapshot({}))
    with pytest.raises(InvalidInputError, match="too long"):
        change.rewrite("x" * 1000, Message("user", "x"))


def test_nothing_to_drop_makes_no_drop_file() -> None:
    objects = Objects()
    change = change_of(objects, objects.snapshot({}))
    change.drop([])
    assert change.root.oid is not None


def test_a_list_leaves_a_message_that_cannot_be_read_where_it_is() -> None:
    objects = Objects()
    snapshot = objects.snapshot({f"messages/{path_of(1)}": said("x"), f"messages/{path_of(2)}": b"rubbish"})
    readable = snapshot.message(snapshot.shown[0])
    ghost = Message("user", "edited", NOON, origin=readable.origin)
    assert ghost.origin is not None
    ghost.origin = type(ghost.origin)(path_of(2), snapshot.shown[1].blob, snapshot.commit)
    change = change_of(objects, snapshot)
    assert replace_messages(change, [readable, ghost], snapshot) == 0
    assert change.root.oid == snapshot.root.oid


def test_a_name_that_stands_for_another_message_is_not_taken_for_one() -> None:
    objects = Objects()
    message = Message("user", "new", NOON)
    from claif_git.format.messages import identity

    other = path_of(1, hash8=identity(message))
    broken = path_of(2, hash8=identity(message))
    snapshot = objects.snapshot({f"messages/{other}": said("of the same hash"), f"messages/{broken}": b"rubbish"})
    change = change_of(objects, snapshot)
    replace_messages(change, [snapshot.message(snapshot.shown[0]), message], snapshot)
    after = Snapshot(objects, "s", "d" * 40, folder_at(objects, change.root.write(objects.add)))
    assert shown(after) == ["of the same hash", "new"]


@pytest.mark.parametrize("mine_is_the_picture", [True, False])
def test_two_who_edit_one_message_both_keep_their_edit_and_a_picture_comes_along(*, mine_is_the_picture: bool) -> None:
    objects = Objects()
    first = change_of(objects, objects.snapshot({}))
    first.append(Message("user", "x", NOON))
    before = Snapshot(objects, "s", "a" * 40, folder_at(objects, first.root.write(objects.add)))
    mine = before.message(before.shown[0])
    edited = before.message(before.shown[0])
    with_picture, with_note = (mine, edited) if mine_is_the_picture else (edited, mine)
    with_picture.content = [PICTURE]
    with_note.metadata["note"] = 1
    theirs = change_of(objects, before)
    theirs.rewrite(before.shown[0].path, edited)
    now = Snapshot(objects, "s", "b" * 40, folder_at(objects, theirs.root.write(objects.add)))
    change = change_of(objects, now)
    replace_messages(change, [mine], before)
    after = Snapshot(objects, "s", "d" * 40, folder_at(objects, change.root.write(objects.add)))
    read = after.message(after.shown[0])
    assert (read.content, read.metadata) == ([PICTURE], {"note": 1})


def test_a_reset_brings_words_order_settings_and_pictures_back() -> None:
    objects = Objects()
    start = change_of(objects, objects.snapshot({}))
    start.start(SessionHeader(NOON), "then", {"a": 1}, "chronological")
    start.append(Message("user", [PICTURE], NOON))
    then = Snapshot(objects, "s", "a" * 40, folder_at(objects, start.root.write(objects.add)))
    without = {path: objects.read(leaf.oid)[1] for path, leaf in then.root.walk() if not path.startswith("attachments")}
    without[f"messages/{then.shown[0].path}"] = said("edited")
    without["sessions/s/order.yaml"] = b'order: "path"\n'
    now = objects.snapshot(without)
    change = change_of(objects, now)
    reset_to(change, then)
    after = Snapshot(objects, "s", "d" * 40, folder_at(objects, change.root.write(objects.add)))
    assert after.message(after.shown[0]).content == [PICTURE]
    assert after.settings == then.settings
