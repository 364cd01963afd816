"""What commits say: who spoke, when, and what it was, in one printable line."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.people import git
from support.talks import talk

from claif_git import Message, SessionManager
from claif_git.errors import ConcurrentUpdateError, NotFoundError, StoreError
from claif_git.git import Repository
from claif_git.git.turns import Turn
from claif_git.history.commits import Signature, author_of, one_line, subject_of
from claif_git.history.store_branch import StoreBranch, format_of, tombstone_tip
from claif_git.history.transact import TRIES, transact

ADA = Signature("Ada", "ada@example.org")
ANY = st.text(st.characters(codec=None), max_size=200)
NOON = datetime(2026, 5, 5, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


@given(ANY)
def test_a_subject_is_one_printable_line_of_bounded_width(text: str) -> None:
    subject = subject_of(Message("user", text))
    assert subject.startswith("user: ")
    assert len(subject) <= 66
    assert not [char for char in subject if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert len(subject.splitlines()) == 1


@given(ANY)
def test_a_signature_is_always_one_that_git_takes(text: str) -> None:
    signature = Signature.parse(text)
    assert signature.name
    assert signature.mail
    assert not set(signature.name + signature.mail) & set("<>\n\0")
    assert Signature.parse(str(signature)) == signature


@pytest.mark.parametrize(
    ("content", "subject"),
    [
        ("\n\n  Hello \t there\x1b[31m\r\nmore", "user: Hello there [31m"),
        ("", "user: (empty)"),
        ("\x00\x01", "user: (empty)"),
        ([], "user: (empty)"),
        ([{"type": "tool_use", "id": "t", "name": "ls", "input": {}}, {"type": "image"}], "user: tool_use ls, image"),
        ([{"type": "text", "text": "in a block"}], "user: in a block"),
        ([{"type": 3, "name": ["x"]}, {}], "user: 3 ['x'], ?"),
        ("x" * 500, "user: " + "x" * 59 + "…"),
    ],
)
def test_a_subject_says_what_comes_first(content: object, subject: str) -> None:
    assert subject_of(Message("user", content)) == subject  # type: ignore[arg-type]


def test_an_author_is_the_model_the_user_named_or_whoever_runs_this() -> None:
    assert str(author_of(Message("assistant", "x", model="claude-x"), ADA)) == "claude-x <claude-x@invalid>"
    assert str(author_of(Message("assistant", "x", model="a <b>\n"), ADA)) == "a b <a-b@invalid>"
    assert str(author_of(Message("assistant", "x", metadata={"user": "eve"}), ADA)) == "assistant <assistant@invalid>"
    assert author_of(Message("user", "x"), ADA) == ADA
    assert str(author_of(Message("user", "x", metadata={"user": "eve"}), ADA)) == "eve <eve@invalid>"
    assert str(author_of(Message("user", "x", metadata={"user": "E <e@x.org>"}), ADA)) == "E <e@x.org>"
    for odd in (3, "", "<>", "\n"):
        assert author_of(Message("user", "x", metadata={"user": odd}), ADA) == ADA


def test_a_turns_commit_bears_the_messages_time_and_ours(manager: SessionManager) -> None:
    session = manager.create_session("T")
    manager.add_message(session, Message("user", "Hello", NOON))
    manager.add_message(session, Message("assistant", "Hi", datetime(1970, 1, 1, tzinfo=UTC), model="claude-x"))
    manager.add_message(session, Message("user", "x", datetime(9989, 12, 31, tzinfo=UTC)), author="Eve <eve@x.org>")
    rows = git(manager.path, "log", "--format=%s|%an <%ae>|%cn|%at|%ct", session).splitlines()
    assert [row.split("|")[:3] for row in rows] == [
        ["user: x", "Eve <eve@x.org>", "Ada"],
        ["assistant: Hi", "claude-x <claude-x@invalid>", "Ada"],
        ["user: Hello", "Ada <ada@example.org>", "Ada"],
        ["session: T", "Ada <ada@example.org>", "Ada"],
    ]
    moments = [datetime.fromtimestamp(int(row.split("|")[3]), UTC) for row in rows[:3]]
    assert moments == [
        datetime(9989, 12, 31, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        NOON.replace(microsecond=0),
    ]
    now = datetime.now(UTC).timestamp()
    assert all(abs(int(row.split("|")[4]) - now) < 600 for row in rows)
    git(manager.path, "fsck", "--strict")


def test_other_changes_say_what_they_did(manager: SessionManager) -> None:
    session = talk(manager, "0", "1")
    manager.update_title(session, "A\nnew title")
    manager.update_title(session, None)
    manager.update_metadata(session, {"b": 1, "a\nA": 2})
    manager.update_message_metadata(session, -1, {"x": 1})
    manager.update_session_messages(session, manager.get_messages(session)[1:])
    manager.update_session_messages(session, [*manager.get_messages(session), Message("user", "x")])
    branch = manager.branch_session(session, 0, "B\x07")
    assert git(manager.path, "log", "--format=%s", branch).splitlines()[0] == "branch: B"
    assert git(manager.path, "log", "--format=%s", session).splitlines()[:6] == [
        "messages: replaced",
        "drop: 1 message",
        "message 1: x",
        "session: a A, b",
        "session: no title",
        "session: title: A new title",
    ]


def test_one_line_of_nothing_is_nothing() -> None:
    assert one_line("\x00 \u2028") == ""


# Moving refs


def test_a_ref_that_others_keep_moving_is_given_up_and_nothing_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repository.init(tmp_path / "repo")
    tries = []

    def act(tip: str | None, _: object) -> str:
        tries.append(tip)
        return git_commit(tmp_path / "repo", str(len(tries)))

    with monkeypatch.context() as patch:
        patch.setattr(Turn, "publish", lambda *_args: False)
        with pytest.raises(ConcurrentUpdateError):
            transact(repo, "refs/heads/x", act)
    assert len(tries) == TRIES
    assert transact(repo, "refs/heads/x", act)[1]
    assert transact(repo, "refs/heads/x", lambda tip, _: tip) == (repo.ref("refs/heads/x"), False)
    repo.close()


def git_commit(path: Path, words: str) -> str:
    return git(path, "commit-tree", git(path, "mktree"), "-m", words)


# The store's own branch


def test_files_of_the_stores_branch_come_and_go(tmp_path: Path) -> None:
    repo = Repository.init(tmp_path / "repo")
    branch = StoreBranch(repo, "refs/heads/")
    with pytest.raises(StoreError, match="claif-store"):
        branch.read("x")
    with pytest.raises(NotFoundError):
        branch.write({"x": b"1"}, "x", ADA, NOON)
    branch.ensure()
    branch.write({"templates/a": b"1", "templates/b": b"2"}, "two", ADA, NOON)
    assert branch.files("templates") == {"a": b"1", "b": b"2"}
    tip = repo.ref(branch.ref)
    branch.write({"templates/a": b"1"}, "the same", ADA, NOON)
    assert repo.ref(branch.ref) == tip
    branch.write({"templates/a": None, "templates/c": None}, "gone", ADA, NOON)
    assert branch.files("templates") == {"b": b"2"}
    assert branch.read("templates/a") is None
    branch.ensure()
    repo.close()


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (None, 1),
        (b"", 1),
        (b"format: 1\n", 1),
        (b"# x\nformat: 7\n", 7),
        (b"format: x\n", None),
        (b"format: 1e9\n", None),
    ],
)
def test_a_format_is_a_number(data: bytes | None, version: int | None) -> None:
    assert format_of(data) == version


def test_a_tombstone_names_a_tip_or_none() -> None:
    assert tombstone_tip(b'deleted_at: x\ntip: "' + b"a" * 40 + b'"\n') == "a" * 40
    assert tombstone_tip(b"tip: null\n") is None
