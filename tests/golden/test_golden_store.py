"""A store that an earlier version wrote is read by every later one, message for message: fixtures/make_golden.py."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from claif_git import Message, SessionManager
from claif_git.errors import MalformedError

FIXTURES = Path(__file__).parents[2] / "fixtures"
BUNDLE, READING = FIXTURES / "golden-format-1.bundle", FIXTURES / "golden-format-1.json"
EXPECTED: dict[str, Any] = json.loads(READING.read_text(encoding="ascii"))


def load_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fixtures_make_golden", FIXTURES / "make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


maker = load_maker()


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    git(tmp_path, "clone", "--quiet", "--mirror", str(BUNDLE), "store")
    return tmp_path / "store"


@pytest.fixture
def manager(store: Path) -> Iterator[SessionManager]:
    with SessionManager(store, durability="relaxed") as opened:
        yield opened


@pytest.mark.parametrize("session_id", EXPECTED["sessions"])
def test_a_session_reads_as_it_did_when_it_was_written(session_id: str, manager: SessionManager) -> None:
    found = maker.reading(manager)["sessions"][session_id]
    assert found == EXPECTED["sessions"][session_id]
    assert list(found["metadata"]) == list(EXPECTED["sessions"][session_id]["metadata"])


def test_the_whole_store_reads_as_it_did_to_the_order_of_every_key(manager: SessionManager) -> None:
    assert maker.as_text(maker.reading(manager)) == READING.read_text(encoding="ascii")


def test_it_holds_one_of_everything_that_the_format_knows(store: Path) -> None:
    paths = set(git(store, "log", "--all", "-m", "--format=", "--name-only").splitlines())
    for part in ("-more/", "drops/", "attachments/", "metadata/", "order.yaml", "templates/", "tombstones/"):
        assert any(part in path for path in paths), part
    assert any(len(path.rpartition("/")[2].split("-user-")[0]) > 26 for path in paths if "-user-" in path)
    texts = git(store, "grep", "-a", "-h", "-e", "^escaped: true", "-e", "[$]json", "-e", "^copied_from", *tips(store))
    for key in ("escaped: true", "$json", "copied_from"):
        assert key in texts
    parents = git(store, "log", "--all", "--format=%P").splitlines()
    assert any(" " in line for line in parents)


def tips(store: Path) -> list[str]:
    return git(store, "for-each-ref", "--format=%(refname)", "refs/heads").split()


def test_path_order_is_conversation_order(store: Path) -> None:
    for session_id, said in EXPECTED["sessions"].items():
        listed = git(store, "ls-tree", "-r", "--name-only", session_id, "messages/").splitlines()
        shown = [f"messages/{message['path']}" for message in said["messages"]]
        if said["order"] == "path":
            assert shown == [path for path in listed if path in set(shown)]


def test_a_damaged_file_is_named_and_nothing_else_is_lost(manager: SessionManager) -> None:
    broken = manager.get_session("made-by-hand")
    with pytest.raises(MalformedError, match="role is system, user or assistant"):
        _ = broken.messages
    assert len(broken.readable) == broken.message_count - 1


@pytest.mark.parametrize("session_id", EXPECTED["sessions"])
def test_it_is_written_on_without_a_change_to_what_was_there(session_id: str, manager: SessionManager) -> None:
    before = [message for _, message in manager.get_session(session_id).readable]
    manager.add_message(session_id, Message("user", "Written by a later version."))  # type: ignore[arg-type]
    after = [message for _, message in manager.get_session(session_id).readable]
    assert after[:-1] == before or manager.get_session(session_id).order == "chronological"
    assert {message.text for message in after} >= {message.text for message in before}
    assert len(after) == len(before) + 1


def test_a_deleted_session_left_its_tombstone(store: Path) -> None:
    names = git(store, "ls-tree", "-r", "--name-only", "claif-store", "tombstones/").splitlines()
    assert [name.startswith("tombstones/deleted-") for name in names] == [True]


def test_git_finds_nothing_wrong_with_it(store: Path) -> None:
    git(store, "fsck", "--strict")


def test_the_golden_files_are_never_made_anew(capsys: pytest.CaptureFixture[str]) -> None:
    before = BUNDLE.read_bytes()
    assert maker.main() == 1
    assert "never made anew" in capsys.readouterr().err
    assert BUNDLE.read_bytes() == before
