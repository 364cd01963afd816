"""Where the next message goes: pages, runs, and folders that take more of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.placing import Entry, Stray, latest_stamp, message_files, place

START = datetime(2026, 1, 1, tzinfo=UTC)


class Tree:
    """A tree without objects: only its names matter here."""

    def __init__(self) -> None:
        self.root = Folder(lambda _: b"")
        self.said: list[str] = []

    def say(self, writer: str, role: str = "user") -> str:
        number = len(self.said)
        stamp = layout.later_stamp(START + timedelta(seconds=number), latest_stamp(self.root))
        folder = place(self.root, writer, stamp, opens=role == "user")
        path = f"{folder}/{layout.message_name(stamp, role, f'{number:08x}')}"
        self.root = self.root.put(f"messages/{path}", f"{number:040x}")
        self.said.append(path)
        return path

    @property
    def depth(self) -> int:
        return max(path.count("/") for path in self.said)


def in_path_order(root: Folder) -> list[str]:
    return [item.path for item in message_files(root.folder("messages")) if isinstance(item, Entry)]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(["aaaa", "bbbb"]), st.integers(1, 140)), max_size=5))
def test_path_order_is_the_order_in_which_things_were_said(turns: list[tuple[str, int]]) -> None:
    tree = Tree()
    for writer, count in turns:
        for _ in range(count):
            tree.say(writer)
    assert in_path_order(tree.root) == tree.said


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "PAGE_SIZE", 3)
    monkeypatch.setattr(layout, "FOLDER_SIZE", 4)


@pytest.mark.usefixtures("small")
def test_however_long_writers_alternate_folders_stay_small_and_shallow() -> None:
    tree = Tree()
    for number in range(400):
        tree.say("aaaa" if number % 2 else "bbbb")
    assert in_path_order(tree.root) == tree.said
    assert tree.depth <= 4
    assert max(len(folder) for folder in folders(tree.root.folder("messages/" + tree.said[-1].split("/")[0]))) <= 8
    assert len(tree.root.folder("messages")) <= 4 + 4 + 400 / 20 + 1


def folders(folder: Folder) -> list[Folder]:
    below = [item for item in folder.items.values() if isinstance(item, Folder)]
    return [folder, *(inner for item in below for inner in folders(item))]


@pytest.mark.usefixtures("small")
def test_one_writer_fills_page_after_page_of_one_run() -> None:
    tree = Tree()
    pages = [tree.say("aaaa", "assistant").split("/")[0][-4:] for _ in range(9)]
    assert pages == ["0000"] * 3 + ["0001"] * 3 + ["0002"] * 3


@pytest.mark.usefixtures("small")
def test_a_crowded_run_ends_with_an_exchange() -> None:
    tree = Tree()
    for _ in range(12):
        tree.say("aaaa", "assistant")
    answer = tree.say("aaaa", "assistant")
    assert answer.startswith(tree.said[0][:-40][:20])
    for _ in range(2):
        tree.say("aaaa", "assistant")
    question = tree.say("aaaa", "user")
    assert "-more/" in question
    assert in_path_order(tree.root) == tree.said


@pytest.mark.usefixtures("small")
def test_after_the_last_page_comes_a_new_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "LAST_PAGE", 0)
    tree = Tree()
    runs = {tree.say("aaaa", "assistant").split("/")[0] for _ in range(6)}
    assert len(runs) == 2
    assert all(run.endswith("-0000") for run in runs)


def test_what_is_not_named_as_a_message_is_a_stray_and_moves_no_clock() -> None:
    tree = Tree()
    tree.say("aaaa")
    latest = latest_stamp(tree.root)
    for path in ("messages/zzz/note.md", "messages/readme.md", f"messages/{tree.said[0].split('/')[0]}/notes.txt"):
        tree.root = tree.root.put(path, "f" * 40)
    strays = [item for item in message_files(tree.root.folder("messages")) if isinstance(item, Stray)]
    assert len(strays) == 3
    assert latest_stamp(tree.root) == latest
    tree.say("aaaa")
    assert in_path_order(tree.root) == tree.said
